/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "netem.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "netlink.h"
#include "require.h"

/* Packets on their way: none is lost for want of room. */
#define LIMIT 10000

int netem_set_here(const char *device, const struct netem *netem)
{
	struct netlink_message message;
	struct nlattr *options;
	struct tcmsg where = {.tcm_ifindex = (int)if_nametoindex(device), .tcm_parent = TC_H_ROOT};
	/* Its times are of the kernel's own unit: the attributes behind it have nanoseconds. */
	struct tc_netem_qopt classic = {.limit = LIMIT,
					.loss = (uint32_t)(UINT32_MAX * (uint64_t)netem->loss_percent / 100)};
	int64_t delay_ns = (int64_t)netem->delay_us * 1000, jitter_ns = (int64_t)netem->jitter_us * 1000;

	netlink_begin(&message, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
	netlink_put(&message, &where, sizeof(where));
	netlink_put_attribute(&message, TCA_KIND, "netem", sizeof("netem"));
	options = netlink_put_attribute(&message, TCA_OPTIONS, NULL, 0);
	netlink_put(&message, &classic, sizeof(classic));
	netlink_put_attribute(&message, TCA_NETEM_LATENCY64, &delay_ns, sizeof(delay_ns));
	netlink_put_attribute(&message, TCA_NETEM_JITTER64, &jitter_ns, sizeof(jitter_ns));
	netlink_end_attribute(&message, options);
	return netlink_ask(NETLINK_ROUTE, &message, NULL);
}

void netem_set(const struct wire *wire, enum wire_end end, const struct netem *netem)
{
	int error;

	wire_enter(wire, end);
	error = netem_set_here(WIRE_DEVICE, netem);
	wire_leave(wire);
	require(!error, "netem is not taken: %s", strerror(-error));
}

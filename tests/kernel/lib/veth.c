/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "veth.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdint.h>
#include <string.h>

#include "netlink.h"

int veth_add(const char *name, int other_netns)
{
	struct netlink_message message;
	struct nlattr *link_info, *data, *peer;
	const struct ifinfomsg link = {0};
	uint32_t netns = (uint32_t)other_netns;

	netlink_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	netlink_put(&message, &link, sizeof(link));
	netlink_put_attribute(&message, IFLA_IFNAME, name, strlen(name) + 1);
	link_info = netlink_put_attribute(&message, IFLA_LINKINFO, NULL, 0);
	netlink_put_attribute(&message, IFLA_INFO_KIND, "veth", sizeof("veth"));
	data = netlink_put_attribute(&message, IFLA_INFO_DATA, NULL, 0);
	peer = netlink_put_attribute(&message, VETH_INFO_PEER, NULL, 0);
	netlink_put(&message, &link, sizeof(link));
	netlink_put_attribute(&message, IFLA_IFNAME, name, strlen(name) + 1);
	netlink_put_attribute(&message, IFLA_NET_NS_FD, &netns, sizeof(netns));
	netlink_end_attribute(&message, peer);
	netlink_end_attribute(&message, data);
	netlink_end_attribute(&message, link_info);
	return netlink_ask(NETLINK_ROUTE, &message, NULL);
}

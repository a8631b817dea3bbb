/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Socket iterators lock each socket. A segment that arrives meanwhile is handled by the process that walks, which is
 * not the socket's owner: here by the test, while another process has connections that are reset.
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/grouping.h"
#include "lib/guest.h"
#include "lib/helper.h"
#include "lib/machine.h"
#include "lib/metrics_probe.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "os/clock.h"
#include "os/netns.h"
#include "probe/samples.h"
#include "probe/scan.h"
#include "probe/snapshot.h"

#define TALKER "tv-talker"
/* Without the remedy, some ten of 20,000 have the wrong owner. An emulated machine makes hundreds a second. */
#define CONNECTIONS (is_guest() ? 4000 : 20000)

/* The client's reset reaches the server's end in a softirq, unless that end is locked. */
static void talk(int channel, void *context)
{
	uint16_t port = *(const uint16_t *)context;
	int listener = listen_at(IPV4, port), connections = CONNECTIONS;

	for (int i = 0; i < connections; i++) {
		int client = connect_to(IPV4, port), server = accept_from(listener);

		abort_socket(client);
		close(server);
	}
	close(listener);
	channel_send(channel, 0, -1);
}

static void ignore_record(void *context, const struct connection *record)
{
	(void)context;
	(void)record;
}

static void walk_for_snapshot(struct probe *probe)
{
	struct netns_omissions omissions;

	require(!snapshot_take(probe, ignore_record, NULL, &omissions), "no snapshot");
}

static void walk_for_metrics(struct probe *probe)
{
	struct walk_result walk;

	metrics_probe_walk(probe, &walk);
}

static void walk_for_stuck(struct probe *probe)
{
	struct netns_omissions omissions;
	struct stuck_scan scan;

	require(!scan_all(probe, clock_monotonic_ns(), false, &scan, &omissions), "no scan");
}

static void check_owners(struct probe *probe, unsigned int walks)
{
	uint64_t owned = 0, all = 0;
	const struct group_key *last = NULL;
	struct group_key key;
	uint32_t number;

	for (; !samples_next_group(probe, last, &key, &number); last = &key) {
		const struct group_metrics *group = metrics_read_group(probe, number);
		uint64_t closed = 0;

		require(group != NULL, "no group");
		for (int cause = 0; cause < CAUSES; cause++)
			closed += group->closed[ROLE_SERVER][cause];
		all += closed;
		owned += !strcmp((const char *)key.part[0], TALKER) ? closed : 0;
	}
	print_message("%u walks, %llu connections\n", walks, (unsigned long long)all);
	require(owned == all, "%llu of %llu connections have another owner than the process that accepted them",
		(unsigned long long)(all - owned), (unsigned long long)all);
	require(all >= (uint64_t)CONNECTIONS / 2, "too few connections were seen");
}

static void check(void (*walk)(struct probe *probe))
{
	static struct scope scope;
	struct probe probe = PROBE_CLOSED;
	struct pollfd end = {.events = POLLIN};
	struct helper talker;
	unsigned int walks = 0;
	uint16_t port;
	int reserved;

	need_machine("iter/tcp");
	reserved = reserve_port(IPV4, &port);
	metrics_probe_open_with_scans(&scope, &port, 1, "comm", &probe);
	close(reserved);
	talker = helper_start(TALKER, talk, &port);
	end.fd = talker.channel;
	for (; !poll(&end, 1, 0); walks++)
		walk(&probe);
	helper_wait(&talker);
	settle(&port, 1);
	check_owners(&probe, walks);
	probe_close(&probe);
}

static void test_snapshot(void **state)
{
	(void)state;
	check(walk_for_snapshot);
}

static void test_metrics(void **state)
{
	(void)state;
	check(walk_for_metrics);
}

static void test_stuck(void **state)
{
	(void)state;
	check(walk_for_stuck);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_stuck),
	};

	return cmocka_run_group_tests_name("walker", tests, run_base_group_setup, run_base_group_teardown);
}

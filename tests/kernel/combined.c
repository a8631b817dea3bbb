/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One process asks the probe for everything at once, which no tool does yet. Each part has the same results as alone.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdint.h>
#include <unistd.h>

#include "core/histogram.h"
#include "lib/machine.h"
#include "lib/port_probe.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "os/clock.h"
#include "os/netns.h"
#include "probe/probe.h"
#include "probe/samples.h"
#include "probe/scan.h"

#include "abi/connection.h"
#include "abi/summary.h"

#define CONNECTIONS 5
#define BYTES       3
/* Of a server's end, and of the listener: LISTEN -> SYN_RECV -> ESTABLISHED -> CLOSE_WAIT -> LAST_ACK -> CLOSE. */
#define ROWS (5 * CONNECTIONS + 2)

struct seen {
	uint64_t rows, scans, connections, others;
};

static int take(void *context, const void *record, size_t size)
{
	const struct transition *transition = record;
	struct seen *seen = context;

	if (size == sizeof(struct connection))
		seen->connections++;
	else if (size != sizeof(*transition))
		seen->others++;
	else if (transition->flags & TRANSITION_SCAN)
		seen->scans++;
	else
		seen->rows++;
	return 0;
}

/* All transitions that were counted, whatever kind. */
static uint64_t counted(int map)
{
	static struct summary per_cpu[1024];
	struct summary_kind kind, *before = NULL;
	uint64_t total = 0;

	require(libbpf_num_possible_cpus() <= 1024, "too many CPUs");
	for (; !bpf_map_get_next_key(map, before, &kind); before = &kind) {
		require(!bpf_map_lookup_elem(map, &kind, per_cpu), "a kind of transition cannot be read");
		for (int i = 0; i < libbpf_num_possible_cpus(); i++)
			total += per_cpu[i].unknown + histogram_count(&per_cpu[i].times);
	}
	return total;
}

static void open_everything(struct scope *scope, uint16_t port, struct probe *ret)
{
	struct probe_wants wants = {
		.tool = "combined",
		.emits = EMIT_ROWS | EMIT_COUNTS | EMIT_CONNECTIONS | EMIT_SCANS | EMIT_SAMPLES,
		.stuck = {.longer_ns = 1, .states = 1 << STATE_ESTABLISHED},
		.samples = {.kind = RTT_SRTT, .max_keys = 16},
		.buffer_size = 1 << 20,
	};

	port_probe_open(wants, false, scope, port, ret);
}

static void test_everything(void **state)
{
	static struct scope scope; /* too much for some stacks */
	struct netns_omissions omissions;
	struct probe probe = PROBE_CLOSED;
	int listener, clients[CONNECTIONS], servers[CONNECTIONS];
	struct histogram samples;
	struct seen seen = {0};
	struct stuck_scan scan;
	uint16_t port;

	(void)state;
	need_machine("socket_storage");
	listener = reserve_port(IPV4, &port);
	open_everything(&scope, port, &probe);
	close(listener);
	listener = listen_at(IPV4, port);
	for (int i = 0; i < CONNECTIONS; i++) {
		clients[i] = connect_to(IPV4, port);
		servers[i] = accept_from(listener);
		exchange_bytes(clients[i], servers[i], BYTES);
	}
	require(!scan_all(&probe, clock_monotonic_ns(), true, &scan, &omissions), "no scan");
	for (int i = 0; i < CONNECTIONS; i++) {
		close(clients[i]);
		receive_end(servers[i]);
		close(servers[i]);
	}
	close(listener);
	settle(&port, 1);
	probe_detach(&probe);
	require(rings_drain(&probe.rings, take, &seen) > 0, "no records");
	samples_add_pending(&probe);
	require(!samples_read_all(&probe, &samples), "no samples");
	print_message("%" PRIu64 " rows, %" PRIu64 " connections, %" PRIu64 " scans, %" PRIu64 " samples\n", seen.rows,
		      seen.connections, seen.scans, histogram_count(&samples));
	assert_int_equal(seen.rows, ROWS);
	assert_int_equal(counted(probe.summary_fd), ROWS);
	assert_int_equal(seen.connections, CONNECTIONS);
	assert_int_equal(seen.scans, CONNECTIONS);
	assert_int_equal(scan.found, CONNECTIONS);
	assert_true(histogram_count(&samples) >= CONNECTIONS * BYTES);
	assert_int_equal(seen.others, 0);
	probe_close(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_everything)};

	return cmocka_run_group_tests_name("combined", tests, run_base_group_setup, run_base_group_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The counters for the exporter: connections with known ends and sizes, open and ended, and snapshots of them. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/time_histogram.h"
#include "lib/metrics_probe.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "os/netns.h"
#include "probe/metrics.h"
#include "probe/probe.h"
#include "probe/samples.h"
#include "probe/snapshot.h"

#define CONNECTIONS 6
#define ABORTED     2
#define BYTES       3

/* The sum of all groups. */
static void read_all(struct probe *probe, struct group_metrics *ret)
{
	uint32_t last = samples_are_grouped(&probe->wants.samples) ? probe->wants.samples.max_keys : 0;

	memset(ret, 0, sizeof(*ret));
	for (uint32_t i = 0; i <= last; i++) {
		const struct group_metrics *group = metrics_read_group(probe, i);

		require(group != NULL, "group %u cannot be read", i);
		for (size_t k = 0; k < GROUP_METRICS_WORDS; k++)
			((uint64_t *)ret)[k] += ((const uint64_t *)group)[k];
	}
}

static uint64_t times(struct probe *probe, uint32_t index)
{
	struct time_histogram histogram;

	require(!metrics_read_times(probe, index, &histogram), "no times");
	return time_histogram_count(&histogram);
}

/* Only the server's ends are in scope: it is by local port. */
static void check_ended(struct probe *probe)
{
	struct group_metrics all;
	uint64_t open[METRICS_STATES];

	read_all(probe, &all);
	assert_int_equal(all.opened[ROLE_SERVER], CONNECTIONS);
	assert_int_equal(all.opened[ROLE_CLIENT], 0);
	assert_int_equal(all.closed[ROLE_SERVER][CAUSE_FIN_REMOTE], CONNECTIONS - ABORTED);
	assert_int_equal(all.closed[ROLE_SERVER][CAUSE_RESET_RECEIVED], ABORTED);
	assert_int_equal(all.sent_bytes, CONNECTIONS * BYTES);
	assert_int_equal(all.received_bytes, CONNECTIONS * BYTES);
	assert_true(all.sent_segments >= CONNECTIONS * BYTES);
	assert_true(all.received_segments >= CONNECTIONS * BYTES);
	assert_int_equal(all.resets_received, ABORTED);
	assert_true(time_histogram_count(&all.rtt) >= CONNECTIONS);
	assert_int_equal(times(probe, TIMES_OF_HANDSHAKE + ROLE_SERVER), CONNECTIONS);
	assert_int_equal(times(probe, TIMES_OF_CONNECTION + ROLE_SERVER), CONNECTIONS);
	assert_int_equal(times(probe, TIMES_OF_STATE + STATE_LAST_ACK), CONNECTIONS - ABORTED);
	require(!metrics_read_open_sockets(probe, open), "no sockets");
	for (int state = STATE_ESTABLISHED; state < METRICS_STATES; state++)
		assert_int_equal(open[state], 0);
}

struct counts {
	uint16_t port;
	unsigned int established, unknown;
};

static void count_record(void *context, const struct connection *record)
{
	struct counts *counts = context;

	assert_int_equal(record->end.lport, counts->port);
	counts->established += record->end.newstate == STATE_ESTABLISHED;
	counts->unknown += record->end.owner.source == OWNER_UNKNOWN || record->end.owner.pid != (uint32_t)getpid();
	if (record->end.newstate == STATE_ESTABLISHED) {
		assert_int_equal(record->life.role, ROLE_SERVER);
		assert_int_equal(record->bytes_sent, BYTES);
		assert_int_equal(record->bytes_received, BYTES);
		assert_true(record->end.duration_ns < record->end.time_ns);
		assert_int_equal(record->end.flags, TRANSITION_SCAN);
	}
}

static void check_open(struct probe *probe, uint16_t port)
{
	struct counts counts = {.port = port};
	uint64_t open[METRICS_STATES];
	struct netns_omissions omissions;
	struct group_metrics all;
	struct walk_result walk;

	metrics_probe_walk(probe, &walk);
	assert_int_equal(walk.unremembered, 0);
	read_all(probe, &all);
	assert_int_equal(all.sent_bytes, CONNECTIONS * BYTES);
	require(!metrics_read_open_sockets(probe, open), "no sockets");
	assert_int_equal(open[STATE_ESTABLISHED], CONNECTIONS);
	assert_int_equal(open[STATE_LISTEN], 1);
	require(!snapshot_take(probe, count_record, &counts, &omissions), "no snapshot");
	assert_int_equal(counts.established, CONNECTIONS);
	assert_int_equal(counts.unknown, 0);
}

static void test_connections(const char *label)
{
	static struct scope scope; /* too much for some stacks */
	struct probe probe = PROBE_CLOSED;
	int listener, clients[CONNECTIONS], servers[CONNECTIONS];
	struct walk_result walk;
	uint16_t port;

	port = metrics_probe_open_port(&scope, label, &probe);
	metrics_probe_walk(&probe, &walk);
	listener = listen_at(IPV4, port);
	for (int i = 0; i < CONNECTIONS; i++) {
		clients[i] = connect_to(IPV4, port);
		servers[i] = accept_from(listener);
		exchange_bytes(clients[i], servers[i], BYTES);
	}
	check_open(&probe, port);
	for (int i = 0; i < CONNECTIONS; i++) {
		if (i < ABORTED) {
			abort_socket(clients[i]);
			receive_reset(servers[i]);
		} else {
			close(clients[i]);
			receive_end(servers[i]);
			metrics_probe_walk(&probe, &walk);
			assert_int_equal(walk.stuck[STATE_CLOSE_WAIT], 1);
		}
		close(servers[i]);
	}
	close(listener);
	settle(&port, 1);
	check_ended(&probe);
	probe_close(&probe);
}

static void test_by_port(void **state)
{
	(void)state;
	test_connections("port");
}

static void test_by_owner(void **state)
{
	(void)state;
	test_connections("comm,role");
}

static void test_by_prefix(void **state)
{
	(void)state;
	test_connections("prefix:24");
}

static void test_ungrouped(void **state)
{
	(void)state;
	test_connections("none");
}

/* Bytes and segments from before the tool began do not count. */
static void test_older(void **state)
{
	static struct scope scope;
	struct probe probe = PROBE_CLOSED;
	struct group_metrics all;
	struct walk_result walk;
	int listener, client, server;
	uint16_t port;

	(void)state;
	listener = listen_on(IPV4, &port);
	client = connect_to(IPV4, port);
	server = accept_from(listener);
	exchange_bytes(client, server, BYTES);
	metrics_probe_open(&scope, &port, 1, "port", &probe);
	metrics_probe_walk(&probe, &walk);
	send_byte(server);
	receive_byte(client);
	close(client);
	receive_end(server);
	metrics_probe_walk(&probe, &walk);
	assert_int_equal(walk.stuck[STATE_CLOSE_WAIT], 1);
	close(server);
	close(listener);
	settle(&port, 1);
	read_all(&probe, &all);
	assert_int_equal(all.sent_bytes, 1);
	assert_int_equal(all.received_bytes, 0);
	assert_int_equal(all.opened[ROLE_SERVER], 0);
	assert_int_equal(all.closed[ROLE_SERVER][CAUSE_FIN_REMOTE], 1);
	assert_int_equal(times(&probe, TIMES_OF_CONNECTION + ROLE_SERVER), 0);
	probe_close(&probe);
}

/* A group that has ended gives its number back, and its connections get another one. */
static void test_ended_group(void **state)
{
	static struct scope scope;
	struct probe probe = PROBE_CLOSED;
	struct group_key key;
	struct group_metrics all;
	struct walk_result walk;
	int listener, client, server;
	uint32_t first, second;
	uint16_t port;

	(void)state;
	port = metrics_probe_open_port(&scope, "port", &probe);
	listener = listen_at(IPV4, port);
	client = connect_to(IPV4, port);
	server = accept_from(listener);
	exchange_bytes(client, server, BYTES);
	require(!samples_next_group(&probe, NULL, &key, &first), "no group");
	require(!metrics_end_group(&probe, &key), "the group does not end");
	metrics_probe_walk(&probe, &walk);
	require(!samples_next_group(&probe, NULL, &key, &second), "no second group");
	assert_int_not_equal(first, second);
	metrics_free_number(&probe, first);
	close(client);
	receive_end(server);
	close(server);
	close(listener);
	settle(&port, 1);
	read_all(&probe, &all);
	assert_int_equal(all.closed[ROLE_SERVER][CAUSE_FIN_REMOTE], 1);
	assert_int_equal(all.opened[ROLE_SERVER], 0);
	probe_close(&probe);
}

/* More than two pauses' worth of sockets. */
#define MANY 2400

static void note_pause(void *context)
{
	++*(unsigned int *)context;
}

/* A long walk pauses, and goes on with the next socket: each byte counts once. */
static void test_pause(void **state)
{
	static struct scope scope;
	static int clients[MANY], servers[MANY];
	struct probe probe = PROBE_CLOSED;
	struct group_metrics all;
	struct walk_result walk;
	unsigned int pauses = 0;
	uint16_t port;
	int listener;

	(void)state;
	allow_descriptors((size_t)2 * MANY);
	port = metrics_probe_open_port(&scope, "port", &probe);
	probe.pause = note_pause;
	probe.pause_context = &pauses;
	listener = listen_at(IPV4, port);
	for (int i = 0; i < MANY; i++) {
		clients[i] = connect_to(IPV4, port);
		servers[i] = accept_from(listener);
		send_byte(clients[i]);
		receive_byte(servers[i]);
	}
	for (uint64_t walks = 1; walks <= 2; walks++) {
		metrics_probe_walk(&probe, &walk);
		read_all(&probe, &all);
		assert_int_equal(all.received_bytes, MANY);
	}
	require(pauses >= 4, "%u pauses", pauses);
	for (int i = 0; i < MANY; i++) {
		close(clients[i]);
		receive_end(servers[i]);
		close(servers[i]);
	}
	close(listener);
	probe_close(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_port),   cmocka_unit_test(test_by_owner), cmocka_unit_test(test_by_prefix),
		cmocka_unit_test(test_ungrouped), cmocka_unit_test(test_older),    cmocka_unit_test(test_ended_group),
		cmocka_unit_test(test_pause),
	};

	return cmocka_run_group_tests_name("metrics", tests, run_base_group_setup, run_base_group_teardown);
}

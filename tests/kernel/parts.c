/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Snapshots of open connections and the records of their ends, asked for together: what has changed between them adds
 * up to the whole, for a connection older than the probe, too.
 */
#include <inttypes.h>
#include <stdint.h>
#include <unistd.h>

#include "core/part.h"
#include "lib/machine.h"
#include "lib/port_probe.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "os/netns.h"
#include "probe/probe.h"
#include "probe/snapshot.h"

#define CONNECTIONS 2 /* the first one is older than the probe */
#define SNAPSHOTS   3
#define BYTES       5

struct seen {
	struct part_table table;
	struct connection sums[CONNECTIONS]; /* of the parts, by the client's port */
	uint16_t ports[CONNECTIONS];
	unsigned int parts[CONNECTIONS], ends;
};

static size_t index_of(const struct seen *seen, const struct connection *record)
{
	size_t i = 0;

	while (i < CONNECTIONS && seen->ports[i] != record->end.rport)
		i++;
	require(i < CONNECTIONS, "a connection with the remote port %u", record->end.rport);
	return i;
}

static void add(struct seen *seen, const struct part *part)
{
	size_t i = index_of(seen, &part->change);
	struct connection *sum = &seen->sums[i];

	assert_int_equal(part->from_ns, sum->end.time_ns);
	sum->end.time_ns = part->change.end.time_ns;
	for (size_t state = 0; state < CONNECTION_STATES; state++)
		sum->life.in_state_ns[state] += part->change.life.in_state_ns[state];
	for (size_t chrono = 0; chrono < CHRONOS; chrono++)
		sum->chrono_ns[chrono] += part->change.chrono_ns[chrono];
	sum->life.rtt_samples += part->change.life.rtt_samples;
	sum->bytes_sent += part->change.bytes_sent;
	sum->bytes_received += part->change.bytes_received;
	sum->segs_out += part->change.segs_out;
	sum->segs_in += part->change.segs_in;
	sum->delivered += part->change.delivered;
	seen->parts[i]++;
}

static void take_open(void *context, const struct connection *record)
{
	struct seen *seen = context;
	struct part part;

	assert_int_equal(record->end.flags & TRANSITION_SCAN, TRANSITION_SCAN);
	assert_int_equal(record->end.newstate, STATE_ESTABLISHED);
	require(!part_take(&seen->table, record, &part), "no memory");
	add(seen, &part);
}

/* The last part, then the sums against the whole. */
static int take_ended(void *context, const void *record, size_t size)
{
	const struct connection *whole = record;
	struct seen *seen = context;
	size_t i = index_of(seen, whole);
	const struct connection *sum = &seen->sums[i];
	struct part part;

	assert_int_equal(size, sizeof(*whole));
	assert_true(part_take_last(&seen->table, whole, &part));
	add(seen, &part);
	for (size_t state = 0; state < CONNECTION_STATES; state++)
		assert_int_equal(sum->life.in_state_ns[state], whole->life.in_state_ns[state]);
	for (size_t chrono = 0; chrono < CHRONOS; chrono++)
		assert_int_equal(sum->chrono_ns[chrono], whole->chrono_ns[chrono]);
	assert_true(whole->life.in_state_ns[STATE_ESTABLISHED] > 0);
	assert_int_equal(whole->life.is_old, i == 0);
	assert_int_equal(sum->life.rtt_samples, whole->life.rtt_samples);
	assert_int_equal(sum->bytes_sent, whole->bytes_sent);
	assert_int_equal(whole->bytes_sent, SNAPSHOTS * BYTES);
	assert_int_equal(sum->bytes_received, whole->bytes_received);
	assert_int_equal(sum->segs_out, whole->segs_out);
	assert_int_equal(sum->segs_in, whole->segs_in);
	assert_int_equal(sum->delivered, whole->delivered);
	seen->ends++;
	return 0;
}

static void open_probe(struct scope *scope, uint16_t port, struct probe *ret)
{
	struct probe_wants wants = {
		.tool = "parts",
		.emits = EMIT_CONNECTIONS | EMIT_SNAPSHOTS,
		.buffer_size = 1 << 16,
	};

	port_probe_open(wants, true, scope, port, ret);
}

static void test_sums(void **state)
{
	static struct scope scope; /* too much for some stacks */
	int listener, clients[CONNECTIONS], servers[CONNECTIONS];
	struct netns_omissions omissions;
	struct probe probe = PROBE_CLOSED;
	struct seen seen = {};
	uint16_t port;

	(void)state;
	need_machine("socket_storage");
	listener = listen_on(IPV4, &port);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		clients[i] = connect_to(IPV4, port);
		servers[i] = accept_from(listener);
		seen.ports[i] = local_port(clients[i]);
		if (i == 0)
			open_probe(&scope, port, &probe);
	}
	for (unsigned int n = 0; n < SNAPSHOTS; n++) {
		for (size_t i = 0; i < CONNECTIONS; i++)
			exchange_bytes(clients[i], servers[i], BYTES);
		part_walk_begin(&seen.table);
		require(!snapshot_take(&probe, take_open, &seen, &omissions), "no snapshot");
		part_walk_end(&seen.table);
		for (size_t i = 0; i < CONNECTIONS; i++)
			assert_int_equal(seen.parts[i], n + 1);
	}
	for (size_t i = 0; i < CONNECTIONS; i++) {
		close(clients[i]);
		receive_end(servers[i]);
		close(servers[i]);
	}
	close(listener);
	settle(&port, 1);
	probe_detach(&probe);
	rings_drain(&probe.rings, take_ended, &seen);
	assert_int_equal(seen.ends, CONNECTIONS);
	assert_int_equal(seen.table.count, 0);
	part_table_close(&seen.table);
	probe_close(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests_name("parts", tests, run_base_group_setup, run_base_group_teardown);
}

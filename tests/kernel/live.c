/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The records that tcpstates --live asks for together: snapshots of open connections, the records of their ends, and
 * listeners. The model of the live view takes them.
 */
#include <stdint.h>
#include <unistd.h>

#include "core/live.h"
#include "lib/machine.h"
#include "lib/port_probe.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "os/clock.h"
#include "os/netns.h"
#include "probe/probe.h"
#include "probe/snapshot.h"

#define BYTES 5

/* The end of a connection is seen after at most 10 s. */
#define TRIES    500
#define PAUSE_US 20000

/* Connections that stay, and those that end during a look. Their records take several times the ring buffer. */
#define STAY      200
#define END       600
#define RING_SIZE (1 << 16)

static struct live live;

/* Pairs that end one by one, whenever a walk finds a connection. */
static struct {
	int client, server;
} pairs[END];
static size_t pairs_left;

static void take_open(void *context, const struct connection *record)
{
	(void)context;
	live_take(&live, record);
	if (!pairs_left)
		return;
	pairs_left--;
	abort_socket(pairs[pairs_left].client);
	close(pairs[pairs_left].server);
}

static int take_end(void *context, const void *record, size_t size)
{
	(void)context;
	assert_int_equal(size, sizeof(struct connection));
	live_take_end(&live, record, clock_monotonic_ns());
	return 0;
}

static void relieve_rings(void *context)
{
	struct probe *probe = context;

	if (rings_quarter_full(&probe->rings))
		rings_drain(&probe->rings, take_end, NULL);
}

/* As live_look() of tcpstates. */
static void look(struct probe *probe)
{
	struct netns_omissions omissions;
	uint64_t now_ns = clock_monotonic_ns();
	uint32_t unjudged;

	rings_drain(&probe->rings, take_end, NULL);
	live_pass_begin(&live, now_ns);
	probe->pause = relieve_rings;
	probe->pause_context = probe;
	require(!snapshot_take(probe, take_open, NULL, &omissions), "no snapshot");
	require(!listeners_take(probe, now_ns, &live.listeners, &unjudged, &omissions), "no listeners");
	rings_drain(&probe->rings, take_end, NULL);
	live_pass_end(&live);
}

static void open_probe(struct scope *scope, uint16_t port, struct probe *ret)
{
	struct probe_wants wants = {
		.tool = "live",
		.emits = EMIT_CONNECTIONS | EMIT_SNAPSHOTS | EMIT_LISTENERS,
		.buffer_size = RING_SIZE,
	};

	port_probe_open(wants, true, scope, port, ret);
}

static void test_looks(void **state)
{
	static struct scope scope; /* too much for some stacks */
	int listener, older_client, older, client, server;
	struct probe probe = PROBE_CLOSED;
	uint16_t port;

	(void)state;
	need_machine("socket_storage");
	require(!live_open(&live), "no memory");
	listener = listen_on(IPV4, &port);
	older_client = connect_to(IPV4, port);
	older = accept_from(listener);
	open_probe(&scope, port, &probe);
	look(&probe);
	assert_int_equal(live.count, 1);
	assert_false(live.rows[0].figures.has_rate);
	assert_int_equal(live.listeners.count, 1);
	assert_int_equal(live.listeners.rows[0].now.socket.lport, port);

	client = connect_to(IPV4, port);
	server = accept_from(listener);
	exchange_bytes(client, server, BYTES);
	exchange_bytes(older_client, older, BYTES);
	look(&probe);
	assert_int_equal(live.count, 2);
	assert_int_equal(live.totals.opened, 1);
	assert_int_equal(live.totals.states[STATE_ESTABLISHED], 2);
	for (size_t i = 0; i < live.count; i++) {
		assert_true(live.rows[i].figures.has_rate);
		assert_true(live.rows[i].figures.rate[LIVE_IN] > 0);
		assert_int_equal(live.rows[i].figures.total[LIVE_IN], BYTES);
		assert_int_equal(live.rows[i].now.end.owner.pid, getpid());
	}

	close(client);
	receive_end(server);
	close(server);
	for (int i = 0; i < TRIES && live.count > 1; i++) {
		usleep(PAUSE_US);
		look(&probe);
	}
	assert_int_equal(live.count, 1);
	assert_int_equal(live.totals.closed, 1);
	/* The kernel counts the FIN, too. */
	assert_int_equal(live_end_at(&live, 0, clock_monotonic_ns())->last.bytes_received, BYTES + 1);
	close(older_client);
	close(older);
	close(listener);
	probe_close(&probe);
	live_close(&live);
}

/* No end is lost during a walk, and none is counted twice. */
static void test_ends_during_a_walk(void **state)
{
	static struct scope scope; /* too much for some stacks */
	int listener, clients[STAY], servers[STAY];
	struct probe probe = PROBE_CLOSED;
	uint64_t ended;
	uint16_t port;

	(void)state;
	need_machine("socket_storage");
	allow_descriptors(2 * (STAY + END));
	require(!live_open(&live), "no memory");
	listener = listen_on(IPV4, &port);
	open_probe(&scope, port, &probe);
	for (size_t i = 0; i < STAY; i++) {
		clients[i] = connect_to(IPV4, port);
		servers[i] = accept_from(listener);
	}
	for (size_t i = 0; i < END; i++) {
		pairs[i].client = connect_to(IPV4, port);
		pairs[i].server = accept_from(listener);
	}
	pairs_left = END;
	look(&probe);
	ended = END - pairs_left;
	assert_true(ended * sizeof(struct connection) > 2 * RING_SIZE);
	assert_int_equal(live.end_count, ended);
	assert_int_equal(live.totals.closed, ended);
	while (pairs_left) {
		pairs_left--;
		abort_socket(pairs[pairs_left].client);
		close(pairs[pairs_left].server);
		rings_drain(&probe.rings, take_end, NULL);
	}
	look(&probe);
	assert_int_equal(live.end_count, END);
	assert_int_equal(live.totals.closed, END - ended);
	assert_int_equal(live.count, STAY);
	for (size_t i = 0; i < STAY; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	close(listener);
	probe_close(&probe);
	live_close(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_ends_during_a_walk),
	};

	return cmocka_run_group_tests_name("live", tests, run_base_group_setup, run_base_group_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters for the exporter that events between two walks change: a listener's end, and sockets with an unseen end. */
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/scope.h"
#include "lib/metrics_probe.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "probe/metrics.h"
#include "probe/probe.h"
#include "probe/skeleton.h"

#define DROPS 5

/* Returns what the kernel has dropped at the listener so far. */
static uint32_t drops_of(int listener)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t size = sizeof(memory);

	require(!getsockopt(listener, SOL_SOCKET, SO_MEMINFO, memory, &size), "no SO_MEMINFO");
	return memory[SK_MEMINFO_DROPS];
}

/* Connects without waiting, until the kernel has dropped `drops` of the attempts. Returns the number of attempts. */
static int overflow(int listener, uint16_t port, uint32_t drops, int clients[static 2 * DROPS])
{
	int count = 0;

	while (drops_of(listener) < drops) {
		require(count < 2 * DROPS, "%u drops only", drops_of(listener));
		clients[count] = client_socket(IPV4);
		require(!fcntl(clients[count], F_SETFL, O_NONBLOCK), "no O_NONBLOCK");
		connect_socket(clients[count++], IPV4, port);
	}
	return count;
}

static uint64_t counted_drops(struct probe *probe, uint16_t port)
{
	struct port_listeners listeners;
	uint32_t number, *last = NULL;

	while (!metrics_next_port(probe, last, &number, &listeners)) {
		if (number == port)
			return listeners.drops;
		last = &number;
	}
	return 0;
}

/* Drops since the last walk, or without any walk, count when the listener closes. */
static void test_overflows(void **state)
{
	static struct scope scope; /* too much for some stacks */
	struct probe probe = PROBE_CLOSED;
	int listener, clients[2 * DROPS], count;
	uint64_t expected = 0;
	struct walk_result walk;
	uint16_t port;

	(void)state;
	port = metrics_probe_open_port(&scope, "port", &probe);
	for (int walks = 0; walks < 2; walks++) {
		listener = listen_at(IPV4, port);
		require(!listen(listener, 0), "no short queue");
		count = overflow(listener, port, DROPS, clients);
		if (walks) {
			metrics_probe_walk(&probe, &walk);
			assert_int_equal(counted_drops(&probe, port), expected + drops_of(listener));
		}
		/* Clients that were dropped try again, but not within a second. */
		expected += drops_of(listener);
		for (int i = 0; i < count; i++)
			close(clients[i]);
		close(listener);
		settle(&port, 1);
		assert_int_equal(counted_drops(&probe, port), expected);
	}
	probe_close(&probe);
}

static uint64_t open_in(struct probe *probe, int in_state)
{
	uint64_t open[METRICS_STATES];

	require(!metrics_read_open_sockets(probe, open), "no sockets");
	return open[in_state];
}

#define REUSES 500

/* A socket whose end went unseen counts as open until another socket gets its address, and no longer. */
static void test_left_open(void **state)
{
	static struct scope scope;
	struct probe probe = PROBE_CLOSED;
	int listener, client, server, opened = 0;
	static int ends[2 * REUSES];
	uint16_t port;

	(void)state;
	allow_descriptors((size_t)2 * REUSES);
	port = metrics_probe_open_port(&scope, "port", &probe);
	listener = listen_at(IPV4, port);
	client = connect_to(IPV4, port);
	server = accept_from(listener);
	assert_int_equal(open_in(&probe, STATE_ESTABLISHED), 1);
	probe.vitals->bss->stopped[0] = 1;
	abort_socket(client);
	receive_reset(server);
	close(server);
	probe.vitals->bss->stopped[0] = 0;
	assert_int_equal(open_in(&probe, STATE_ESTABLISHED), 1);
	do {
		require(opened < REUSES, "no socket has got the address");
		ends[2 * opened] = connect_to(IPV4, port);
		ends[2 * opened++ + 1] = accept_from(listener);
	} while (open_in(&probe, STATE_ESTABLISHED) != (uint64_t)opened);
	for (int i = 0; i < 2 * opened; i++)
		abort_socket(ends[i]);
	close(listener);
	settle(&port, 1);
	assert_int_equal(open_in(&probe, STATE_ESTABLISHED), 0);
	probe_close(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overflows),
		cmocka_unit_test(test_left_open),
	};

	return cmocka_run_group_tests_name("metrics_listeners", tests, run_base_group_setup, run_base_group_teardown);
}

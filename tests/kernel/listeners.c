/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Listeners (tcpstates --listeners): accept queues, accepts and drops between walks, owners. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/listener.h"
#include "lib/listening.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "probe/probe.h"

#define BACKLOG 3
#define DROPS   5

/* The scene of a short queue: three come, a fourth fills it, all but one are accepted. */
static void play_queue(struct probe *probe, struct listener_table *table, int listener, uint16_t port)
{
	int clients[BACKLOG + 1], servers[BACKLOG];
	const struct listener_row *row;

	require(!listen(listener, BACKLOG), "no short queue");
	for (uint32_t i = 0; i < BACKLOG; i++)
		clients[i] = listening_connect(listener, IPV4, port, i + 1);
	row = listening_walk(probe, table);
	listening_check_kernel(row, listener);
	assert_int_equal(row->now.limit, BACKLOG);
	listening_check(row, BACKLOG, 0, BACKLOG, BACKLOG, LISTENER_FINE);
	clients[BACKLOG] = listening_connect(listener, IPV4, port, BACKLOG + 1);
	for (int i = 0; i < BACKLOG; i++)
		servers[i] = accept_from(listener);
	row = listening_walk(probe, table);
	listening_check_kernel(row, listener);
	assert_int_equal(row->now.backlog, 1);
	listening_check(row, 1, BACKLOG, BACKLOG + 1, BACKLOG + 1, LISTENER_FULL);
	row = listening_walk(probe, table);
	listening_check(row, 0, 0, 1, BACKLOG + 1, LISTENER_FINE);
	for (int i = 0; i < BACKLOG; i++)
		close(servers[i]);
	for (int i = 0; i <= BACKLOG; i++)
		close(clients[i]);
}

static void play_new(enum probe_storage storage)
{
	struct listener_table table = {};
	const struct listener_row *row;
	struct probe probe = PROBE_CLOSED;
	int reserved, listener;
	uint16_t port;

	reserved = reserve_port(IPV4, &port);
	listening_open(port, 0, storage, &probe);
	assert_null(listening_walk(&probe, &table));
	assert_int_equal(table.count, 0);
	close(reserved);
	listener = listen_at(IPV4, port);
	row = listening_walk(&probe, &table);
	listening_check_kernel(row, listener);
	listening_check(row, 0, 0, 0, 0, LISTENER_FINE);
	listening_check_owner(row, OWNER_LISTEN);
	play_queue(&probe, &table, listener, port);
	close(listener);
	settle(&port, 1);
	assert_null(listening_walk(&probe, &table));
	assert_int_equal(table.count, 0);
	probe_close(&probe);
	listener_table_close(&table);
}

static void test_new(void **state)
{
	(void)state;
	play_new(STORAGE_SOCKET);
}

static void test_new_in_hash(void **state)
{
	(void)state;
	play_new(STORAGE_HASH);
}

/* Nothing is known of the time before the first walk, except the drops. */
static void play_older(enum probe_storage storage)
{
	struct listener_table table = {};
	const struct listener_row *row;
	struct probe probe = PROBE_CLOSED;
	uint16_t port;
	int listener = listen_on(IPV4, &port), client = listening_connect(listener, IPV4, port, 1);

	listening_open(port, 0, storage, &probe);
	row = listening_walk(&probe, &table);
	listening_check_kernel(row, listener);
	listening_check_owner(row, OWNER_SEED);
	assert_false(listener_counts(row));
	assert_int_equal(row->highest_ever, 1);
	close(accept_from(listener));
	row = listening_walk(&probe, &table);
	assert_non_null(row);
	listening_check(row, 0, 1, 0, 1, LISTENER_FINE);
	play_queue(&probe, &table, listener, port);
	close(client);
	close(listener);
	settle(&port, 1);
	probe_close(&probe);
	listener_table_close(&table);
}

static void test_older(void **state)
{
	(void)state;
	play_older(STORAGE_SOCKET);
}

static void test_older_in_hash(void **state)
{
	(void)state;
	play_older(STORAGE_HASH);
}

/* Drops until a moment before the walk, and after it; those before the start are past. */
static void test_overflow(void **state)
{
	struct listener_table table = {};
	const struct listener_row *row;
	struct probe probe = PROBE_CLOSED;
	int clients[8 * DROPS], count = 0;
	uint32_t before = 0;
	uint16_t port;
	int listener = listen_on(IPV4, &port);

	(void)state;
	require(!listen(listener, 0), "no short queue");
	for (int round = 0; round < 3; round++) {
		while (listening_drops(listener) < before + DROPS) {
			require(count < 8 * DROPS, "%u drops only", listening_drops(listener));
			clients[count] = client_socket(IPV4);
			require(!fcntl(clients[count], F_SETFL, O_NONBLOCK), "no O_NONBLOCK");
			connect_socket(clients[count++], IPV4, port);
		}
		if (!round)
			listening_open(port, 0, STORAGE_AUTO, &probe);
		row = listening_walk(&probe, &table);
		listening_check_kernel(row, listener);
		assert_true(row->now.drops >= before + DROPS);
		assert_int_equal(row->dropped, round ? row->now.drops - before : 0);
		assert_int_equal(row->overflow, round ? LISTENER_OVERFLOWED : LISTENER_FULL);
		before = row->now.drops;
	}
	for (int i = 0; i < count; i++)
		close(clients[i]);
	close(listener);
	settle(&port, 1);
	probe_close(&probe);
	listener_table_close(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),           cmocka_unit_test(test_new_in_hash), cmocka_unit_test(test_older),
		cmocka_unit_test(test_older_in_hash), cmocka_unit_test(test_overflow),
	};

	return cmocka_run_group_tests_name("listeners", tests, run_base_group_setup, run_base_group_teardown);
}

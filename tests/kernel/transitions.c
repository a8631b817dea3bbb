/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Each way in which connections begin and end, over IPv4, IPv6 and both kinds of IPv4 in IPv6. Compares every row with
 * the witness: duration, owner, cookie and network namespace.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/kernel.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/scenario.h"
#include "lib/test.h"

static void play_all_flavours(struct run *run, const struct scenario *scenario, uint16_t ports[FLAVOURS])
{
	struct expectation expectation = {
		.ports = ports, .port_count = FLAVOURS, .pid = getpid(), .comm = own_comm(), .netns = own_netns()};

	run_start(run, NULL);
	for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++)
		scenario->play(flavour, &ports[flavour]);
	run_stop(run);
	run_check(run, 0, &expectation);
	for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++)
		expect_lives(&run->pairing, ports[flavour], scenario->lives);
}

static void test_every_end(void **state, const char *name)
{
	uint16_t ports[FLAVOURS];

	play_all_flavours(*state, scenario_named(name), ports);
}

static void test_client_closes_first(void **state)
{
	test_every_end(state, "client closes first");
}

static void test_server_closes_first(void **state)
{
	test_every_end(state, "server closes first");
}

/* The transition to itself shows the time so far, and the clock runs on: run_check() compares both with the witness. */
static void test_closed_twice(void **state)
{
	struct run *run = *state;
	uint16_t ports[FLAVOURS];

	play_all_flavours(run, scenario_named("closed twice"), ports);
	for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++)
		if (!run->losses.lost && !run->pairing.hidden)
			require(rows_find(&run->rows, ports[flavour], "FIN_WAIT2", "FIN_WAIT2", NULL),
				"%s: close() after shutdown() is no transition any more", flavour_name(flavour));
}

static void test_client_resets(void **state)
{
	test_every_end(state, "client resets");
}

static void test_server_resets(void **state)
{
	test_every_end(state, "server resets");
}

static void test_unread_data(void **state)
{
	test_every_end(state, "unread data");
}

static void test_never_accepted(void **state)
{
	test_every_end(state, "never accepted");
}

static void test_refused(void **state)
{
	test_every_end(state, "refused");
}

static void test_listened(void **state)
{
	test_every_end(state, "listened");
}

static void test_half_closed(void **state)
{
	struct run *run = *state;
	uint16_t ports[FLAVOURS];

	play_all_flavours(run, scenario_named("half closed"), ports);
	for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++) {
		const struct row *row = rows_find(&run->rows, ports[flavour], "CLOSE_WAIT", "LAST_ACK", NULL);

		/* The witness has seen the same; here the test knows it, too. */
		if (row && row->has_duration)
			require(row->duration_us >= HALF_CLOSED_MS * 1000.0 - 50, "%s: CLOSE_WAIT of %.3f us",
				flavour_name(flavour), row->duration_us);
	}
}

/* Both connections of the one client socket that connects twice. */
static void expect_two_connections(const struct run *run, uint16_t port)
{
	const struct row *first = rows_find(&run->rows, port, "CLOSE", "SYN_SENT", NULL);
	const struct row *second = first ? rows_find(&run->rows, port, "CLOSE", "SYN_SENT", first + 1) : NULL;

	if (run->losses.lost || run->pairing.hidden)
		return; /* this time it is not sure that both have been seen */
	require(first && second, "port %u: no two connections", port);
	require(first->cookie == second->cookie && first->change.skaddr == second->change.skaddr,
		"port %u: lines %llu and %llu are of two sockets", port, (unsigned long long)first->line,
		(unsigned long long)second->line);
	if (!kernel_has_socket_storage())
		return; /* the hash has forgotten the first one */
	require(first->conn_seq == 0 && second->conn_seq == 1, "port %u: conn_seq %u and %u", port, first->conn_seq,
		second->conn_seq);
	for (const struct row *row = second; row && row->cookie == second->cookie; row = rows_next(&run->rows, row))
		require(row->conn_seq == 1, "line %llu: conn_seq %u", (unsigned long long)row->line, row->conn_seq);
	require(second->has_duration, "port %u: how long the socket was unconnected is not known", port);
}

static void test_connected_again(void **state)
{
	struct run *run = *state;
	uint16_t ports[FLAVOURS];

	play_all_flavours(run, scenario_named("connected again"), ports);
	for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++)
		expect_two_connections(run, ports[flavour]);
}

static void test_refused_then_connected(void **state)
{
	struct run *run = *state;
	uint16_t ports[FLAVOURS];

	play_all_flavours(run, scenario_named("refused then connected"), ports);
	for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++)
		expect_two_connections(run, ports[flavour]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_client_closes_first),
		measured_test(test_server_closes_first),
		measured_test(test_half_closed),
		measured_test(test_client_resets),
		measured_test(test_closed_twice),
		measured_test(test_server_resets),
		measured_test(test_unread_data),
		measured_test(test_never_accepted),
		measured_test(test_refused),
		measured_test(test_listened),
		measured_test(test_connected_again),
		measured_test(test_refused_then_connected),
	};

	return cmocka_run_group_tests_name("transitions", tests, run_group_setup, run_group_teardown);
}

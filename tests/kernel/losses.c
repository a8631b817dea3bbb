/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lost rows are counted and reported, and the rows after them are right. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/churn.h"
#include "lib/guest.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/scenario.h"
#include "lib/test.h"

enum {
	REPORT_SECONDS = 10,
	DRAIN_MS = 500 /* until there is room again */
};

static unsigned int connections(void)
{
	return is_guest() ? 300 : 1000;
}

/* The tool stands still while more happens than its ring buffer holds. Then a connection that it sees whole. */
static void overflow(struct run *run, struct churn *churn, uint16_t *ret_late_port)
{
	process_pause(run->base.tools[0].process.pid);
	churn_run(churn, connections());
	process_resume(run->base.tools[0].process.pid);
	tool_await_error(&run->base.tools[0], "no room in the ring buffers",
			 REPORT_SECONDS); /* while it runs, not only at the end */
	sleep_ms(DRAIN_MS);
	scenario_named("client closes first")->play(IPV4, ret_late_port);
}

static void expect_right_rows(struct run *run, const struct churn *churn, uint16_t late_port)
{
	struct expectation late = {.ports = &late_port, .port_count = 1, .pid = getpid(), .comm = own_comm()};

	for (size_t i = 0; i < CHURN_PROCESSES; i++) {
		struct expectation expectation = {
			.ports = &churn->ports[i], .port_count = 1, .pid = churn->pids[i], .comm = CHURN_COMM};

		/* The other process's ring may have been full from its first connection on. */
		for (size_t row = 0; row < run->rows.count; row++)
			if (tuple_has_port(&run->rows.items[row].change.tuple, &churn->ports[i], 1)) {
				expect_rows(&run->pairing, &run->base.tools[0], &expectation);
				break;
			}
	}
	expect_rows(&run->pairing, &run->base.tools[0], &late);
}

static void check_overflow(void **state, const char *const *args, int exit_code)
{
	struct run *run = *state;
	struct churn churn;
	uint16_t late_port;

	run_start(run, args);
	overflow(run, &churn, &late_port);
	run_stop(run);
	run_account(run, 0, NULL);
	require(run->losses.ring_full, "nothing was lost: this test has become pointless");
	require(tool_exit_code(&run->base.tools[0]) == exit_code, "the tool ended with %d, not %d",
		tool_exit_code(&run->base.tools[0]), exit_code);
	expect_right_rows(run, &churn, late_port);
}

static void test_ring_full(void **state)
{
	check_overflow(state, (const char *const[]){"--buffer-size", "64K", NULL}, 0);
}

static void test_ring_full_strict(void **state)
{
	check_overflow(state, (const char *const[]){"--buffer-size", "64K", "--strict", NULL}, 3);
}

static void test_ring_full_hash(void **state)
{
	struct run *run = *state;
	struct churn churn;
	uint16_t late_port;

	run_start(run, (const char *const[]){"--buffer-size", "64K", "--storage", "hash", NULL});
	overflow(run, &churn, &late_port);
	run_stop(run);
	run_account(run, 0, NULL);
	require(run->losses.ring_full, "nothing was lost: this test has become pointless");
}

/* A small ring buffer and a consumer that naps: the half-full wake-up keeps it empty, or the losses are counted. */
static void test_small_ring(void **state)
{
	struct run *run = *state;
	struct churn churn;

	run_start(run, (const char *const[]){"--buffer-size", "64K", NULL});
	churn_run(&churn, 2 * connections());
	run_stop(run);
	run_account(run, 0, NULL);
}

/* --strict has nothing to complain about. */
static void test_strict_without_losses(void **state)
{
	struct run *run = *state;
	uint16_t port;

	run_start(run, (const char *const[]){"--strict", NULL});
	scenario_named("client closes first")->play(IPV4, &port);
	run_stop(run);
	run_account(run, 0, NULL);
	require(tool_exit_code(&run->base.tools[0]) == (run->losses.lost ? 3 : 0) || run->pairing.hidden,
		"the tool ended with %d", tool_exit_code(&run->base.tools[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_ring_full),
		measured_test(test_ring_full_strict),
		measured_test(test_ring_full_hash),
		measured_test(test_small_ring),
		measured_test(test_strict_without_losses),
	};

	return cmocka_run_group_tests_name("losses", tests, run_group_setup, run_group_teardown);
}

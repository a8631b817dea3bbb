/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * 20,000 loopback connections as fast as possible: printed and lost events together are exactly the events that
 * happened. $TCPVITALS_CONNECTIONS has the number of connections for a machine with less memory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/churn.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"

#define CONNECTIONS     20000
#define MAX_CONNECTIONS 20000 /* what the witness's buffer holds */

static unsigned int connection_count(void)
{
	const char *text = getenv("TCPVITALS_CONNECTIONS");
	unsigned int count = text ? (unsigned int)strtoul(text, NULL, 10) : CONNECTIONS;

	return count && count <= MAX_CONNECTIONS ? count : CONNECTIONS;
}

static void print_speed(const struct churn *churn, unsigned int connections)
{
	double seconds = (double)churn->took_ns / NS_PER_SEC;

	print_message("%u connections in %.3f s: %.0f each second\n", connections, seconds, connections / seconds);
}

/* The rows of each process are its own, and known all the way. */
static void expect_churn(struct run *run, size_t tool, const struct churn *churn)
{
	for (size_t i = 0; i < CHURN_PROCESSES; i++) {
		struct expectation expectation = {.ports = &churn->ports[i],
						  .port_count = 1,
						  .pid = churn->pids[i],
						  .comm = CHURN_COMM,
						  .netns = own_netns(),
						  .durations_are_not_compared = true};

		expect_rows(&run->pairing, &run->base.tools[tool], &expectation);
	}
}

/* The rows of connections whose every transition has one, and no more than these, know how long each state was. */
static void churn_with(void **state, const char *const *args, bool fallback)
{
	struct run *run = *state;
	unsigned int connections = connection_count();
	struct churn churn;

	run->no_bracket = true;
	run_start(run, args);
	churn_run(&churn, connections);
	run_stop(run);
	print_speed(&churn, connections);
	run_account(run, 0, NULL);
	tool_expect_success(&run->base.tools[0]);
	require(run->pairing.due >= connections / CHURN_PROCESSES * CHURN_PROCESSES * 10, "only %zu transitions",
		run->pairing.due);
	require(!run->losses.undecoded && !run->losses.unwritten, "lost by the tool: %s",
		tool_errors(&run->base.tools[0]));
	/* The target is none with a default buffer. On a busy machine that is a matter of time, which decides no test.
	 */
	if (run->losses.ring_full)
		print_message("NOTE: the ring buffer was full for a while\n");
	require(run->losses.ring_full <= run->losses.seen / 10, "the ring buffer was full: %s",
		tool_errors(&run->base.tools[0]));
	if (!fallback)
		expect_churn(run, 0, &churn);
}

static void test_churn(void **state)
{
	churn_with(state, NULL, false);
}

static void test_churn_hash(void **state)
{
	churn_with(state, (const char *const[]){"--storage", "hash", NULL}, true);
}

static void test_churn_classic_tracepoint(void **state)
{
	churn_with(state, (const char *const[]){"--hook", "tracepoint", NULL}, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_churn),
		measured_test(test_churn_hash),
		measured_test(test_churn_classic_tracepoint),
	};

	return cmocka_run_group_tests_name("scale", tests, run_group_setup, run_group_teardown);
}

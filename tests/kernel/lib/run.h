/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One measured run: the witness, one or more tools, the traffic of the test, and the comparison. */
#ifndef TESTS_KERNEL_RUN_H
#define TESTS_KERNEL_RUN_H

#include "expect.h"
#include "run_base.h"
#include "witness.h"

struct run {
	struct run_base base;
	struct witness *witness;
	bool no_bracket; /* start no second witness instance: one is enough to count 200,000 transitions */
	int64_t wall_offset;
	struct witness_log log;
	/* of the last run_check() */
	struct rows rows;
	struct tool_losses losses;
	struct pairing pairing;
};

/* For cmocka: setup and teardown of a group, whose state is a struct run; teardown of each test. */
int run_group_setup(void **state);
int run_group_teardown(void **state);
int run_teardown(void **state);

#define measured_test(function) cmocka_unit_test_teardown(function, run_teardown)

/* Starts the witness. Skips the test if there is none. */
void run_watch(struct run *run);

/* run_watch(), then starts a tool with "-o json -v" and `args` (may be NULL). */
void run_start(struct run *run, const char *const *args);

/* Starts one more tool. Call before the traffic. */
void run_start_another(struct run *run, const char *const *args);

/* Call after the traffic. Sends SIGTERM to the tools, waits for their ends, and reads the log of the witness. */
void run_stop(struct run *run);

/*
 * Reads the output of a tool and prints the account. Fails the test unless all of this is true:
 * - Each row shows one of the witness's events.
 * - Each event has a row, is hidden by this machine, or is counted as lost.
 * - The tool's report about its losses is true, and its exit status is 0.
 * - The rows are as expected.
 */
void run_check(struct run *run, size_t tool, const struct expectation *expectation);

/* The account alone, for tests that check the rest themselves. */
void run_account(struct run *run, size_t tool, const bool *wanted);

/* Of this process. */
const char *own_comm(void);
uint64_t own_netns(void);

#endif

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
	bool no_bracket; /* one witness is enough where 200,000 transitions are counted */
	int64_t wall_offset;
	struct witness_log log;
	/* of the tool that run_check() looked at last */
	struct rows rows;
	struct tool_losses losses;
	struct pairing pairing;
};

/* For cmocka: of the group (the state is a struct run), and after each test. */
int run_group_setup(void **state);
int run_group_teardown(void **state);
int run_teardown(void **state);

#define measured_test(function) cmocka_unit_test_teardown(function, run_teardown)

/* Starts the witness. Skips the test where there is none. */
void run_watch(struct run *run);

/* Both: starts the witness and a tool with "-o json -v" and `args` (may be NULL). Skips the test where there is no
 * witness.
 */
void run_start(struct run *run, const char *const *args);

/* One more tool, before the traffic. */
void run_start_another(struct run *run, const char *const *args);

/* After the traffic: SIGTERM to the tools, then the witness's log is there. */
void run_stop(struct run *run);

/*
 * Reads what a tool printed, prints the account and fails the test unless
 * - each row shows one of the witness's events, and each event has a row, is hidden by this machine, or is accounted
 * for as lost,
 * - what the tool says about its losses is true, and it ended with 0,
 * - the rows are as expected.
 */
void run_check(struct run *run, size_t tool, const struct expectation *expectation);

/* The account alone, for tests that have an opinion of their own about the rest. */
void run_account(struct run *run, size_t tool, const bool *wanted);

/* This process's. */
const char *own_comm(void);
uint64_t own_netns(void);

#endif

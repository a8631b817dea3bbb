/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What every measured run has, whatever the tool: the machine to itself, some tools that look at the same traffic,
 * their end. run.h adds the witness of transitions and what tcpstates prints, rtt_run.h those of tcprtt; another tool's
 * run is a struct that begins with this one.
 */
#ifndef TESTS_KERNEL_RUN_BASE_H
#define TESTS_KERNEL_RUN_BASE_H

#include <stdio.h>

#include "tool.h"

#define RUN_TOOLS 16

struct run_base {
	struct tool tools[RUN_TOOLS];
	size_t tool_count;
	const char *why_not; /* there is no witness; else NULL */
};

/* For cmocka: of a group whose state is a struct run_base, and after each test. */
int run_base_group_setup(void **state);
int run_base_group_teardown(void **state);
int run_base_teardown(void **state);

/*
 * For the setup of a group whose state begins with a struct run_base: `size` bytes of zeros, free() them; NULL without
 * memory. Returns once no other program of tests/kernel runs on this machine.
 */
void *run_base_new(size_t size);

/* Skips the test where there is no witness. */
void run_base_need_witness(const struct run_base *base);

/* Room for one more tool, which run_base_teardown() ends: for tool_start() and its kind. */
struct tool *run_base_add(struct run_base *base);

/* tool_start_other() with that room. */
struct tool *run_base_start(struct run_base *base, const char *name, const char *const *args);

/* After the traffic: SIGTERM to each tool, and its end. */
void run_base_stop(struct run_base *base);

/* Fails the test unless each tool ended with 0. */
void run_base_expect_success(const struct run_base *base);

/* A tool that has ended. $TCPVITALS_KEEP names a folder for what it wrote, for the one who looks into a failure. */
const struct tool *run_base_tool(const struct run_base *base, size_t index);

/* A file in that folder; NULL without one. fclose() it. */
FILE *run_base_keep(const struct tool *tool, const char *what);

#endif

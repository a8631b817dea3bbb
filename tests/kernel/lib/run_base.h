/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The common part of all measured runs: the machine without other tests, some tools that observe the same traffic, and
 * their end. run.h adds the witness of transitions and the rows of tcpstates. rtt_run.h adds the same for tcprtt. The
 * run of another tool is a struct that begins with this one.
 */
#ifndef TESTS_KERNEL_RUN_BASE_H
#define TESTS_KERNEL_RUN_BASE_H

#include <stdio.h>

#include "tool.h"

#define RUN_TOOLS 16

struct run_base {
	struct tool tools[RUN_TOOLS];
	size_t tool_count;
	const char *why_not; /* why there is no witness, else NULL */
};

/* For cmocka: setup and teardown of a group, whose state is a struct run_base; teardown of each test. */
int run_base_group_setup(void **state);
int run_base_group_teardown(void **state);
int run_base_teardown(void **state);

/*
 * For the setup of a group whose state begins with a struct run_base. Returns `size` bytes of zeros, to free(), or NULL
 * without memory. Waits until no other program of tests/kernel runs on this machine.
 */
void *run_base_new(size_t size);

/* Skips the test if there is no witness. */
void run_base_need_witness(const struct run_base *base);

/* Adds a tool, for tool_start() and its variants. run_base_teardown() ends the tool. */
struct tool *run_base_add(struct run_base *base);

/* run_base_add() and tool_start_other(). */
struct tool *run_base_start(struct run_base *base, const char *name, const char *const *args);

/* Call after the traffic. Sends SIGTERM to each tool and waits for its end. */
void run_base_stop(struct run_base *base);

/* Fails the test unless the exit status of each tool is 0. */
void run_base_expect_success(const struct run_base *base);

/* A tool that has ended. If $TCPVITALS_KEEP names a folder, its output is kept there, for the analysis of a failure. */
const struct tool *run_base_tool(const struct run_base *base, size_t index);

/* A new file in that folder; NULL without a folder. fclose() it. */
FILE *run_base_keep(const struct tool *tool, const char *what);

#endif

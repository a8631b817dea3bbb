/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of --stuck -o json about a connection. */
#ifndef TESTS_KERNEL_STUCK_ROWS_H
#define TESTS_KERNEL_STUCK_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "stuck_scene.h"
#include "tool.h"

struct stuck_row {
	uint64_t time_ns;  /* CLOCK_MONOTONIC; since_ns, too */
	uint64_t since_ns; /* 0: unknown */
	uint64_t age_ns;
	int pid;        /* -1: unknown */
	char owner[64]; /* the other words about the owner */
};

/* Returns the number of whole rows about the connection. If there are any, writes the first and the last. */
size_t stuck_find_rows(const struct tool *tool, const struct stuck_victim *victim, struct stuck_row *ret_first,
		       struct stuck_row *ret_last);

/* Waits for a row about the connection from a scan after `after_ns`. Fails the test after 10 s. */
struct stuck_row stuck_wait_for_row(const struct tool *tool, const struct stuck_victim *victim, uint64_t after_ns);

#endif

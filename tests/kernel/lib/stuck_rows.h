/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What --stuck -o json says of a connection. */
#ifndef TESTS_KERNEL_STUCK_ROWS_H
#define TESTS_KERNEL_STUCK_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "stuck_scene.h"
#include "tool.h"

struct stuck_row {
	uint64_t time_ns;  /* monotonic, as all that follow */
	uint64_t since_ns; /* 0: not known */
	uint64_t age_ns;
	int pid; /* -1: not known */
};

/* How many whole rows are about it; the first and the last of them. */
size_t stuck_find_rows(const struct tool *tool, const struct stuck_victim *victim, struct stuck_row *ret_first,
		       struct stuck_row *ret_last);

/* Waits for a row about it that is of a look after `after_ns`. */
struct stuck_row stuck_wait_for_row(const struct tool *tool, const struct stuck_victim *victim, uint64_t after_ns);

#endif

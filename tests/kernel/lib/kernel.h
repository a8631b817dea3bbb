/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What to expect of the running kernel, told by its version and not by what the tools make of it. */
#ifndef TESTS_KERNEL_KERNEL_H
#define TESTS_KERNEL_KERNEL_H

#include <stdbool.h>

#include "os/kernel_version.h"

/* Socket storage and socket cookies in BTF-typed tracepoints (8e4597c627fb and c5dbb89fc2ac, both 5.11 and 5.12). */
static inline bool kernel_has_socket_storage(void)
{
	return kernel_is_at_least(5, 12);
}

/* A child has its own addresses when LISTEN -> SYN_RECV fires; before, they come with its next transition. */
static inline bool kernel_names_children_at_birth(void)
{
	return kernel_is_at_least(6, 15);
}

/* What a program on a classic tracepoint is skipped for (dd8657894c11). */
static inline bool kernel_counts_missed_tracepoints(void)
{
	return kernel_is_at_least(6, 7);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Expected features of the running kernel, by its version, independent of the tools' own checks. */
#ifndef TESTS_KERNEL_KERNEL_H
#define TESTS_KERNEL_KERNEL_H

#include <stdbool.h>

#include "os/kernel_version.h"

/* Socket storage (8e4597c627fb, 5.11) and socket cookies (c5dbb89fc2ac, 5.12) in BTF-typed tracepoints. */
static inline bool kernel_has_socket_storage(void)
{
	return kernel_is_at_least(5, 12);
}

/* A child socket has its addresses at LISTEN -> SYN_RECV. Before 6.15, it gets them at its next transition. */
static inline bool kernel_names_children_at_birth(void)
{
	return kernel_is_at_least(6, 15);
}

/* The kernel counts the skipped runs of a program on a classic tracepoint (dd8657894c11). */
static inline bool kernel_counts_missed_tracepoints(void)
{
	return kernel_is_at_least(6, 7);
}

#endif

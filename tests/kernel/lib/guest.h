/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Detects a guest of tests/vm. A guest is emulated, and only the tests use it. A tool's start takes half a second of
 * CPU time in a guest, so tests repeat things less often there.
 */
#ifndef TESTS_KERNEL_GUEST_H
#define TESTS_KERNEL_GUEST_H

#include <stdbool.h>
#include <stdlib.h>

static inline bool is_guest(void)
{
	return getenv("TCPVITALS_GUEST");
}

#endif

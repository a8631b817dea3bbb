/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether this is a guest of tests/vm. It is a machine of the tests' own, and an emulated one: a tool takes half a
 * second of a CPU there until it traces. What is done often elsewhere is done less often.
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

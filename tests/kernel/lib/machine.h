/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The answers of tests/machine about this machine. A test that needs more is skipped, with the name of what is missing.
 */
#ifndef TESTS_KERNEL_MACHINE_H
#define TESTS_KERNEL_MACHINE_H

/*
 * NULL, or "this machine has no NAME: REASON" in a static buffer. The answer "unknown" gives NULL: the test goes on and
 * finds out. An unknown name fails the test.
 *
 * The file with the answers is $TCPVITALS_MACHINE. If that variable is not set, build/tests/machine/machine runs once.
 */
const char *machine_refuses(const char *name);

/* Skips the running test if the machine refuses that. */
void need_machine(const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this machine allows, as tests/machine has found it: a test that needs more is skipped by name. */
#ifndef TESTS_KERNEL_MACHINE_H
#define TESTS_KERNEL_MACHINE_H

/*
 * NULL, or "this machine has no NAME: REASON" in a static buffer. "unknown" is no refusal: the test goes on and finds
 * out. A name that tests/machine does not know fails the test. The answers are those in the file $TCPVITALS_MACHINE;
 * where that is not set, build/tests/machine/machine is run once.
 */
const char *machine_refuses(const char *name);

/* Skips the running test where the machine refuses that. */
void need_machine(const char *name);

#endif

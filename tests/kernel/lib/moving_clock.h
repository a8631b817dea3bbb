/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Setting the clock and suspending the machine: in guests of tests/vm only, whose clocks are nobody else's. */
#ifndef TESTS_KERNEL_MOVING_CLOCK_H
#define TESTS_KERNEL_MOVING_CLOCK_H

#include <stdint.h>

/* Skips the test elsewhere. */
void need_own_clock(void);

/* The same where the machine cannot be suspended to RAM until an alarm of its RTC. */
void need_suspend(void);

/* CLOCK_REALTIME. */
int64_t wall_ns(void);

/* Sets CLOCK_REALTIME that much ahead, or back. */
void clock_step(int64_t step_ns);

/* For some seconds. Returns for how long, by the kernel's clocks. */
int64_t machine_suspend(void);

/* For teardowns: CLOCK_REALTIME is again what it would be without clock_step(). */
void clock_restore(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Steps of the clock and suspends of the machine, only in guests of tests/vm, whose clocks nothing else uses. */
#ifndef TESTS_KERNEL_MOVING_CLOCK_H
#define TESTS_KERNEL_MOVING_CLOCK_H

#include <stdint.h>

/* Skips the test unless it runs in a guest. */
void need_own_clock(void);

/* need_own_clock(). Also skips the test if the machine cannot suspend to RAM until an alarm of its RTC. */
void need_suspend(void);

/* CLOCK_REALTIME. */
int64_t wall_ns(void);

/* Adds `step_ns` to CLOCK_REALTIME. A negative step sets the clock back. */
void clock_step(int64_t step_ns);

/* Suspends the machine for some seconds. Returns the duration of the suspend in ns, by the kernel's clocks. */
int64_t machine_suspend(void);

/* For every teardown: undoes all calls of clock_step(). */
void clock_restore(void);

#endif

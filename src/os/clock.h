/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The host's clocks. The kernel stamps events with the host's CLOCK_MONOTONIC. In a time namespace, a process's own
 * CLOCK_MONOTONIC and CLOCK_BOOTTIME differ from the host's.
 */
#ifndef TCPVITALS_OS_CLOCK_H
#define TCPVITALS_OS_CLOCK_H

#include "core/timestamp.h"

#include <stdint.h>

/* The host's CLOCK_MONOTONIC in nanoseconds, as bpf_ktime_get_ns() returns it. */
uint64_t clock_monotonic_ns(void);

/*
 * Reads the clocks and the time zone, and records changes in base->clocks. first_ns stays.
 *
 * Call it before and after times are printed. Before: the times follow a clock step, a suspend and daylight saving.
 * After: a change that is found later does not apply to the times already printed.
 */
void clock_refresh(struct timebase *base);

#endif

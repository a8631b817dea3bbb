/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's clocks. In a time namespace a process's own CLOCK_MONOTONIC and CLOCK_BOOTTIME are others: the kernel
 * stamps events with its own.
 */
#ifndef TCPVITALS_OS_CLOCK_H
#define TCPVITALS_OS_CLOCK_H

#include "core/timestamp.h"

#include <stdint.h>

/* The kernel's CLOCK_MONOTONIC in nanoseconds, what bpf_ktime_get_ns() returns. */
uint64_t clock_monotonic_ns(void);

/*
 * Reads the clocks and the time zone, and notes in base->clocks what has changed; first_ns stays. Before times are
 * told: then they follow a set clock, a suspend and daylight saving. After that, too: a change found later holds for
 * none of the times that were told.
 */
void clock_refresh(struct timebase *base);

#endif

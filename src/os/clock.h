/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_OS_CLOCK_H
#define TCPVITALS_OS_CLOCK_H

#include "core/timestamp.h"

#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds, what bpf_ktime_get_ns() returns. */
uint64_t clock_monotonic_ns(void);

/* Reads both clocks and the time zone again; first_ns stays. Once a second follows NTP, a set clock and daylight
 * saving. */
void clock_refresh(struct timebase *base);

#endif

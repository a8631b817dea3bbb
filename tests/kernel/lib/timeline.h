/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The times of rows on the witness's clock. Rows have wall time. The tool reads the offset to the monotonic clock once
 * a second, and an NTP daemon may be changing it.
 *
 * Wall time is thus too coarse to distinguish two connections that reuse one socket address. But most rows match only
 * one event, and these pairs give the offset.
 */
#ifndef TESTS_KERNEL_TIMELINE_H
#define TESTS_KERNEL_TIMELINE_H

#include "rows.h"
#include "witness.h"

/*
 * The times by index of the row, in ns of CLOCK_MONOTONIC, rather too early than too late. free() it. `wall_offset` is
 * the fallback if no row matches exactly one event.
 */
int64_t *timeline_make(const struct witness_log *log, const struct rows *rows, int64_t wall_offset);

#endif

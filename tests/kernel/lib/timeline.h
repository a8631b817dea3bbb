/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When rows happened on the witness's clock. They show wall time, whose distance from the monotonic clock the tool
 * reads anew every second, and which an NTP daemon may be moving: too coarse to tell two connections of one reused
 * socket address apart. But most rows look like one event only, and these tell what the distance was.
 */
#ifndef TESTS_KERNEL_TIMELINE_H
#define TESTS_KERNEL_TIMELINE_H

#include "rows.h"
#include "witness.h"

/* By index of the row, in ns of CLOCK_MONOTONIC, if anything too early; free() it. `wall_offset` is for when no row is
 * one of a kind. */
int64_t *timeline_make(const struct witness_log *log, const struct rows *rows, int64_t wall_offset);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Evaluates the histograms of abi/histogram.h: sums, differences, quantiles, the log2 table. */
#ifndef TCPVITALS_CORE_HISTOGRAM_H
#define TCPVITALS_CORE_HISTOGRAM_H

#include "abi/histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The unit of the value that chooses a slot. */
enum tick {
	TICK_US,     /* microseconds */
	TICK_MS1024, /* 1/1024 millisecond: folds exactly into powers of two of milliseconds */
};

/* Entries of the log2 table: powers of two up to SLOT_VALUE_BITS. */
#define LOG2_COUNT SLOT_VALUE_BITS

/* The values of a slot are [low, high), in ticks. The last slot's `high` is UINT64_MAX. */
void slot_bounds(uint32_t slot, uint64_t *ret_low, uint64_t *ret_high);

/* Converts `ticks` (up to 2^SLOT_VALUE_BITS) to microseconds, rounded up. */
uint64_t tick_to_us(enum tick tick, uint64_t ticks);

/*
 * The values of a slot are [low, high), in microseconds. The bounds are exact for either tick, because samples are
 * whole microseconds. The last slot's `high` is UINT64_MAX.
 */
void slot_bounds_us(enum tick tick, uint32_t slot, uint64_t *ret_low, uint64_t *ret_high);

void histogram_add(struct histogram *to, const struct histogram *more);

/*
 * The difference between two readings of counters. The counters only grow; the difference is right modulo 2^64, so they
 * may wrap around. `ret` may be `now` or `before`.
 */
void histogram_subtract(const struct histogram *now, const struct histogram *before, struct histogram *ret);

uint64_t histogram_count(const struct histogram *histogram);

/*
 * Computes the log2 table of the peers (bcc's and libbpf-tools' tcprtt): ret[i] counts values of [2^i, 2^(i+1)), and
 * ret[0] also 0. The unit is a microsecond, or a millisecond for TICK_MS1024. The counts are exact, because no slot
 * straddles a power of two. Values beyond SLOT_VALUE_BITS count with the last slot: in ret[27], or in ret[17] for
 * TICK_MS1024.
 */
void histogram_fold_log2(const struct histogram *histogram, enum tick tick, uint64_t ret[LOG2_COUNT]);

/*
 * All times are in microseconds; all members are 0 when count is 0. Of a sample, only its slot is known. The last slot
 * has no end: for its samples, min, max and quantiles are the beginning of the slot.
 */
struct histogram_stats {
	uint64_t count;
	double mean;   /* exact */
	double jitter; /* mean of the mean deviations (related to RTTVAR of RFC 6298), exact */
	uint64_t min;  /* smallest value of the lowest slot in use: at most 1/16 below the smallest sample */
	uint64_t max;  /* largest value of the highest slot in use: at most 1/16 above the largest sample */
	/*
	 * Nearest rank: the smallest sample that at least q * count samples do not exceed. The value is the middle of
	 * that sample's slot, rounded down: within 1/32. Below 32 us a slot has one value, so the sample is exact.
	 */
	uint64_t p50, p90, p99, p999;
};

void histogram_statistics(const struct histogram *histogram, enum tick tick, struct histogram_stats *ret);

#endif

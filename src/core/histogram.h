/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a histogram says: differences, quantiles, the log2 table. */
#ifndef TCPVITALS_CORE_HISTOGRAM_H
#define TCPVITALS_CORE_HISTOGRAM_H

#include "abi/histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the value that chose a slot counted. */
enum tick {
	TICK_US,     /* microseconds */
	TICK_MS1024, /* 1/1024 millisecond: folds exactly into powers of two of milliseconds */
};

/* Enough powers of two for SLOT_VALUE_BITS. */
#define LOG2_COUNT SLOT_VALUE_BITS

/* The values of a slot are [low, high), in ticks. The last slot's `high` is UINT64_MAX. */
void slot_bounds(uint32_t slot, uint64_t *ret_low, uint64_t *ret_high);

/* The smallest whole number of microseconds that is at least `ticks`, of up to 2^SLOT_VALUE_BITS. */
uint64_t tick_to_us(enum tick tick, uint64_t ticks);

/*
 * The same values in microseconds. Samples are whole microseconds, so this is exact for either tick: a sample is in the
 * slot when low <= sample < high. The last slot's `high` is UINT64_MAX.
 */
void slot_bounds_us(enum tick tick, uint32_t slot, uint64_t *ret_low, uint64_t *ret_high);

void histogram_add(struct histogram *to, const struct histogram *more);

/*
 * What came between two readings of counters that only grow (and may wrap: right modulo 2^64). `ret` may be `now` or
 * `before`.
 */
void histogram_subtract(const struct histogram *now, const struct histogram *before, struct histogram *ret);

uint64_t histogram_count(const struct histogram *histogram);

/*
 * The peers' table: ret[i] counts values of [2^i, 2^(i+1)) - ret[0] also 0 - in units (microseconds, or milliseconds
 * for TICK_MS1024). Exact: no slot straddles a power of two. What is beyond SLOT_VALUE_BITS is counted with the last
 * slot: in ret[27], or in ret[17] for TICK_MS1024.
 */
void histogram_fold_log2(const struct histogram *histogram, enum tick tick, uint64_t ret[LOG2_COUNT]);

/*
 * All in microseconds; all 0 when count is 0. What is known of a sample is its slot. Of those of the last slot, which
 * has no end, min, max and quantiles tell where it begins.
 */
struct histogram_stats {
	uint64_t count;
	double mean;   /* exact */
	double jitter; /* mean of the mean deviations (RFC 6298 RTTVAR's kin), exact */
	uint64_t min; /* the smallest value that the lowest slot in use holds: at most 1/16 below the smallest sample */
	uint64_t max; /* the largest value that the highest slot in use holds: at most 1/16 above the largest sample */
	/*
	 * Nearest rank (the smallest sample that at least q * count samples do not exceed), as the middle of its slot,
	 * rounded down: within 1/32, and the very sample below 32 us, where a slot has one value.
	 */
	uint64_t p50, p90, p99, p999;
};

void histogram_statistics(const struct histogram *histogram, enum tick tick, struct histogram_stats *ret);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Evaluates the histograms of abi/time_histogram.h. */
#ifndef TCPVITALS_CORE_TIME_HISTOGRAM_H
#define TCPVITALS_CORE_TIME_HISTOGRAM_H

#include "abi/time_histogram.h"

#include <stdint.h>

/*
 * Classic buckets: the upper bounds are powers of two, 2^-14 s (61 us) to 2^6 s (64 s). Each is the bound of a slot, so
 * the counts are exact. `le` is the label's value, the same in each text format.
 */
#define TIME_CLASSIC_BUCKETS 21

struct time_classic_bound {
	const char *le;
	uint32_t slot; /* the last slot of the bucket */
};

extern const struct time_classic_bound time_classic_bounds[TIME_CLASSIC_BUCKETS];

uint64_t time_histogram_count(const struct time_histogram *histogram);

/* Computes the number of times up to each classic bound, lower ones included. */
void time_histogram_classic(const struct time_histogram *histogram, uint64_t ret[TIME_CLASSIC_BUCKETS]);

/*
 * A run of native buckets: `count` slots from `slot` on. Runs leave out empty slots, unless a gap is so short that the
 * empty slots take less room than another run.
 */
struct time_run {
	uint32_t slot;
	uint32_t count;
};

/*
 * Finds the first run at or after `slot`. Slot 0 is in no run: Prometheus counts it in the zero bucket. Returns 1, or 0
 * after the last run.
 */
int time_histogram_run(const struct time_histogram *histogram, uint32_t slot, struct time_run *ret);

#endif

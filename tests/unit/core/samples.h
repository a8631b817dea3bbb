/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Samples in histograms, for the tests of functions that read histograms. */
#ifndef TCPVITALS_TEST_SAMPLES_H
#define TCPVITALS_TEST_SAMPLES_H

#include "text.h"

#include "core/histogram.h"

#define LAST_SLOT (SLOT_COUNT - 1)

static const enum tick ticks[] = {TICK_US, TICK_MS1024};

/* A sample in ticks, as the kernel side computes it. */
static inline uint64_t sample_ticks(enum tick tick, uint64_t us)
{
	return tick == TICK_MS1024 ? us * 1024 / 1000 : us;
}

static inline void put(struct histogram *histogram, enum tick tick, uint64_t us)
{
	histogram->slots[slot_of(sample_ticks(tick, us))]++;
	histogram->sum_us += us;
	histogram->mdev_sum += us;
}

#endif

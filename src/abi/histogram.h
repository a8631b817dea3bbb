/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Log-linear histograms, as in HdrHistogram, for the BPF side and user space. Each power of two has 16 slots, so a slot
 * is at most 1/16 of its values wide.
 */
#ifndef TCPVITALS_ABI_HISTOGRAM_H
#define TCPVITALS_ABI_HISTOGRAM_H

#include "abi/types.h"

#define SLOT_BITS 4 /* log2 of the slots per power of two */

/* Values of up to 28 bits (268 s in microseconds) have slots of their own. Larger values are in the last slot. */
#define SLOT_VALUE_BITS 28
#define SLOT_COUNT      ((SLOT_VALUE_BITS - SLOT_BITS + 1) << SLOT_BITS)

/*
 * Counters only grow: an interval is the difference of two readings. The unit of a slot's value is the tick: 1 us or
 * 1/1024 ms. No slot straddles a power of two, so either unit folds exactly into a log2 table of that unit.
 */
struct histogram {
	/* Both sums are 0 where they are not collected. */
	__u64 sum_us;   /* sum of all samples, in us whatever the tick */
	__u64 mdev_sum; /* sum of tp->mdev_us, the connection's mean deviation, at each sample: in 1/4 us */
	__u64 slots[SLOT_COUNT];
};

_Static_assert(sizeof(struct histogram) == 16 + 8 * 400, "struct histogram is a map's value");

/*
 * Returns a slot, 0 to SLOT_COUNT - 1. Values below 16 have a slot each. A larger value's slot depends on its highest
 * bit and the four bits below.
 */
static inline __u32 slot_of(__u64 value)
{
	__u32 shift = 0; /* value >> shift has five bits */

	if (value >> SLOT_VALUE_BITS)
		return SLOT_COUNT - 1;
	if (!(value >> SLOT_BITS))
		return (__u32)value;
	/* BPF has no instruction that finds the highest bit. */
	for (__u32 step = 16; step; step >>= 1) {
		if (value >> (shift + step + SLOT_BITS))
			shift += step;
	}
	return (shift << SLOT_BITS) + (__u32)(value >> shift);
}

#endif

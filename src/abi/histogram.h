/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Log-linear histograms, as in HdrHistogram: 16 slots per power of two, so that a slot is at most 1/16 of its values
 * wide. Kernel side and user space agree on them here.
 */
#ifndef TCPVITALS_ABI_HISTOGRAM_H
#define TCPVITALS_ABI_HISTOGRAM_H

#include "abi/types.h"

#define SLOT_BITS 4 /* log2 of the slots per power of two */

/* Values of up to 28 bits (268 s in microseconds) have slots of their own; larger ones fall into the last. */
#define SLOT_VALUE_BITS 28
#define SLOT_COUNT      ((SLOT_VALUE_BITS - SLOT_BITS + 1) << SLOT_BITS)

/*
 * Counters only grow, so that an interval is the difference of two readings. What a slot's value counts (`tick`) is a
 * microsecond or 1/1024 millisecond: slots never straddle a power of two, so either folds exactly into a log2 table of
 * that unit.
 */
struct histogram {
	/* 0 where they are not collected: */
	__u64 sum_us;   /* of all samples, in microseconds whatever the tick */
	__u64 mdev_sum; /* of the connection's mean deviation at each sample, in quarters of a microsecond as the
			   kernel keeps it (tp->mdev_us) */
	__u64 slots[SLOT_COUNT];
};

_Static_assert(sizeof(struct histogram) == 16 + 8 * 400, "struct histogram is a map's value");

/* 0 to SLOT_COUNT - 1. Values below 16 have a slot each; from there, the highest bit and the four behind it choose. */
static inline __u32 slot_of(__u64 value)
{
	__u32 shift = 0; /* leaves five bits of the value */

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

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Histograms of times for Prometheus, for the BPF side and user space. The slots are the buckets of its native
 * histograms with schema 3 (prometheus/client_model, metrics.proto): bucket i has the times up to and including
 * 2^(i/8) s that are longer than 2^((i-1)/8) s. Every eighth bound is a power of two of seconds, so classic buckets
 * with such bounds are exact sums of slots.
 */
#ifndef TCPVITALS_ABI_TIME_HISTOGRAM_H
#define TCPVITALS_ABI_TIME_HISTOGRAM_H

#include "abi/types.h"

#define TIME_SCHEMA     3
#define TIME_PER_OCTAVE 8
#define TIME_FIRST      (-20 * TIME_PER_OCTAVE)    /* bucket of slot 0, which also has all shorter times: 2^-20 s */
#define TIME_LAST       (24 * TIME_PER_OCTAVE + 1) /* bucket of all times beyond 2^24 s (194 days) */
#define TIME_SLOTS      (TIME_LAST - TIME_FIRST + 1)

/* 2^-20 s and 2^24 s in ns, rounded down: times are whole nanoseconds. */
#define TIME_FIRST_NS 953ULL
#define TIME_LONG_NS  (1000000000ULL << 24)

/* Counters only grow: an interval is the difference of two readings. */
struct time_histogram {
	__u64 sum_ns;
	__u64 slots[TIME_SLOTS];
};

_Static_assert(sizeof(struct time_histogram) == 8 * 355, "struct time_histogram is in a map's value");

/* Returns 1 if `bound` < `value`, else 0, without a branch for the verifier to follow. Both are less than 2^63. */
static inline __u32 time_is_beyond(__u64 bound, __u64 value)
{
	return (__u32)((bound - value) >> 63);
}

/*
 * Returns the slot of a time.
 *
 * The highest bit h of the time in ns and the bits below it are looked at separately. 1 s is 10^9 ns, between 2^29 and
 * 2^30. So the bounds between 2^h and 2^(h+1) ns are 2^h times eight constants, whatever h: those of the buckets
 * 8(h-29)-7 to 8(h-29). The constants are 10^9 * 2^(k/8) for k from -7 to 0, shifted to 63 bits and rounded down.
 * A time of up to 2^54 ns loses no bit when it is shifted to 63 bits, so the comparison is exact.
 */
static inline __u32 time_slot(__u64 ns)
{
	__u32 high = 0, passed;
	__u64 bits;

	if (ns <= TIME_FIRST_NS)
		return 0;
	if (ns > TIME_LONG_NS)
		return TIME_SLOTS - 1;
	for (__u32 step = 32; step; step >>= 1) {
		if (ns >> (high + step))
			high += step;
	}
	bits = ns << (62 - high);
	passed = time_is_beyond(0x40ffd3d4aa4e5371ULL, bits) + time_is_beyond(0x46e1dc4b00b253ecULL, bits) +
		 time_is_beyond(0x4d4c3382a6a891c8ULL, bits) + time_is_beyond(0x544b2fba5f832838ULL, bits) +
		 time_is_beyond(0x5bec4509686ecf50ULL, bits) + time_is_beyond(0x643e1f3e81e6df61ULL, bits) +
		 time_is_beyond(0x6d50be1668caaaedULL, bits) + time_is_beyond(0x7735940000000000ULL, bits);
	return (__u32)((int)high * TIME_PER_OCTAVE + (int)passed - 29 * TIME_PER_OCTAVE - 7 - TIME_FIRST);
}

#endif

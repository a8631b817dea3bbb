/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/time_histogram.h"

/* So many empty slots take as many bytes as a new run of the protobuf format. */
#define GAP_MAX 2

#define BOUND(power, le)                                                                                               \
	{                                                                                                              \
		le, (power)*TIME_PER_OCTAVE - TIME_FIRST                                                               \
	}

const struct time_classic_bound time_classic_bounds[TIME_CLASSIC_BUCKETS] = {
	BOUND(-14, "6.103515625e-05"),
	BOUND(-13, "0.0001220703125"),
	BOUND(-12, "0.000244140625"),
	BOUND(-11, "0.00048828125"),
	BOUND(-10, "0.0009765625"),
	BOUND(-9, "0.001953125"),
	BOUND(-8, "0.00390625"),
	BOUND(-7, "0.0078125"),
	BOUND(-6, "0.015625"),
	BOUND(-5, "0.03125"),
	BOUND(-4, "0.0625"),
	BOUND(-3, "0.125"),
	BOUND(-2, "0.25"),
	BOUND(-1, "0.5"),
	BOUND(0, "1.0"),
	BOUND(1, "2.0"),
	BOUND(2, "4.0"),
	BOUND(3, "8.0"),
	BOUND(4, "16.0"),
	BOUND(5, "32.0"),
	BOUND(6, "64.0"),
};

uint64_t time_histogram_count(const struct time_histogram *histogram)
{
	uint64_t count = 0;

	for (uint32_t slot = 0; slot < TIME_SLOTS; slot++)
		count += histogram->slots[slot];
	return count;
}

void time_histogram_classic(const struct time_histogram *histogram, uint64_t ret[TIME_CLASSIC_BUCKETS])
{
	uint64_t count = 0;
	uint32_t slot = 0;

	for (uint32_t i = 0; i < TIME_CLASSIC_BUCKETS; i++) {
		while (slot <= time_classic_bounds[i].slot)
			count += histogram->slots[slot++];
		ret[i] = count;
	}
}

/* Returns the first slot at or after `slot` that is not empty, or TIME_SLOTS. */
static uint32_t next_used(const struct time_histogram *histogram, uint32_t slot)
{
	while (slot < TIME_SLOTS && !histogram->slots[slot])
		slot++;
	return slot;
}

int time_histogram_run(const struct time_histogram *histogram, uint32_t slot, struct time_run *ret)
{
	uint32_t first = next_used(histogram, slot ? slot : 1), next = first, last = first;

	if (first == TIME_SLOTS)
		return 0;
	while (next != TIME_SLOTS && next - last <= GAP_MAX + 1) {
		last = next;
		next = next_used(histogram, next + 1);
	}
	*ret = (struct time_run){.slot = first, .count = last - first + 1};
	return 1;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/histogram.h"

#include <string.h>

#define SLOTS_PER_OCTAVE (1U << SLOT_BITS)
#define MDEV_PER_US      4
#define LAST_SLOT        (SLOT_COUNT - 1)

/* log2 of the ticks in one unit of the log2 table. */
static unsigned int tick_bits(enum tick tick)
{
	return tick == TICK_MS1024 ? 10 : 0;
}

static uint64_t slot_low(uint32_t slot)
{
	uint32_t shift = slot / SLOTS_PER_OCTAVE;

	/* slots 0 to 31, of the first two octaves, have one value each */
	return shift ? (uint64_t)(slot - (shift - 1) * SLOTS_PER_OCTAVE) << (shift - 1) : slot;
}

void slot_bounds(uint32_t slot, uint64_t *ret_low, uint64_t *ret_high)
{
	*ret_low = slot_low(slot);
	*ret_high = slot < LAST_SLOT ? slot_low(slot + 1) : UINT64_MAX;
}

uint64_t tick_to_us(enum tick tick, uint64_t ticks)
{
	return tick == TICK_MS1024 ? (ticks * 1000 + 1023) / 1024 : ticks;
}

/*
 * With ticks of 1/1024 ms, a sample of v us has floor(v * 1024 / 1000) ticks. The sample has at least n ticks exactly
 * when v is at least n * 1000 / 1024, and v is whole.
 */
void slot_bounds_us(enum tick tick, uint32_t slot, uint64_t *ret_low, uint64_t *ret_high)
{
	uint64_t low, high;

	slot_bounds(slot, &low, &high);
	*ret_low = tick_to_us(tick, low);
	*ret_high = slot < LAST_SLOT ? tick_to_us(tick, high) : UINT64_MAX;
}

void histogram_add(struct histogram *to, const struct histogram *more)
{
	to->sum_us += more->sum_us;
	to->mdev_sum += more->mdev_sum;
	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++)
		to->slots[slot] += more->slots[slot];
}

void histogram_subtract(const struct histogram *now, const struct histogram *before, struct histogram *ret)
{
	ret->sum_us = now->sum_us - before->sum_us;
	ret->mdev_sum = now->mdev_sum - before->mdev_sum;
	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++)
		ret->slots[slot] = now->slots[slot] - before->slots[slot];
}

uint64_t histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++)
		count += histogram->slots[slot];
	return count;
}

void histogram_fold_log2(const struct histogram *histogram, enum tick tick, uint64_t ret[LOG2_COUNT])
{
	memset(ret, 0, LOG2_COUNT * sizeof(ret[0]));
	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
		/* whole units: all values of a slot have the same highest bit, so the shift is exact */
		uint64_t units = slot_low(slot) >> tick_bits(tick);

		ret[63 - __builtin_clzll(units | 1)] += histogram->slots[slot];
	}
}

static double mean_of(uint64_t sum, uint64_t count)
{
	/* the remainder is added apart: a double has 53 bits, and the sum may have more */
	return (double)(sum / count) + (double)(sum % count) / (double)count;
}

static uint64_t slot_largest_us(enum tick tick, uint32_t slot)
{
	uint64_t low, high;

	slot_bounds_us(tick, slot, &low, &high);
	return slot < LAST_SLOT ? high - 1 : low;
}

/*
 * Returns the slot of the smallest sample that at least `permille` of `count` samples do not exceed. `count` is not 0.
 */
static uint32_t find_quantile(const struct histogram *histogram, uint64_t count, uint32_t permille)
{
	/* count * permille / 1000, rounded up, without overflow */
	uint64_t rank = count / 1000 * permille + (count % 1000 * permille + 999) / 1000;
	uint64_t seen = 0;
	uint32_t slot;

	for (slot = 0; slot < LAST_SLOT; slot++) {
		seen += histogram->slots[slot];
		if (seen >= rank)
			break;
	}
	return slot;
}

static uint64_t quantile_us(const struct histogram *histogram, enum tick tick, uint64_t count, uint32_t permille)
{
	uint32_t slot = find_quantile(histogram, count, permille);
	uint64_t low, high;

	slot_bounds_us(tick, slot, &low, &high);
	return low + (slot_largest_us(tick, slot) - low) / 2;
}

void histogram_statistics(const struct histogram *histogram, enum tick tick, struct histogram_stats *ret)
{
	uint64_t count = histogram_count(histogram), high;
	uint32_t lowest = 0, highest = LAST_SLOT;

	*ret = (struct histogram_stats){.count = count};
	if (!count)
		return;
	while (lowest < LAST_SLOT && !histogram->slots[lowest])
		lowest++;
	while (highest > 0 && !histogram->slots[highest])
		highest--;
	slot_bounds_us(tick, lowest, &ret->min, &high);
	ret->max = slot_largest_us(tick, highest);
	ret->mean = mean_of(histogram->sum_us, count);
	ret->jitter = mean_of(histogram->mdev_sum, count) / MDEV_PER_US;
	ret->p50 = quantile_us(histogram, tick, count, 500);
	ret->p90 = quantile_us(histogram, tick, count, 900);
	ret->p99 = quantile_us(histogram, tick, count, 990);
	ret->p999 = quantile_us(histogram, tick, count, 999);
}

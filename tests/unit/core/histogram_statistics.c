/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values that are computed from the counts of a histogram, for distributions with known answers and for extremes. */
#include "core/histogram.h"

#include "samples.h"

/* Natural logarithm of 0 < x <= 1 without libm: halves, then the series of artanh. */
static double ln(double x)
{
	double result = 0, y, power, sum = 0;

	for (; x < 0.5; x *= 2)
		result -= 0.69314718055994531;
	y = (x - 1) / (x + 1);
	power = y;
	for (int i = 1; i < 40; i += 2, power *= y * y)
		sum += power / i;
	return result + 2 * sum;
}

static double exponential(double x)
{
	double term = 1, sum = 1;

	for (int i = 1; i < 60; i++)
		sum += term *= x / i;
	return sum;
}

/* More than 0, at most 1. */
static double uniform(uint64_t *seed)
{
	return (double)((text_random(seed) >> 11) + 1) / 9007199254740992.0;
}

static double normal(uint64_t *seed)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += uniform(seed);
	return sum;
}

static uint64_t draw_uniform(uint64_t *seed)
{
	return 100 + text_random(seed) % 100000;
}

static uint64_t draw_exponential(uint64_t *seed)
{
	return -20000 * ln(uniform(seed));
}

static uint64_t draw_lognormal(uint64_t *seed)
{
	return 1500 * exponential(normal(seed));
}

static uint64_t draw_bimodal(uint64_t *seed)
{
	return (text_random(seed) % 10 < 9 ? 250 : 180000) + text_random(seed) % 40;
}

static uint64_t draw_constant(uint64_t *seed)
{
	(void)seed;
	return 777;
}

/* With infinite mean; some are beyond the last slot. */
static uint64_t draw_pareto(uint64_t *seed)
{
	return 500 / uniform(seed);
}

static uint64_t draw_ties(uint64_t *seed)
{
	static const uint64_t values[] = {10, 1000, 1001, 40000};

	return values[text_random(seed) % COUNT(values)];
}

static uint64_t draw_tiny(uint64_t *seed)
{
	return text_random(seed) % 16;
}

static uint64_t draw_below_32(uint64_t *seed)
{
	return text_random(seed) % 32;
}

static uint64_t draw_huge(uint64_t *seed)
{
	return (1ULL << 27) + text_random(seed) % (1ULL << 34);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* The smallest sample that at least permille / 1000 * count do not exceed: looked for one by one. */
static uint64_t sorted_quantile(const uint64_t *sorted, uint64_t count, uint64_t permille)
{
	uint64_t i = 0;

	while ((i + 1) * 1000 < permille * count)
		i++;
	return sorted[i];
}

static void check_near(enum tick tick, uint64_t value, uint64_t sample, uint64_t parts)
{
	uint64_t distance = value > sample ? value - sample : sample - value, low, high;

	slot_bounds_us(tick, LAST_SLOT, &low, &high);
	if (sample >= low)
		assert_int_equal(value, low);
	else
		assert_true(distance * parts <= sample);
	if (sample < 32)
		assert_int_equal(value, sample);
}

static void check_sorted(enum tick tick, const uint64_t *sorted, size_t count)
{
	struct histogram histogram = {};
	struct histogram_stats stats;
	uint64_t sum = 0, mdev_sum = 0;

	for (size_t i = 0; i < count; i++) {
		put(&histogram, tick, sorted[i]);
		sum += sorted[i];
		mdev_sum += sorted[i];
	}
	memset(&stats, 0xff, sizeof(stats));
	histogram_statistics(&histogram, tick, &stats);
	assert_int_equal(stats.count, count);
	assert_true(stats.mean >= (double)sum / count * 0.999999999999);
	assert_true(stats.mean <= (double)sum / count * 1.000000000001);
	assert_true(stats.jitter >= (double)mdev_sum / 4 / count * 0.999999999999);
	assert_true(stats.jitter <= (double)mdev_sum / 4 / count * 1.000000000001);
	check_near(tick, stats.p50, sorted_quantile(sorted, count, 500), 32);
	check_near(tick, stats.p90, sorted_quantile(sorted, count, 900), 32);
	check_near(tick, stats.p99, sorted_quantile(sorted, count, 990), 32);
	check_near(tick, stats.p999, sorted_quantile(sorted, count, 999), 32);
	check_near(tick, stats.min, sorted[0], 16);
	check_near(tick, stats.max, sorted[count - 1], 16);
	assert_true(stats.min <= sorted[0]);
	assert_true(stats.min <= stats.p50 && stats.p50 <= stats.p90 && stats.p90 <= stats.p99);
	assert_true(stats.p99 <= stats.p999 && stats.p999 <= stats.max);
}

static void test_distributions(void **state)
{
	static uint64_t (*const draw[])(uint64_t * seed) = {
		draw_uniform, draw_exponential, draw_lognormal, draw_bimodal,  draw_constant,
		draw_pareto,  draw_ties,        draw_tiny,      draw_below_32, draw_huge,
	};
	static const size_t counts[] = {1, 2, 3, 10, 99, 100, 101, 999, 1000, 1001, 50000};
	uint64_t *samples = malloc(50000 * sizeof(*samples));
	uint64_t seed = 3;

	(void)state;
	assert_non_null(samples);
	for (size_t d = 0; d < COUNT(draw); d++) {
		for (size_t c = 0; c < COUNT(counts); c++) {
			for (size_t i = 0; i < counts[c]; i++)
				samples[i] = draw[d](&seed);
			qsort(samples, counts[c], sizeof(*samples), compare);
			check_sorted(TICK_US, samples, counts[c]);
			check_sorted(TICK_MS1024, samples, counts[c]);
		}
	}
	free(samples);
}

/* Every sample alone: min, max and quantiles of one. */
static void test_single(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT(ticks); t++) {
		for (uint64_t us = 0; us < 1ULL << 30; us += 1 + us / 50)
			check_sorted(ticks[t], &us, 1);
	}
}

static void test_empty(void **state)
{
	static const struct histogram empty = {.sum_us = 5, .mdev_sum = 5};
	struct histogram_stats stats, zero = {};
	uint64_t log2[LOG2_COUNT], no_log2[LOG2_COUNT] = {};

	(void)state;
	memset(&stats, 0xff, sizeof(stats));
	histogram_statistics(&empty, TICK_US, &stats);
	assert_memory_equal(&stats, &zero, sizeof(stats));
	memset(log2, 0xff, sizeof(log2));
	histogram_fold_log2(&empty, TICK_MS1024, log2);
	assert_memory_equal(log2, no_log2, sizeof(log2));
	assert_int_equal(histogram_count(&empty), 0);
}

/* ---- large counts ---- */

/* 2^32 samples are a day of a busy host. */
static void test_large_counts(void **state)
{
	const uint64_t many = 5000000000, slot = slot_of(1000);
	struct histogram histogram = {.sum_us = many * 1000 + 1, .mdev_sum = many * 10};
	struct histogram_stats stats;
	uint64_t log2[LOG2_COUNT];

	(void)state;
	histogram.slots[slot] = many;
	histogram_statistics(&histogram, TICK_US, &stats);
	assert_int_equal(stats.count, many);
	assert_true(stats.mean > 1000 && stats.mean < 1000.000001);
	assert_true(stats.jitter == 2.5);
	histogram_fold_log2(&histogram, TICK_US, log2);
	assert_int_equal(log2[9], many);
	histogram_add(&histogram, &histogram);
	assert_int_equal(histogram_count(&histogram), 2 * many);
}

/* The rank of a quantile must not overflow either. */
static void test_largest_counts(void **state)
{
	struct histogram histogram = {};
	struct histogram_stats stats;

	(void)state;
	/* of 2^64 - 1 samples, 990 permille and a half are 10 us, the rest 20 us */
	histogram.slots[10] = UINT64_MAX / 2000 * 1981;
	histogram.slots[20] = UINT64_MAX - histogram.slots[10];
	histogram.sum_us = UINT64_MAX;
	histogram_statistics(&histogram, TICK_US, &stats);
	assert_int_equal(stats.count, UINT64_MAX);
	assert_true(stats.mean == 1);
	assert_int_equal(stats.p50, 10);
	assert_int_equal(stats.p99, 10);
	assert_int_equal(stats.p999, 20);

	/* one sample more or less at the edge decides */
	histogram.slots[10] = 990000000000000000;
	histogram.slots[20] = 10000000000000000;
	histogram_statistics(&histogram, TICK_US, &stats);
	assert_int_equal(stats.p99, 10);
	histogram.slots[10]--;
	histogram.slots[20]++;
	histogram_statistics(&histogram, TICK_US, &stats);
	assert_int_equal(stats.p99, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distributions),  cmocka_unit_test(test_single),
		cmocka_unit_test(test_empty),          cmocka_unit_test(test_large_counts),
		cmocka_unit_test(test_largest_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

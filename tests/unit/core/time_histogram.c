/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Slots of times: each bound to the nanosecond, classic buckets against the times themselves, runs. */
#include "core/time_histogram.h"

#include "text.h"

#include <string.h>

/* 2^(k/8), to more bits than a long double has. */
static const long double roots[TIME_PER_OCTAVE] = {
	1.0L,
	1.09050773266525765920701065576070797899L,
	1.18920711500272106671749997056047591529L,
	1.29683955465100966593375411779245118836L,
	1.41421356237309504880168872420969807857L,
	1.54221082540794082361229186209073484169L,
	1.68179283050742908606225095246642979008L,
	1.83400808640934246348708318958828892980L,
};

/* The bound of a bucket in ns. */
static long double bound_ns(int bucket)
{
	int octave = bucket >= 0 ? bucket / TIME_PER_OCTAVE : -((TIME_PER_OCTAVE - 1 - bucket) / TIME_PER_OCTAVE);
	long double bound = 1e9L * roots[bucket - octave * TIME_PER_OCTAVE];

	for (; octave > 0; octave--)
		bound *= 2;
	for (; octave < 0; octave++)
		bound /= 2;
	return bound;
}

static void test_bounds(void **state)
{
	(void)state;
	for (int bucket = TIME_FIRST; bucket < TIME_LAST; bucket++) {
		uint64_t last = (uint64_t)bound_ns(bucket);
		uint32_t slot = (uint32_t)(bucket - TIME_FIRST);

		assert_int_equal(time_slot(last), slot);
		assert_int_equal(time_slot(last + 1), slot + 1);
	}
	assert_int_equal(time_slot(0), 0);
	assert_int_equal(time_slot(UINT64_MAX), TIME_SLOTS - 1);
	assert_int_equal(time_slot(1000000000), -TIME_FIRST); /* one second: bucket 0 */
}

/* Each slot follows the one before, for times of all sizes. */
static void test_order(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		uint64_t ns = text_random(&random) >> text_random(&random) % 64;
		uint32_t slot = time_slot(ns);

		assert_in_range(slot, 0, TIME_SLOTS - 1);
		if (slot && slot < TIME_SLOTS - 1)
			assert_true((long double)ns > bound_ns((int)slot - 1 + TIME_FIRST) &&
				    (long double)ns <= bound_ns((int)slot + TIME_FIRST));
	}
}

static void test_classic(void **state)
{
	uint64_t random = 4, counted[TIME_CLASSIC_BUCKETS] = {}, classic[TIME_CLASSIC_BUCKETS];
	struct time_histogram histogram = {};

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t ns = text_random(&random) >> (24 + text_random(&random) % 32);

		histogram.slots[time_slot(ns)]++;
		for (int bucket = 0; bucket < TIME_CLASSIC_BUCKETS; bucket++)
			counted[bucket] += (double)ns / 1e9 <= strtod(time_classic_bounds[bucket].le, NULL);
	}
	time_histogram_classic(&histogram, classic);
	assert_memory_equal(classic, counted, sizeof(classic));
	assert_int_equal(time_histogram_count(&histogram), 100000);
	assert_true(classic[0] > 0 && classic[TIME_CLASSIC_BUCKETS - 1] < 100000);
}

static void check_run(const struct time_histogram *histogram, uint32_t from, uint32_t slot, uint32_t count)
{
	struct time_run run;

	assert_int_equal(time_histogram_run(histogram, from, &run), 1);
	assert_int_equal(run.slot, slot);
	assert_int_equal(run.count, count);
}

/* A gap of two slots is within a run, one of three is not. */
static void test_runs(void **state)
{
	struct time_histogram histogram = {.slots = {[0] = 1}};
	struct time_run run;

	(void)state;
	assert_int_equal(time_histogram_run(&histogram, 0, &run), 0);
	histogram.slots[1] = histogram.slots[4] = histogram.slots[8] = histogram.slots[TIME_SLOTS - 1] = 1;
	check_run(&histogram, 0, 1, 4);
	check_run(&histogram, 5, 8, 1);
	check_run(&histogram, 9, TIME_SLOTS - 1, 1);
	assert_int_equal(time_histogram_run(&histogram, TIME_SLOTS, &run), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_classic),
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

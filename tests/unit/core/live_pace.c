/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The interval of the live view: stretched at once when a pass costs much, and shortened slowly. */
#include "core/live_pace.h"

#include "text.h"

#define MS 1000000ULL

static void test_cheap_passes(void **state)
{
	struct live_pace pace = {.wanted_ns = 1000 * MS, .interval_ns = 1000 * MS};

	(void)state;
	for (int i = 0; i < 10; i++) {
		live_pace_note(&pace, 50 * MS);
		assert_true(pace.interval_ns == 1000 * MS);
	}
	assert_true(pace.cpu_ns == 50 * MS);
}

static void test_dear_passes(void **state)
{
	struct live_pace pace = {.wanted_ns = 1000 * MS, .interval_ns = 1000 * MS};
	uint64_t before_ns;

	(void)state;
	live_pace_note(&pace, 51 * MS);
	assert_true(pace.interval_ns == 1020 * MS);
	live_pace_note(&pace, 400 * MS);
	assert_true(pace.interval_ns == 8000 * MS);
	/* cheap again: back to what the user wants, step by step */
	do {
		before_ns = pace.interval_ns;
		live_pace_note(&pace, MS);
		assert_true(pace.interval_ns >= before_ns - before_ns / 4);
	} while (pace.interval_ns < before_ns);
	assert_true(pace.interval_ns == 1000 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cheap_passes),
		cmocka_unit_test(test_dear_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

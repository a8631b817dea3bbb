/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Short numbers: each unit, its limits, and never more than HUMAN_MAX characters. */
#include "core/human.h"

#include "text.h"

typedef void append_fn(struct strbuf *out, uint64_t value);

static void check(append_fn *append, uint64_t value, const char *expected)
{
	struct strbuf sb = text_new(HUMAN_MAX);

	append(&sb, value);
	text_check(&sb, expected);
}

static void test_bytes(void **state)
{
	(void)state;
	check(human_bytes, 0, "0");
	check(human_bytes, 999, "999");
	check(human_bytes, 1000, "0.9K");
	check(human_bytes, 1024, "1.0K");
	check(human_bytes, 1536, "1.5K");
	check(human_bytes, 10239, "9.9K");
	check(human_bytes, 10240, "10K");
	check(human_bytes, 1023999, "999K");
	check(human_bytes, 1024000, "0.9M");
	check(human_bytes, 1ULL << 30, "1.0G");
	check(human_bytes, UINT64_MAX, "15E");
}

static void test_counts(void **state)
{
	(void)state;
	check(human_count, 999, "999");
	check(human_count, 1000, "1.0K");
	check(human_count, 12345, "12K");
	check(human_count, 999999, "999K");
	check(human_count, 1000000, "1.0M");
	check(human_count, UINT64_MAX, "18E");
}

static void test_durations(void **state)
{
	const uint64_t second = 1000000000, day = 24 * 3600 * second;

	(void)state;
	check(human_duration, 0, "0us");
	check(human_duration, 999999, "999us");
	check(human_duration, 1000000, "1.0ms");
	check(human_duration, 9999999, "9.9ms");
	check(human_duration, 999999999, "999ms");
	check(human_duration, second, "1.0s");
	check(human_duration, 99 * second, "99s");
	check(human_duration, 100 * second, "1m");
	check(human_duration, 99 * 60 * second, "99m");
	check(human_duration, 100 * 60 * second, "1h");
	check(human_duration, 99 * 3600 * second, "99h");
	check(human_duration, 100 * 3600 * second, "4d");
	check(human_duration, 9999 * day, "9999d");
	check(human_duration, UINT64_MAX, "9999d");
}

/* text_check() fails on an overflow of HUMAN_MAX characters. */
static void test_never_longer(void **state)
{
	static append_fn *const functions[] = {human_bytes, human_count, human_duration};
	uint64_t random = 1;

	(void)state;
	for (size_t i = 0; i < 30000; i++) {
		struct strbuf sb = text_new(HUMAN_MAX);

		functions[i % COUNT(functions)](&sb, text_random(&random) >> i % 64);
		assert_false(sb.overflow);
		assert_true(sb.length > 0);
		free(sb.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_never_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers with decimals: known ones and extremes, and others against printf(). */
#include "core/number.h"

#include "text.h"

#include <float.h>
#include <stdio.h>

static void check(double value, unsigned int decimals, const char *full, const char *brief)
{
	struct strbuf sb = text_new(64);

	number_append(&sb, value, decimals);
	text_check(&sb, full);
	sb = text_new(64);
	number_append_short(&sb, value, decimals);
	text_check(&sb, brief);
}

static void test_values(void **state)
{
	(void)state;
	check(0, 0, "0", "0");
	check(0, 3, "0.000", "0");
	check(812.36, 1, "812.4", "812.4");
	check(812.0, 1, "812.0", "812");
	check(100, 3, "100.000", "100");
	check(10.25, 3, "10.250", "10.25");
	check(0.5, 0, "1", "1");
	check(1.5, 0, "2", "2");
	check(0.0004, 3, "0.000", "0");
	check(0.0006, 3, "0.001", "0.001");
	check(0.000001, 6, "0.000001", "0.000001");
	check(0.9995001, 3, "1.000", "1");
	check(9.99951, 3, "10.000", "10");
	check(1.000000001, 9, "1.000000001", "1.000000001");
	check(4294967296.125, 3, "4294967296.125", "4294967296.125");
	check(9007199254740993.0, 2, "9007199254740992.00", "9007199254740992");
}

static void test_extremes(void **state)
{
	(void)state;
	check(-1, 2, "0.00", "0");
	check(-0.0, 2, "0.00", "0");
	check(DBL_MIN, 2, "0.00", "0");
	check(__builtin_nan(""), 2, "0.00", "0");
	check(__builtin_inf(), 2, "18446744073709551615.00", "18446744073709551615");
	check(-__builtin_inf(), 2, "0.00", "0");
	check(DBL_MAX, 0, "18446744073709551615", "18446744073709551615");
	check(18446744073709551616.0, 1, "18446744073709551615.0", "18446744073709551615");
	check(18446744073709549568.0, 1, "18446744073709549568.0", "18446744073709549568");
}

/* As printf writes it; values that lie just between two decimals are left out, where printf rounds to even. */
static void test_against_printf(void **state)
{
	uint64_t seed = 21;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		unsigned int decimals = text_random(&seed) % 7;
		uint64_t thousandths = text_random(&seed) >> (34 + text_random(&seed) % 30);
		double value = ((double)thousandths * 10 + 3) / 10000;
		char expected[64];
		struct strbuf sb = text_new(64);

		snprintf(expected, sizeof(expected), "%.*f", decimals, value);
		number_append(&sb, value, decimals);
		text_check(&sb, expected);
	}
}

/* An append is all or nothing only in its parts, but never past the end. */
static void test_no_room(void **state)
{
	(void)state;
	for (size_t room = 0; room < 7; room++) {
		struct strbuf sb = text_new(room);

		number_append(&sb, 123.456, 3);
		assert_true(sb.overflow);
		assert_true(sb.length <= room);
		free(sb.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_against_printf),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text of durations in ms, us and s, also against printf(). */
#include "core/duration.h"

#include "text.h"

#include <inttypes.h>
#include <stdio.h>

struct sample {
	uint64_t ns;
	const char *text;
};

static void check(void (*format)(struct strbuf *out, uint64_t ns), const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct strbuf sb = text_new(32);

		format(&sb, samples[i].ns);
		text_check(&sb, samples[i].text);
	}
}

static void test_ms(void **state)
{
	static const struct sample samples[] = {
		{0, "0.000"},
		{1, "0.000"},
		{499, "0.000"},
		{500, "0.001"},
		{1000, "0.001"},
		{1499, "0.001"},
		{1500, "0.002"},
		{999499, "0.999"},
		{999500, "1.000"},
		{1373499, "1.373"},
		{1373500, "1.374"},
		{999999499, "999.999"},
		{999999500, "1000.000"},
		{60000000000, "60000.000"},
		{86400000000000, "86400000.000"},
		{UINT64_MAX - 1, "18446744073709.552"},
		{UINT64_MAX - 115, "18446744073709.552"},
		{UINT64_MAX - 116, "18446744073709.551"},
	};

	(void)state;
	/* 18446744073709551500 ns is the last one that rounds up */
	assert_int_equal((UINT64_MAX - 115) % 1000, 500);
	check(duration_format_ms, samples, COUNT(samples));
}

static void test_us(void **state)
{
	static const struct sample samples[] = {
		{0, "0.000"},          {1, "0.001"},
		{999, "0.999"},        {1000, "1.000"},
		{1373000, "1373.000"}, {1373499, "1373.499"},
		{999999, "999.999"},   {UINT64_MAX - 1, "18446744073709551.614"},
	};

	(void)state;
	check(duration_format_us, samples, COUNT(samples));
}

static void test_s(void **state)
{
	static const struct sample samples[] = {
		{0, "0.000000"},
		{999, "0.000000"},
		{1000, "0.000001"},
		{999999999, "0.999999"},
		{1000000000, "1.000000"},
		{1234567890, "1.234567"},
		{3600000000000, "3600.000000"},
		{UINT64_MAX, "18446744073.709551"},
	};

	(void)state;
	check(duration_format_s, samples, COUNT(samples));
}

/* As "%.3f" would write it, wherever a double is exact enough to compare with. */
static void test_against_printf(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t ns = text_random(&seed);
		char expected[64];
		struct strbuf sb = text_new(32);

		ns >>= 14 + ns % 50;
		snprintf(expected, sizeof(expected), "%.3f", (double)((ns + 500) / 1000) / 1000);
		duration_format_ms(&sb, ns);
		text_check(&sb, expected);
		sb = text_new(32);
		snprintf(expected, sizeof(expected), "%" PRIu64 ".%03" PRIu64, ns / 1000, ns % 1000);
		duration_format_us(&sb, ns);
		text_check(&sb, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ms),
		cmocka_unit_test(test_us),
		cmocka_unit_test(test_s),
		cmocka_unit_test(test_against_printf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

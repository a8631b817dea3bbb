/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Appended numbers, digits, names and blanks, each against the expected text and its end. */
#include "core/append.h"

#include "text.h"

#include <inttypes.h>
#include <stdio.h>

#define UNTOUCHED '\xa5'

/* Room for the longest number and what may be written beyond it, on the heap, so that AddressSanitizer sees more. */
static char *room(void)
{
	char *text = malloc(APPEND_NUMBER_MAX + APPEND_SLACK);

	assert_non_null(text);
	memset(text, UNTOUCHED, APPEND_NUMBER_MAX + APPEND_SLACK);
	return text;
}

/* Compares what ends at `end`, and frees. */
static void check(char *text, const char *end, const char *expected)
{
	size_t length = end - text;

	assert_int_equal(length, strlen(expected));
	assert_memory_equal(text, expected, length);
	for (size_t i = length + APPEND_SLACK; i < APPEND_NUMBER_MAX + APPEND_SLACK; i++)
		assert_int_equal(text[i], UNTOUCHED);
	free(text);
}

static void check_number(uint64_t value)
{
	char expected[32], *text = room();

	snprintf(expected, sizeof(expected), "%" PRIu64, value);
	check(text, append_u64(text, value), expected);
	text = room();
	check(text, append_small(text, value), expected);

	for (unsigned int digits = 1; digits <= 16; digits++) {
		text = room();
		snprintf(expected, sizeof(expected), "%0*" PRIx64, (int)digits, value);
		check(text, append_hex(text, value, digits), expected);
	}
}

static void test_numbers(void **state)
{
	uint64_t seed = 1, power = 1;

	(void)state;
	check_number(0);
	check_number(UINT64_MAX);
	check_number(4026531840);
	for (int i = 0; i < 20; i++, power *= 10) {
		check_number(power - 1);
		check_number(power);
		check_number(power + 1);
		check_number(power * 9);
	}
	for (int i = 0; i < 64; i++) {
		check_number(1ULL << i);
		check_number((1ULL << i) - 1);
		check_number(UINT64_MAX << i);
	}
	for (int i = 0; i < 20000; i++) {
		uint64_t value = text_random(&seed);

		check_number(value >> value % 64);
	}
}

/* The arithmetic on several parts of a number at once, with each value of each part. */
static void test_every_part(void **state)
{
	char text[APPEND_NUMBER_MAX + APPEND_SLACK], expected[16];

	(void)state;
	for (unsigned int low = 0; low < 10000; low++) {
		for (unsigned int high = 1; high < 10000; high += 1111) {
			snprintf(expected, sizeof(expected), "%u%04u", high, low);
			*append_u64(text, high * 10000 + low) = '\0';
			assert_string_equal(text, expected);
			snprintf(expected, sizeof(expected), "%u%04u", low + 1, high);
			*append_u64(text, (low + 1) * 10000 + high) = '\0';
			assert_string_equal(text, expected);
		}
	}
}

static void test_digits(void **state)
{
	char expected[16], *text;

	(void)state;
	for (unsigned int value = 0; value < 1000000; value += value < 1000 ? 1 : 997) {
		text = room();
		snprintf(expected, sizeof(expected), "%06u", value);
		check(text, append_6_digits(text, value), expected);
		text = room();
		snprintf(expected, sizeof(expected), "%03u", value % 1000);
		check(text, append_3_digits(text, value % 1000), expected);
		text = room();
		snprintf(expected, sizeof(expected), "%02u", value % 100);
		check(text, append_2_digits(text, value % 100), expected);
	}
	text = room();
	check(text, append_6_digits(text, 999999), "999999");
	for (unsigned int value = 0; value < 65536; value++) {
		text = room();
		snprintf(expected, sizeof(expected), "%04x", value);
		check(text, append_4_hex(text, value), expected);
	}
}

static void test_pieces(void **state)
{
	static const struct label empty = LABEL(""), longest = LABEL("1234567890123456789012");
	char *text = room();

	(void)state;
	check(text, append_literal(append_char(append_bytes(text, "abcd", 3), '-'), "xyz"), "abc-xyz");
	text = room();
	check(text, append_label(text, &empty), "");
	text = malloc(22 + APPEND_SLACK);
	assert_ptr_equal(append_label(text, &longest), text + 22);
	assert_memory_equal(text, "1234567890123456789012", 22);
	free(text);
}

static void test_blanks(void **state)
{
	(void)state;
	for (size_t count = 0; count < 70; count++) {
		char *text = malloc(1 + count + APPEND_SLACK), expected[72];

		memset(text, UNTOUCHED, 1 + count + APPEND_SLACK);
		snprintf(expected, sizeof(expected), "x%*s", (int)count, "");
		assert_ptr_equal(append_blanks(append_char(text, 'x'), text + 1 + count), text + 1 + count);
		assert_memory_equal(text, expected, 1 + count);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_every_part), cmocka_unit_test(test_digits),
		cmocka_unit_test(test_pieces),  cmocka_unit_test(test_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

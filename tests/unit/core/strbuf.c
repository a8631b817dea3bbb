/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The string buffer: appends, padding, room and overflow. */
#include "core/strbuf.h"

#include "text.h"

#include <inttypes.h>
#include <stdio.h>

static void test_appends(void **state)
{
	struct strbuf sb = text_new(64);

	(void)state;
	strbuf_append(&sb, "abc", 2);
	strbuf_append_string(&sb, "cd");
	strbuf_append_char(&sb, 'e');
	strbuf_append_literal(&sb, "fg");
	strbuf_append_string(&sb, "");
	text_check(&sb, "abcdefg");
}

/* Bytes written into the room that was asked for are appended up to the given length. */
static void test_room(void **state)
{
	struct strbuf sb = text_new(8);
	char *at;

	(void)state;
	strbuf_append_literal(&sb, "abc");
	at = strbuf_room(&sb, 5);
	assert_ptr_equal(at, sb.data + 3);
	assert_int_equal(sb.length, 3);
	memcpy(at, "defgh", 5);
	strbuf_end(&sb, at + 2);
	assert_int_equal(sb.length, 5);
	assert_non_null(strbuf_room(&sb, 3));
	assert_false(sb.overflow);
	assert_null(strbuf_room(&sb, 4));
	assert_true(sb.overflow);
	sb.overflow = false;
	text_check(&sb, "abcde");
}

static void test_pad(void **state)
{
	(void)state;
	for (size_t width = 0; width < 60; width++) {
		struct strbuf sb = text_new(70);
		char expected[80];

		strbuf_append_string(&sb, "before");
		strbuf_append_string(&sb, "xyz");
		strbuf_pad(&sb, 6, width);
		snprintf(expected, sizeof(expected), "before%-*s", (int)width, "xyz");
		text_check(&sb, expected);
	}
}

static const uint64_t numbers[] = {
	0,
	1,
	9,
	10,
	11,
	99,
	100,
	101,
	999,
	1000,
	254,
	255,
	4095,
	65535,
	65536,
	99999,
	100000,
	999999,
	1000000,
	2147483647,
	15,
	16,
	17,
	256,
	1 << 20,
	4194303,
	4026531840,
	4294967295,
	4294967296ULL,
	UINT64_MAX - 1,
	UINT64_MAX,
	INT64_MAX,
	1ULL << 63,
};

static void check_number(uint64_t value)
{
	char expected[32];
	struct strbuf sb = text_new(20);

	snprintf(expected, sizeof(expected), "%" PRIu64, value);
	strbuf_append_u64(&sb, value);
	text_check(&sb, expected);

	for (unsigned int digits = 1; digits <= 20; digits++) {
		sb = text_new(20);
		snprintf(expected, sizeof(expected), "%0*" PRIu64, (int)digits, value);
		strbuf_append_u64_digits(&sb, value, digits);
		text_check(&sb, expected);
	}
}

static void test_numbers(void **state)
{
	uint64_t seed = 1, power = 1;

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++)
		check_number(numbers[i]);
	for (int i = 0; i < 20; i++, power *= 10) {
		check_number(power - 1);
		check_number(power);
		check_number(power + 1);
	}
	for (int i = 0; i < 64; i++) {
		check_number(1ULL << i);
		check_number((1ULL << i) - 1);
	}
	for (int i = 0; i < 2000; i++) {
		uint64_t value = text_random(&seed);

		check_number(value >> value % 64);
	}
}

static void append_string(struct strbuf *sb)
{
	strbuf_append_string(sb, "12345");
}

static void append_u64(struct strbuf *sb)
{
	strbuf_append_u64(sb, 12345);
}

static void append_digits(struct strbuf *sb)
{
	strbuf_append_u64_digits(sb, 45, 5);
}

static void append_pad(struct strbuf *sb)
{
	strbuf_pad(sb, sb->length, 5);
}

static void append_long_pad(struct strbuf *sb)
{
	strbuf_pad(sb, sb->length, 35);
}

/* All or nothing, at every capacity, and the bytes around the buffer stay as they are. */
static void test_overflow(void **state)
{
	static const struct {
		void (*append)(struct strbuf *sb);
		size_t length;
	} cases[] = {
		{append_string, 5}, {append_u64, 5}, {append_digits, 5}, {append_pad, 5}, {append_long_pad, 35},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t capacity = 0; capacity < 80; capacity++) {
			struct strbuf sb = text_new(capacity);
			size_t fits = capacity / cases[i].length;

			for (size_t n = 1; n <= 16; n++) {
				cases[i].append(&sb);
				assert_int_equal(sb.length, (n < fits ? n : fits) * cases[i].length);
				assert_int_equal(sb.overflow, n > fits);
			}
			/* what is smaller may still follow */
			if (sb.length < capacity) {
				strbuf_append_char(&sb, 'x');
				assert_int_equal(sb.data[sb.length - 1], 'x');
			}
			assert_true(sb.overflow);
			free(sb.data);
		}
	}
}

static void test_nothing_needs_no_room(void **state)
{
	char byte = 'x';
	struct strbuf sb = strbuf_over(&byte, 0);

	(void)state;
	strbuf_append(&sb, "", 0);
	strbuf_append_string(&sb, "");
	strbuf_pad(&sb, 0, 0);
	assert_false(sb.overflow);
	assert_int_equal(sb.length, 0);
	assert_int_equal(byte, 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_appends),  cmocka_unit_test(test_room),
		cmocka_unit_test(test_pad),      cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_overflow), cmocka_unit_test(test_nothing_needs_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

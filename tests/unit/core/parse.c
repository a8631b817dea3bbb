/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parsers for the command line: times, numbers, seconds and sizes; refused words, and the texts of errors. */
#include "core/parse.h"

#include "text.h"

#include <errno.h>
#include <stdio.h>

#define UNTOUCHED 0xdeadbeefULL

static void accept_u64(const char *text, uint64_t min, uint64_t max, uint64_t expected)
{
	struct parse_error error = {"untouched"};
	uint64_t value = UNTOUCHED;

	assert_int_equal(parse_u64("number", text, strlen(text), min, max, &value, &error), 0);
	assert_true(value == expected);
	assert_string_equal(error.text, "untouched");
}

static void refuse_u64(const char *text, uint64_t min, uint64_t max, const char *message)
{
	struct parse_error error;
	uint64_t value = UNTOUCHED;

	assert_int_equal(parse_u64("number", text, strlen(text), min, max, &value, &error), -EINVAL);
	assert_true(value == UNTOUCHED);
	assert_string_equal(error.text, message);
}

static void test_u64(void **state)
{
	(void)state;
	accept_u64("1", 1, 65535, 1);
	accept_u64("65535", 1, 65535, 65535);
	accept_u64("0080", 1, 65535, 80);
	accept_u64("0", 0, 0, 0);
	accept_u64("18446744073709551615", 0, UINT64_MAX, UINT64_MAX);
	refuse_u64("0", 1, 65535, "number \"0\": not a number from 1 to 65535");
	refuse_u64("65536", 1, 65535, "number \"65536\": not a number from 1 to 65535");
	refuse_u64("80abc", 1, 65535, "number \"80abc\": not a number from 1 to 65535");
	refuse_u64("", 1, 65535, "number \"\": not a number from 1 to 65535");
	refuse_u64("", 0, 9, "number \"\": not a number from 0 to 9");
	refuse_u64(" 80", 1, 65535, "number \" 80\": not a number from 1 to 65535");
	refuse_u64("80 ", 1, 65535, "number \"80 \": not a number from 1 to 65535");
	refuse_u64("+80", 1, 65535, "number \"+80\": not a number from 1 to 65535");
	refuse_u64("-80", 1, 65535, "number \"-80\": not a number from 1 to 65535");
	refuse_u64("0x50", 1, 65535, "number \"0x50\": not a number from 1 to 65535");
	refuse_u64("8.0", 1, 65535, "number \"8.0\": not a number from 1 to 65535");
	refuse_u64("\xd9\xa8", 1, 65535, "number \"\xd9\xa8\": not a number from 1 to 65535"); /* Arabic-Indic 8 */
	refuse_u64("99999999999999999999", 0, UINT64_MAX,
		   "number \"99999999999999999999\": not a number from 0 to 18446744073709551615");
	refuse_u64("18446744073709551616", 0, UINT64_MAX,
		   "number \"18446744073709551616\": not a number from 0 to 18446744073709551615");
	/* 2^64 + 80 and 2^64 * 10 + 80: no wrapping into the range */
	refuse_u64("18446744073709551696", 1, 65535, "number \"18446744073709551696\": not a number from 1 to 65535");
	refuse_u64("184467440737095516240", 1, 65535, "number \"184467440737095516240\": not a number from 1 to 65535");
}

static void test_u64_needs_no_nul(void **state)
{
	static const char text[] = {'8', '0', '4', '4', '3'};
	struct parse_error error;
	uint64_t value = UNTOUCHED;

	(void)state;
	assert_int_equal(parse_u64("n", text, 2, 1, 99, &value, &error), 0);
	assert_int_equal(value, 80);
	assert_int_equal(parse_u64("n", text, 5, 1, 99, &value, &error), -EINVAL);
	assert_string_equal(error.text, "n \"80443\": not a number from 1 to 99");
	assert_int_equal(parse_u64("n", "8\0", 2, 1, 99, &value, &error), -EINVAL);
	assert_string_equal(error.text, "n \"8\\x00\": not a number from 1 to 99");
}

static void test_seconds(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{"10", 10000000000},
		{"1", 1000000000},
		{"0.5", 500000000},
		{"0.001", 1000000},
		{"0.0010", 1000000},
		{"2.75", 2750000000},
		{"0010.5", 10500000000},
		{"1.123456789", 1123456789},
		{"1.1234567899999", 1123456789},
		{"315360000", 315360000000000000},
		{"315360000.000000000", 315360000000000000},
		{"315359999.999999999", 315359999999999999},
	};
	struct parse_error error = {"untouched"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		uint64_t ns = UNTOUCHED;

		assert_int_equal(parse_time("duration", good[i].text, PARSE_TIME_MS, &ns, &error), 0);
		assert_int_equal(ns, good[i].ns);
	}
	assert_string_equal(error.text, "untouched");
}

static void test_bad_seconds(void **state)
{
	static const char *const bad[] = {
		"",
		"0",
		"0.0",
		"0.0009",
		"0.000999999",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1 s",
		"1S",
		"999us",
		"1.",
		"1.s",
		"1sec",
		".5",
		".",
		"1..5",
		"1.5.5",
		"1,5",
		"1e3",
		"0x10",
		"inf",
		"nan",
		"abc",
		"1.5abc",
		"1. 5",
		"1.-5",
		"315360000.000000001",
		"315360001",
		"18446744073709551616",
		"99999999999999999999",
		"18446744074",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct parse_error error;
		uint64_t ns = UNTOUCHED;
		char message[192];

		snprintf(message, sizeof(message),
			 "duration \"%s\": not a time from 1ms to 10 years: seconds, or with a unit us, ms, s, m, h or "
			 "d "
			 "(5, 1.5s, 100ms)",
			 bad[i]);
		assert_int_equal(parse_time("duration", bad[i], PARSE_TIME_MS, &ns, &error), -EINVAL);
		assert_int_equal(ns, UNTOUCHED);
		assert_string_equal(error.text, message);
	}
}

static void test_size(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{"4096", 4096},  {"4K", 4096},    {"4k", 4096},       {"8M", 8 << 20}, {"8m", 8 << 20},
		{"1G", 1 << 30}, {"1g", 1 << 30}, {"1024M", 1 << 30}, {"0004K", 4096}, {"1048576K", 1 << 30},
	};
	static const char *const bad[] = {
		"",
		"0",
		"4095",
		"3K",
		"1025M",
		"2G",
		"1073741825",
		"K",
		"4KB",
		"4KiB",
		"4 K",
		" 4K",
		"4K ",
		"+4K",
		"-4K",
		"4T",
		"4.5M",
		"0x1000",
		"4KK",
		/* times 2^30 they wrap to 0, to 4096 and to 2^30 */
		"17179869184G",
		"18014398509481988K",
		"17179869185G",
		"18446744073709551616",
		"18446744073709555712",
	};
	struct parse_error error = {"untouched"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		uint64_t bytes = UNTOUCHED;

		assert_int_equal(parse_size("buffer size", good[i].text, 4096, 1 << 30, &bytes, &error), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	assert_string_equal(error.text, "untouched");
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint64_t bytes = UNTOUCHED;
		char message[128];

		snprintf(message, sizeof(message),
			 "buffer size \"%s\": not a size from 4K to 1G (in bytes, or with K, M or G)", bad[i]);
		assert_int_equal(parse_size("buffer size", bad[i], 4096, 1 << 30, &bytes, &error), -EINVAL);
		assert_int_equal(bytes, UNTOUCHED);
		assert_string_equal(error.text, message);
	}
}

static void test_size_limits(void **state)
{
	struct parse_error error;
	uint64_t bytes = UNTOUCHED;

	(void)state;
	assert_int_equal(parse_size("s", "17179869183G", 0, UINT64_MAX, &bytes, &error), 0);
	assert_true(bytes == 17179869183ULL << 30);
	assert_int_equal(parse_size("s", "18446744073709551615", 0, UINT64_MAX, &bytes, &error), 0);
	assert_true(bytes == UINT64_MAX);
	assert_int_equal(parse_size("s", "x", 0, UINT64_MAX, &bytes, &error), -EINVAL);
	assert_string_equal(error.text,
			    "s \"x\": not a size from 0 to 18446744073709551615 (in bytes, or with K, M or G)");
	assert_int_equal(parse_size("s", "x", 1000, 4194304, &bytes, &error), -EINVAL);
	assert_string_equal(error.text, "s \"x\": not a size from 1000 to 4M (in bytes, or with K, M or G)");
}

static void check_fail(const char *word, size_t length, const char *message)
{
	struct parse_error error;

	memset(&error, 'x', sizeof(error));
	assert_int_equal(parse_fail(&error, "word", word, length, "bad"), -EINVAL);
	assert_string_equal(error.text, message);
}

static void test_quoting(void **state)
{
	(void)state;
	check_fail("80\x1b[31m", 7, "word \"80\\x1B[31m\": bad");
	check_fail("a\nb", 3, "word \"a\\x0Ab\": bad");
	check_fail("\xff\xc2\x9b", 3, "word \"\\xFF\\xC2\\x9B\": bad");
	check_fail("\xe2\x80\xae", 3, "word \"\\xE2\\x80\\xAE\": bad");
	check_fail("0123456789012345678901234567890123456789", 40,
		   "word \"0123456789012345678901234567890123456789\": bad");
	check_fail("01234567890123456789012345678901234567890", 41,
		   "word \"0123456789012345678901234567890123456789...\": bad");
	/* an escape is not cut in the middle */
	check_fail("01234567890123456789012345678901234567\x01", 39,
		   "word \"01234567890123456789012345678901234567...\": bad");
	check_fail("012345678901234567890123456789012345\x01", 37,
		   "word \"012345678901234567890123456789012345\\x01\": bad");
	check_fail("012345678901234567890123456789012345\x01z", 38,
		   "word \"012345678901234567890123456789012345\\x01...\": bad");
}

/* However long the parts: the text ends, holds no control character, and is valid where it was cut. */
static void test_long_errors(void **state)
{
	static const char characters[][5] = {
		"a", "\x01", "\\", "\xc3\xa4", "\xe2\x82\xac", "\xe2\x80\xae", "\xf0\x9f\x98\x80"};
	char word[5000], what[2000];
	struct parse_error error;

	(void)state;
	memset(what, 'w', sizeof(what));
	what[sizeof(what) - 1] = '\0';
	for (size_t c = 0; c < COUNT(characters); c++) {
		size_t size = strlen(characters[c]);

		for (size_t n = 0; n < 1000; n = n < 70 ? n + 1 : n * 2) {
			for (size_t i = 0; i < n; i++)
				memcpy(word + i * size, characters[c], size);
			memset(&error, 'x', sizeof(error));
			assert_int_equal(parse_fail(&error, "port", word, n * size, "not a number from 1 to 65535"),
					 -EINVAL);
			assert_non_null(strstr(error.text, "\": not a number from 1 to 65535"));
			assert_true(strlen(error.text) < 120);
			for (const char *p = error.text; *p; p++)
				assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
			if (n <= 3)
				assert_null(strstr(error.text, "..."));
			if (n > 44)
				assert_non_null(strstr(error.text, "...\""));
		}
	}
	assert_int_equal(parse_fail(&error, what, "x", 1, what), -EINVAL);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	assert_int_equal(parse_fail(&error, "x", "y", 1, what), -EINVAL);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
}

static void accept_time(const char *text, uint64_t expected)
{
	struct parse_error error = {"untouched"};
	uint64_t ns = UNTOUCHED;

	assert_int_equal(parse_time("time", text, PARSE_TIME_US, &ns, &error), 0);
	assert_true(ns == expected);
	assert_string_equal(error.text, "untouched");
}

static void refuse_time(const char *text)
{
	struct parse_error error;
	uint64_t ns = UNTOUCHED;

	assert_int_equal(parse_time("time", text, PARSE_TIME_US, &ns, &error), -EINVAL);
	assert_true(ns == UNTOUCHED);
	assert_non_null(strstr(error.text,
			       "\": not a time from 1us to 10 years: seconds, or with a unit us, ms, s, m, h or d (5, "
			       "1.5s, 100ms)"));
}

static void test_time(void **state)
{
	(void)state;
	accept_time("1us", 1000);
	accept_time("100ms", 100000000);
	accept_time("0.25ms", 250000);
	accept_time("1.5s", 1500000000);
	accept_time("0.001001s", 1001000);
	accept_time("1.123456789s", 1123456789);
	accept_time("1.1234567899s", 1123456789);
	accept_time("2m", 120000000000);
	accept_time("1.5h", 5400000000000);
	accept_time("0.000000001h", 3600);
	accept_time("87600h", 315360000000000000);
	accept_time("315360000000000us", 315360000000000000);
	accept_time("100", 100000000000);
	accept_time("1.5d", 129600000000000);
	accept_time("0.999999999d", 86399999913600);
	accept_time("3650d", 315360000000000000);
}

static void test_bad_time(void **state)
{
	static const char *const texts[] = {"",
					    ".",
					    "ms",
					    "0us",
					    "0.9us",
					    "1ns",
					    "1 ms",
					    " 1ms",
					    "1ms ",
					    "-1ms",
					    "+1ms",
					    "1.ms",
					    ".5s",
					    "1.2.3s",
					    "1e3s",
					    "3651d",
					    "1w",
					    "1S",
					    "1msec",
					    "87601h",
					    "99999999999999999999s",
					    "184467440737095517ms",
					    "0x1s",
					    "1,5s"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		refuse_time(texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),    cmocka_unit_test(test_bad_time),
		cmocka_unit_test(test_u64),     cmocka_unit_test(test_u64_needs_no_nul),
		cmocka_unit_test(test_seconds), cmocka_unit_test(test_bad_seconds),
		cmocka_unit_test(test_size),    cmocka_unit_test(test_size_limits),
		cmocka_unit_test(test_quoting), cmocka_unit_test(test_long_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

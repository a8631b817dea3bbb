/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text of points in time: known ones, every day, every second of a day, and the ends of the range. */
#include "core/timestamp.h"

#include "core/duration.h"

#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define NS 1000000000LL

static void check_utc(int64_t seconds, unsigned int ns)
{
	/* the offset and the event's time share what makes up the moment */
	uint64_t monotonic = 123456789012ULL;
	static struct timebase base;
	time_t t = seconds;
	struct tm tm;
	char date[40], expected[96];
	struct strbuf sb = text_new(27);

	base.clocks.newest.realtime_offset_ns = seconds * NS + ns - (int64_t)monotonic;
	assert_non_null(gmtime_r(&t, &tm));
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(expected, sizeof(expected), "%s.%06uZ", date, ns / 1000);
	timestamp_format_utc(&sb, &base, monotonic);
	text_check(&sb, expected);
}

static void check_local(int64_t seconds, unsigned int ns, int32_t utc_offset)
{
	static struct timebase base;
	time_t t = seconds + utc_offset;
	struct tm tm;
	char expected[40];
	struct strbuf sb = text_new(8);

	base.clocks.newest = (struct clock_point){.realtime_offset_ns = seconds * NS, .utc_offset_s = utc_offset};
	assert_non_null(gmtime_r(&t, &tm));
	strftime(expected, sizeof(expected), "%H:%M:%S", &tm);
	timestamp_format_local(&sb, &base, ns);
	text_check(&sb, expected);
}

static void test_known(void **state)
{
	struct timebase base = {.clocks.newest.realtime_offset_ns = 1795350709 * NS};
	struct strbuf sb = text_new(27);

	(void)state;
	timestamp_format_utc(&sb, &base, 123456999);
	text_check(&sb, "2026-11-22T12:31:49.123456Z");
	base.clocks.newest.utc_offset_s = 3600;
	sb = text_new(8);
	timestamp_format_local(&sb, &base, 123456999);
	text_check(&sb, "13:31:49");
}

static const int64_t moments[] = {
	0,
	1,
	86399,
	86400,
	951782399 /* 2000-02-28T23:59:59 */,
	951782400,
	951868799,
	951868800,
	1709164799,
	1709164800 /* 2024-02-29 */,
	1709251199,
	1709251200,
	1735689599,
	1735689600,
	1763814709,
	2147483647,
	2147483648,
	4107542399 /* 2100-02-28T23:59:59 */,
	4107542400,
	4102444799,
	4102444800,
	-1,
	-86400,
	-86401,
	-2208988800 /* 1900 */,
	-2203891200,
	9223372035,
	-9223372036,
};

static void test_moments(void **state)
{
	static const unsigned int fractions[] = {0, 1, 999, 1000, 1001, 123456789, 999999000, 999999999};
	static const int32_t offsets[] = {0, 3600, -3600, 19800, -12600, 50400, -43200, 86399, -86399};

	(void)state;
	for (size_t i = 0; i < COUNT(moments); i++) {
		for (size_t f = 0; f < COUNT(fractions); f++) {
			if (moments[i] != -9223372036)
				check_utc(moments[i], fractions[f]);
			for (size_t o = 0; moments[i] != -9223372036 && o < COUNT(offsets); o++)
				check_local(moments[i], fractions[f], offsets[o]);
		}
	}
}

/* Midnight of every day that there is in 64 bits, the second before it, and some of the day between. */
static void test_every_day(void **state)
{
	(void)state;
	for (int64_t day = -106750; day <= 106750; day++) {
		check_utc(day * 86400, 0);
		check_utc(day * 86400 - 1, 999999999);
		check_utc(day * 86400 + (day + 200000) % 86400, (unsigned int)((day + 200000) * 7919 % NS));
	}
}

static void test_every_second_of_a_day(void **state)
{
	(void)state;
	for (int64_t second = 0; second < 86400; second++) {
		check_local(1763769600 + second, 0, 0);
		check_local(1763769600 + second, 999999999, -18000);
	}
}

/* Whatever the kernel or a broken clock says: no overflow, and the promised width. */
static void test_wild_times(void **state)
{
	static const int64_t offsets[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
	static const uint64_t times[] = {0, 1, INT64_MAX, 1ULL << 63, UINT64_MAX - 1, UINT64_MAX};
	static const int32_t utc_offsets[] = {INT32_MIN, -86400, 0, INT32_MAX};

	(void)state;
	for (size_t o = 0; o < COUNT(offsets); o++) {
		for (size_t t = 0; t < COUNT(times); t++) {
			for (size_t u = 0; u < COUNT(utc_offsets); u++) {
				struct timebase base = {.clocks.newest = {0, offsets[o], 0, utc_offsets[u]}};
				struct strbuf sb = text_new(64);

				timestamp_format_local(&sb, &base, times[t]);
				assert_int_equal(sb.length, 8);
				timestamp_format_utc(&sb, &base, times[t]);
				assert_int_equal(sb.length, 8 + 27);
				assert_int_equal(sb.data[8 + 26], 'Z');
				free(sb.data);
			}
		}
	}
}

static void test_range_ends(void **state)
{
	struct timebase base = {.clocks.newest.realtime_offset_ns = INT64_MIN};
	struct strbuf sb = text_new(27);

	(void)state;
	timestamp_format_utc(&sb, &base, 0);
	text_check(&sb, "1677-09-21T00:12:43.145224Z");
	base.clocks.newest.realtime_offset_ns = INT64_MAX;
	sb = text_new(27);
	timestamp_format_utc(&sb, &base, 0);
	text_check(&sb, "2262-04-11T23:47:16.854775Z");
}

static void test_elapsed(void **state)
{
	struct timebase base = {.first_ns = 5000000000};
	static const struct {
		uint64_t ns;
		const char *text;
	} samples[] = {
		{0, "0.000000"},          {4999999999, "0.000000"},           {5000000000, "0.000000"},
		{5000000999, "0.000000"}, {5000001000, "0.000001"},           {6999999999, "1.999999"},
		{7000000000, "2.000000"}, {UINT64_MAX, "18446744068.709551"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		char text[DURATION_TEXT_MAX + APPEND_SLACK];

		*timestamp_append_elapsed(text, &base, samples[i].ns) = '\0';
		assert_string_equal(text, samples[i].text);
	}
}

/* Each text is read back as the whole microseconds that it shows. */
static void test_parse(void **state)
{
	static const char *const refused[] = {
		"2026-11-22T12:31:49.123456",
		"2026-11-22 12:31:49.123456Z",
		"2026-11-22T12:31:49.12345Z",
		"2026-13-22T12:31:49.123456Z",
		"2026-00-22T12:31:49.123456Z",
		"2026-02-29T12:31:49.123456Z",
		"2100-02-29T12:31:49.123456Z",
		"2026-04-31T12:31:49.123456Z",
		"2026-11-00T12:31:49.123456Z",
		"2026-11-22T24:00:00.000000Z",
		"2026-11-22T12:60:00.000000Z",
		"2026-12-31T23:59:60.000000Z",
		"1969-12-31T23:59:59.999999Z",
		"2262-01-01T00:00:00.000000Z",
		"+026-11-22T12:31:49.123456Z",
		"2026-11-22T12:31:49.123456Zx",
		"",
	};
	char text[TIMESTAMP_TEXT_MAX + APPEND_SLACK];
	uint64_t ns = 1;

	(void)state;
	/* Days, and seconds in between. */
	for (uint64_t second = 0; second < 9214646400; second += 86399 * 5) {
		uint64_t ns_beyond = second * 7919 % 1000000000;
		char *end = timestamp_append_realtime(text, (int64_t)(second * 1000000000 + ns_beyond));

		assert_int_equal(timestamp_parse_utc(text, (size_t)(end - text), &ns), 0);
		assert_int_equal(ns, second * 1000000000 + ns_beyond - ns_beyond % 1000);
	}
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_int_equal(timestamp_parse_utc(refused[i], strlen(refused[i]), &ns), -EINVAL);
	assert_int_equal(timestamp_parse_utc("2024-02-29T00:00:00.000000Z", TIMESTAMP_TEXT_MAX, &ns), 0);
	assert_int_equal(ns, 1709164800000000000);
}

/* The difference of both times as they are shown: a replay knows no more. */
static void test_elapsed_of_shown_times(void **state)
{
	struct timebase base = {.clocks.newest.realtime_offset_ns = 500, .first_ns = 5000000400};
	char text[TIMESTAMP_TEXT_MAX + APPEND_SLACK];

	(void)state;
	*timestamp_append_elapsed(text, &base, 5000000500) = '\0';
	assert_string_equal(text, "0.000001");
	*timestamp_append_elapsed(text, &base, 5000001499) = '\0';
	assert_string_equal(text, "0.000001");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),      cmocka_unit_test(test_moments),
		cmocka_unit_test(test_every_day),  cmocka_unit_test(test_every_second_of_a_day),
		cmocka_unit_test(test_wild_times), cmocka_unit_test(test_range_ends),
		cmocka_unit_test(test_elapsed),    cmocka_unit_test(test_elapsed_of_shown_times),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

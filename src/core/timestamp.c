/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/timestamp.h"

#include "core/duration.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define NS_PER_S      1000000000LL
#define NS_PER_US     1000
#define SECONDS_A_DAY 86400

/* Rounds towards minus infinity, so that times before 1970 are right, too. */
static int64_t floor_divide(int64_t value, int64_t divisor)
{
	return value / divisor - (value % divisor < 0);
}

struct date {
	unsigned int year, month, day;
};

/*
 * Returns the proleptic Gregorian date of a day since 1970-01-01, from 0000-03-01 to the end of 64-bit nanoseconds.
 * Years are counted from March, so that the leap day is the last day.
 *
 * Source: C. Neri, L. Schneider, "Euclidean affine functions and their application to calendar algorithms", 2023. No
 * division takes more than a multiplication.
 */
static struct date date_of_day(int32_t day)
{
	uint32_t since_0000 = 4 * (uint32_t)(day + 719468) + 3;
	uint32_t century = since_0000 / 146097;
	uint64_t of_century = 2939745ULL * (since_0000 % 146097 | 3); /* 2^32 a year */
	uint32_t of_year = (uint32_t)of_century / 2939745 / 4;
	uint32_t month = 2141 * of_year + 197913; /* 2^16 a month */
	bool next_year = of_year >= 306;

	return (struct date){
		.year = 100 * century + (uint32_t)(of_century >> 32) + next_year,
		.month = (month >> 16) - (next_year ? 12 : 0),
		.day = (month & 0xffff) / 2141 + 1,
	};
}

static char *append_clock(char *at, unsigned int second_of_day)
{
	at = append_char(append_2_digits(at, second_of_day / 3600), ':');
	at = append_char(append_2_digits(at, second_of_day / 60 % 60), ':');
	return append_2_digits(at, second_of_day % 60);
}

char *timestamp_append_local(char *at, const struct timebase *base, uint64_t monotonic_ns)
{
	const struct clock_point *point = clock_history_at(&base->clocks, monotonic_ns);
	/* unsigned: an event time out of range must not be undefined behaviour */
	int64_t ns = (int64_t)(monotonic_ns + (uint64_t)point->realtime_offset_ns);
	int64_t seconds = floor_divide(ns, NS_PER_S) + point->utc_offset_s;

	return append_clock(at, seconds - floor_divide(seconds, SECONDS_A_DAY) * SECONDS_A_DAY);
}

char *timestamp_append_realtime(char *at, int64_t realtime_ns)
{
	int64_t seconds = floor_divide(realtime_ns, NS_PER_S);
	int64_t day = floor_divide(seconds, SECONDS_A_DAY);
	struct date date = date_of_day(day);

	/* 64 bits of nanoseconds reach from 1677 to 2262: always four digits */
	at = append_2_digits(at, date.year / 100);
	at = append_char(append_2_digits(at, date.year % 100), '-');
	at = append_char(append_2_digits(at, date.month), '-');
	at = append_char(append_2_digits(at, date.day), 'T');
	at = append_char(append_clock(at, seconds - day * SECONDS_A_DAY), '.');
	/* multiplied as unsigned: the first second of the range begins below INT64_MIN */
	return append_char(append_6_digits(at, ((uint64_t)realtime_ns - (uint64_t)seconds * NS_PER_S) / 1000), 'Z');
}

char *timestamp_append_elapsed(char *at, const struct timebase *base, uint64_t monotonic_ns)
{
	uint64_t offset_ns = (uint64_t)base->clocks.newest.realtime_offset_ns;
	uint64_t us = (monotonic_ns + offset_ns) / NS_PER_US - (base->first_ns + offset_ns) / NS_PER_US;

	return duration_append_s(at, monotonic_ns > base->first_ns ? us * NS_PER_US : 0);
}

/* Returns the day since 1970-01-01 of a date from 1970 on. */
static uint64_t day_of_date(unsigned int year, unsigned int month, unsigned int day)
{
	/* Counted from March, as in date_of_day(): 306 days lie between 0000-03-01 and 0001-01-01. */
	unsigned int since_march = (month + 9) % 12, y = year - (month <= 2);

	return 365ULL * y + y / 4 - y / 100 + y / 400 + (153 * since_march + 2) / 5 + day - 1 - 719468;
}

static unsigned int days_of_month(unsigned int year, unsigned int month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

/* Reads the digits of `form`, whose other characters must be the same in the text. */
static bool read_fields(const char *text, const char *form, unsigned int fields[7])
{
	unsigned int field = 0;

	memset(fields, 0, 7 * sizeof(fields[0]));
	for (; *form; form++, text++) {
		if (*form != '0') {
			if (*text != *form)
				return false;
			field++;
		} else if (*text < '0' || *text > '9') {
			return false;
		} else {
			fields[field] = fields[field] * 10 + (unsigned int)(*text - '0');
		}
	}
	return true;
}

int timestamp_parse_utc(const char *text, size_t length, uint64_t *ret_ns)
{
	unsigned int f[7];
	uint64_t seconds;

	if (length != TIMESTAMP_TEXT_MAX || !read_fields(text, "0000-00-00T00:00:00.000000Z", f))
		return -EINVAL;
	if (f[0] < 1970 || f[0] > 2261 || !f[1] || f[1] > 12 || !f[2] || f[2] > days_of_month(f[0], f[1]) ||
	    f[3] > 23 || f[4] > 59 || f[5] > 59)
		return -EINVAL;
	seconds = day_of_date(f[0], f[1], f[2]) * SECONDS_A_DAY + f[3] * 3600 + f[4] * 60 + f[5];
	*ret_ns = seconds * NS_PER_S + f[6] * NS_PER_US;
	return 0;
}

void timestamp_format_local(struct strbuf *out, const struct timebase *base, uint64_t monotonic_ns)
{
	char text[TIMESTAMP_TEXT_MAX + APPEND_SLACK];

	strbuf_append(out, text, timestamp_append_local(text, base, monotonic_ns) - text);
}

void timestamp_format_utc(struct strbuf *out, const struct timebase *base, uint64_t monotonic_ns)
{
	char text[TIMESTAMP_TEXT_MAX + APPEND_SLACK];

	strbuf_append(out, text, timestamp_append_utc(text, base, monotonic_ns) - text);
}

void timestamp_format_realtime(struct strbuf *out, int64_t realtime_ns)
{
	char text[TIMESTAMP_TEXT_MAX + APPEND_SLACK];

	strbuf_append(out, text, timestamp_append_realtime(text, realtime_ns) - text);
}

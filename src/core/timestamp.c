/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/timestamp.h"

#include "core/duration.h"

#define NS_PER_S      1000000000LL
#define SECONDS_A_DAY 86400

/* Rounded towards minus infinity, so that times before 1970 come out right, too. */
static int64_t floor_divide(int64_t value, int64_t divisor)
{
	return value / divisor - (value % divisor < 0);
}

static int64_t realtime_ns(const struct timebase *base, uint64_t monotonic_ns)
{
	/* unsigned: a wild event time must not be undefined behaviour */
	return (int64_t)(monotonic_ns + (uint64_t)base->realtime_offset_ns);
}

struct date {
	int64_t year;
	unsigned int month, day;
};

/*
 * The proleptic Gregorian date of a day since 1970-01-01. Years are counted from March, so that the leap day comes
 * last, in eras of 400 years (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days).
 */
static struct date date_of_day(int64_t day)
{
	int64_t shifted = day + 719468, era = floor_divide(shifted, 146097);
	unsigned int of_era = shifted - era * 146097;
	unsigned int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned int of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned int month = (5 * of_year + 2) / 153;

	return (struct date){
		.year = era * 400 + year + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = of_year - (153 * month + 2) / 5 + 1,
	};
}

static void append_clock(struct strbuf *out, unsigned int second_of_day)
{
	strbuf_append_u64_digits(out, second_of_day / 3600, 2);
	strbuf_append_char(out, ':');
	strbuf_append_u64_digits(out, second_of_day / 60 % 60, 2);
	strbuf_append_char(out, ':');
	strbuf_append_u64_digits(out, second_of_day % 60, 2);
}

void timestamp_format_local(struct strbuf *out, const struct timebase *base, uint64_t monotonic_ns)
{
	int64_t seconds = floor_divide(realtime_ns(base, monotonic_ns), NS_PER_S) + base->utc_offset_s;

	append_clock(out, seconds - floor_divide(seconds, SECONDS_A_DAY) * SECONDS_A_DAY);
}

void timestamp_format_utc(struct strbuf *out, const struct timebase *base, uint64_t monotonic_ns)
{
	int64_t ns = realtime_ns(base, monotonic_ns), seconds = floor_divide(ns, NS_PER_S);
	int64_t day = floor_divide(seconds, SECONDS_A_DAY);
	struct date date = date_of_day(day);

	/* 64 bits of nanoseconds end in 2262 and begin in 1677: always four digits */
	strbuf_append_u64_digits(out, date.year, 4);
	strbuf_append_char(out, '-');
	strbuf_append_u64_digits(out, date.month, 2);
	strbuf_append_char(out, '-');
	strbuf_append_u64_digits(out, date.day, 2);
	strbuf_append_char(out, 'T');
	append_clock(out, seconds - day * SECONDS_A_DAY);
	strbuf_append_char(out, '.');
	/* multiplied as unsigned: the first second of the range begins below INT64_MIN */
	strbuf_append_u64_digits(out, ((uint64_t)ns - (uint64_t)seconds * NS_PER_S) / 1000, 6);
	strbuf_append_char(out, 'Z');
}

void timestamp_format_elapsed(struct strbuf *out, const struct timebase *base, uint64_t monotonic_ns)
{
	duration_format_s(out, monotonic_ns > base->first_ns ? monotonic_ns - base->first_ns : 0);
}

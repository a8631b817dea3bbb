/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/timestamp.h"

#include "core/duration.h"

#include <stdbool.h>

#define NS_PER_S      1000000000LL
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
	return duration_append_s(at, monotonic_ns > base->first_ns ? monotonic_ns - base->first_ns : 0);
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

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The text of a histogram against that of libbpf-tools' own tcprtt. */
#include "output/rtt.h"

#include "../core/text.h"

#include <stdio.h>

static struct rtt_report report_of(enum tick tick, const struct histogram *histogram)
{
	return (struct rtt_report){.by = "all", .key = "", .tick = tick, .histogram = histogram};
}

/* libbpf-tools' own code with wide enough numbers: the table must be the same bytes. */
static void peer_table(FILE *out, const uint64_t *counts, const char *unit)
{
	uint64_t most = 0;
	int rows = 0;

	for (int i = 0; i < LOG2_COUNT; i++) {
		rows = counts[i] ? i + 1 : rows;
		most = counts[i] > most ? counts[i] : most;
	}
	fprintf(out, "%*s%-*s : count    distribution\n", 5, "", 19, unit);
	for (int i = 0; i < rows; i++) {
		long long low = (1ULL << (i + 1)) >> 1, high = (1ULL << (i + 1)) - 1;
		int stars = (unsigned __int128)counts[i] * 40 / most;

		fprintf(out, "%*lld -> %-*lld : %-8lld |", 10, low == high ? low - 1 : low, 10, high,
			(long long)counts[i]);
		for (int star = 0; star < 40; star++)
			fputc(star < stars ? '*' : ' ', out);
		fputs("|\n", out);
	}
}

static void check_against_peer(struct histogram *histogram, enum tick tick)
{
	struct rtt_report report = report_of(tick, histogram);
	struct strbuf sb = text_new(RTT_TEXT_MAX);
	uint64_t counts[LOG2_COUNT];
	char *expected = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&expected, &length);

	assert_non_null(file);
	histogram_fold_log2(histogram, tick, counts);
	fputs("All Addresses = ****** \n", file);
	peer_table(file, counts, tick == TICK_US ? "usecs" : "msecs");
	fclose(file);
	rtt_text(&sb, &report, false);
	text_check(&sb, expected);
	free(expected);
}

static void test_against_peer(void **state)
{
	uint64_t seed = 6;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct histogram histogram = {};

		/* counts of all magnitudes up to 2^63, in few or many slots */
		for (uint64_t used = 1 + text_random(&seed) % 30; used > 0; used--) {
			uint32_t slot = text_random(&seed) % SLOT_COUNT;

			histogram.slots[slot] = 1 + (text_random(&seed) >> (7 + text_random(&seed) % 56));
		}
		check_against_peer(&histogram, i % 2 ? TICK_US : TICK_MS1024);
	}
}

/* 107374183 * 40 needs 33 bits; 2^64 - 1 has no room for a factor at all. */
static void test_stars(void **state)
{
	static const struct {
		uint64_t count, most;
		unsigned int stars;
	} cases[] = {
		{1, 1, 40},
		{1, 40, 1},
		{1, 41, 0},
		{39, 40, 39},
		{107374183, 107374183, 40},
		{107374182, 107374183, 39},
		{4294967296, 8589934592, 20},
		{UINT64_MAX - 1000, UINT64_MAX - 1000, 40},
		{UINT64_MAX / 2 - 1000, UINT64_MAX / 2 + 1000, 39},
		{UINT64_MAX / 40 - 10, UINT64_MAX - UINT64_MAX / 40, 1},
		{1, UINT64_MAX - 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct histogram histogram = {.slots = {[1] = cases[i].most, [2] = cases[i].count}};
		struct rtt_report report = report_of(TICK_US, &histogram);
		struct strbuf sb = text_new(RTT_TEXT_MAX);
		const char *row;

		rtt_text(&sb, &report, false);
		row = memrchr(sb.data, '|', sb.length - 2);
		/* the last row's bar */
		assert_non_null(row);
		assert_int_equal(sb.data + sb.length - row, 1 + 40 + 2);
		assert_int_equal(strspn(row + 1, "*"), cases[i].stars);
		free(sb.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_peer),
		cmocka_unit_test(test_stars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

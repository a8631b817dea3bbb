/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The heat map: every width of a terminal, cells, shades and colors. */
#include "output/heatmap.h"

#include "../core/text.h"

#include <stdio.h>

#define NOON "12:00:00"

static void put(struct histogram *histogram, enum tick tick, uint64_t us, uint64_t count)
{
	histogram->slots[slot_of(tick == TICK_MS1024 ? us * 1024 / 1000 : us)] += count;
	histogram->sum_us += us * count;
}

/* A burst of three magnitudes, a sample beyond each end. */
static struct histogram burst(enum tick tick)
{
	struct histogram histogram = {};

	put(&histogram, tick, 2, 1);
	put(&histogram, tick, 10, 3);
	put(&histogram, tick, 100, 1000);
	put(&histogram, tick, 120, 500);
	put(&histogram, tick, 1000, 30);
	put(&histogram, tick, 10000, 10);
	put(&histogram, tick, 100000, 100);
	put(&histogram, tick, 1000000, 2);
	put(&histogram, tick, 20000000, 1);
	return histogram;
}

static void test_narrow(void **state)
{
	struct heatmap map = {.width = 40, .lines = 7};
	struct histogram histogram = burst(TICK_US), empty = {};
	struct strbuf sb = text_new(HEATMAP_TEXT_MAX);

	(void)state;
	heatmap_scale(&map, &sb);
	assert_int_equal(map.lines, 0);
	heatmap_line(&map, &sb, NOON, &histogram);
	heatmap_line(&map, &sb, "23:59:59", &empty);
	assert_int_equal(map.lines, 2);
	heatmap_scale(&map, &sb);
	assert_int_equal(map.lines, 0);
	text_check(&sb, "1 sample .:-=+*#%@ most so far\n"
			"TIME     |10us |1ms  |100ms COUNT    P99\n"
			"12:00:00 -  @  +  =  *  : .  1647  100ms\n"
			"23:59:59                        0      -\n"
			"1 sample .:-=+*#%@ most so far: 1500\n"
			"TIME     |10us |1ms  |100ms COUNT    P99\n");
}

/* First p99 goes, then the count: no line is longer than the terminal. */
static void test_very_narrow(void **state)
{
	struct heatmap map = {.width = 30};
	struct histogram histogram = burst(TICK_US);
	struct strbuf sb = text_new(HEATMAP_TEXT_MAX);

	(void)state;
	heatmap_line(&map, &sb, NOON, &histogram);
	heatmap_scale(&map, &sb);
	map.width = 20;
	heatmap_scale(&map, &sb);
	heatmap_line(&map, &sb, NOON, &histogram);
	text_check(&sb, "12:00:00 -  @ + =  * : .  1647\n"
			"1 .:-=+*#%@ most\n"
			"TIME     |10us  |10ms    COUNT\n"
			"1 .:-=+*#%@ most\n"
			"TIME     |10us  | | \n"
			"12:00:00 - @ += * :.\n");
}

static void test_80_columns(void **state)
{
	struct heatmap map = {.width = 80};
	struct histogram histogram = burst(TICK_US);
	struct strbuf sb = text_new(HEATMAP_TEXT_MAX);

	(void)state;
	heatmap_line(&map, &sb, NOON, &histogram);
	heatmap_scale(&map, &sb);
	text_check(&sb, "12:00:00 . :        @%        +        =        *        :        .  1647  100ms\n"
			"shade: samples in the column, logarithmic: 1 sample .:-=+*#%@ most so far: 1000\n"
			"TIME       |10us    |100us    |1ms     |10ms    |100ms   |1s        COUNT    P99\n");
}

/* Bytes to columns: escape sequences are none. The line must end without a colour. */
static size_t columns(const char *line, size_t length)
{
	size_t columns = 0;
	bool color = false;

	for (size_t i = 0; i < length; i++) {
		if (line[i] == '\x1b') {
			size_t end = i;

			while (line[end] != 'm')
				end++;
			color = strncmp(line + i, "\x1b[0m", 4) != 0;
			i = end;
			continue;
		}
		assert_true(line[i] >= 0x20 && line[i] < 0x7f);
		columns++;
	}
	assert_false(color);
	return columns;
}

static void test_every_width(void **state)
{
	(void)state;
	for (uint32_t width = 0; width < 1000; width++) {
		size_t expected = width < 20 ? 20 : width > 534 ? 534 : width;

		for (int variant = 0; variant < 4; variant++) {
			enum tick tick = variant & 2 ? TICK_MS1024 : TICK_US;
			struct heatmap map = {.width = width, .color = variant & 1, .tick = tick};
			struct strbuf sb = text_new(HEATMAP_TEXT_MAX);
			struct histogram histogram = burst(tick);
			const char *ruler;

			heatmap_line(&map, &sb, NOON, &histogram);
			assert_int_equal(sb.data[sb.length - 1], '\n');
			assert_int_equal(columns(sb.data, sb.length - 1), expected);
			/* the longest legend there is */
			map.fullest = 9999999;
			sb.length = 0;
			heatmap_scale(&map, &sb);
			ruler = memchr(sb.data, '\n', sb.length);
			assert_non_null(ruler++);
			assert_true(columns(sb.data, ruler - 1 - sb.data) <= expected);
			assert_int_equal(columns(ruler, sb.data + sb.length - 1 - ruler), expected);
			assert_false(sb.overflow);
			free(sb.data);
		}
	}
}

/* A colour for every cell is the longest; there must be no stripes between slots, however wide the terminal is. */
static void test_full(void **state)
{
	uint64_t seed = 8;

	(void)state;
	for (uint32_t width = 40; width <= 600; width++) {
		struct heatmap map = {.width = width, .tick = width % 2 ? TICK_US : TICK_MS1024};
		struct strbuf sb = text_new(HEATMAP_TEXT_MAX);
		struct histogram histogram;

		for (uint32_t slot = 0; slot < SLOT_COUNT; slot++)
			histogram.slots[slot] = 1 + (text_random(&seed) >> (9 + text_random(&seed) % 54));
		heatmap_line(&map, &sb, NOON, &histogram);
		assert_null(memchr(sb.data + 9, ' ', sb.length - 9 - 14));
		sb.length = 0;
		map.color = true;
		heatmap_line(&map, &sb, NOON, &histogram);
		assert_false(sb.overflow);
		free(sb.data);
	}
}

/* Where a single sample is shown, of 58 cells. */
static size_t cell_with(enum tick tick, uint64_t us)
{
	struct heatmap map = {.width = 80, .tick = tick};
	struct strbuf sb = text_new(HEATMAP_TEXT_MAX);
	struct histogram histogram = {};
	size_t cell;

	put(&histogram, tick, us, 1);
	heatmap_line(&map, &sb, NOON, &histogram);
	cell = strcspn(sb.data + 9, ".");
	assert_true(cell < 58);
	assert_null(memchr(sb.data + 9 + cell + 1, '.', 58 - cell - 1));
	free(sb.data);
	return cell;
}

static void test_cells(void **state)
{
	(void)state;
	for (size_t t = 0; t < 2; t++) {
		enum tick tick = t ? TICK_MS1024 : TICK_US;
		size_t before = 0;

		assert_int_equal(cell_with(tick, 0), 0);
		assert_int_equal(cell_with(tick, 5), 0);
		assert_int_equal(cell_with(tick, 10), 2);
		assert_int_equal(cell_with(tick, 1000000), 48);
		assert_int_equal(cell_with(tick, 9999999), 57);
		assert_int_equal(cell_with(tick, 10000001), 57);
		assert_int_equal(cell_with(tick, 300000000), 57);
		for (uint64_t us = 0; us < 20000000; us += 1 + us / 60) {
			size_t cell = cell_with(tick, us);

			assert_true(cell >= before && cell <= before + 4);
			before = cell;
		}
	}
}

/* The darkest is the most so far, in earlier lines as well; a single sample is the lightest. */
static void test_shades(void **state)
{
	static const struct {
		uint64_t count, fullest;
		char shade;
	} cases[] = {
		{1, 0, '.'},      {2, 0, '@'},          {1, 2, '.'},   {1, 1000000, '.'}, {4, 65536, ':'},
		{16, 65536, '-'}, {256, 65536, '+'},    {1, 256, '.'}, {256, 256, '@'},   {300, 256, '@'},
		{65535, 0, '@'},  {UINT64_MAX, 0, '@'}, {0, 0, ' '},   {0, 10, ' '},      {1ULL << 32, UINT64_MAX, '+'},
	};
	char before = '.';

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct heatmap map = {.width = 40, .fullest = cases[i].fullest};
		struct strbuf sb = text_new(HEATMAP_TEXT_MAX);
		struct histogram histogram = {.slots = {[1] = cases[i].count}};

		heatmap_line(&map, &sb, NOON, &histogram);
		assert_int_equal(sb.data[9], cases[i].shade);
		assert_int_equal(map.fullest, cases[i].count > cases[i].fullest ? cases[i].count : cases[i].fullest);
		free(sb.data);
	}
	for (uint64_t count = 1; count <= 10000; count++) {
		static const char order[] = ".:-=+*#%@";
		struct heatmap map = {.width = 40, .fullest = 10000};
		struct strbuf sb = text_new(HEATMAP_TEXT_MAX);
		struct histogram histogram = {.slots = {[1] = count}};
		const char *previous = strchr(order, before), *shade;

		heatmap_line(&map, &sb, NOON, &histogram);
		shade = strchr(order, sb.data[9]);
		assert_true(shade && (shade == previous || shade == previous + 1));
		before = *shade;
		free(sb.data);
	}
	assert_int_equal(before, '@');
}

static void check_numbers(uint64_t us, uint64_t count, const char *expected)
{
	struct heatmap map = {.width = 40};
	struct histogram histogram = {};
	struct strbuf sb = text_new(HEATMAP_TEXT_MAX);

	histogram.slots[slot_of(us)] = count;
	heatmap_line(&map, &sb, NOON, &histogram);
	assert_int_equal(sb.length, 41);
	memmove(sb.data, sb.data + 27, 13);
	sb.length = 13;
	text_check(&sb, expected);
}

static void test_numbers(void **state)
{
	(void)state;
	check_numbers(0, 1, "     1    0us");
	check_numbers(31, 99999, " 99999   31us");
	check_numbers(991, 100000, "  100k  975us"); /* the middle of [960, 992) */
	check_numbers(1000, 9999999, " 9999k  1.0ms");
	check_numbers(99000, 10000000, "   10M  100ms");
	check_numbers(96000, 9999999999, " 9999M 96.3ms");
	check_numbers(999999, 10000000000, "   10G  999ms"); /* of [983040, 1015808) */
	check_numbers(1048575, 10000000000, "   10G   1.0s");
	check_numbers(970000, 1000000000000000, " 1000T  967ms");
	check_numbers(200000000, 1000000000000000000, " 1000P 197.1s");
	check_numbers(UINT64_MAX, UINT64_MAX, "   18E 260.0s");
}

/* In colour, runs of a shade are blanks behind one escape sequence; the text around the cells stays. */
static void translate(struct strbuf *out, const char *line, size_t first, size_t cells)
{
	static const char *const colors[] = {"231", "226", "220", "214", "208", "202", "196", "160", "124", "88"};
	char previous = 0;

	strbuf_append(out, line, first);
	for (size_t i = first; i < first + cells; i++) {
		if (line[i] != previous) {
			strbuf_append_literal(out, "\x1b[48;5;");
			strbuf_append_string(out, colors[strchr(" .:-=+*#%@", line[i]) - " .:-=+*#%@"]);
			strbuf_append_char(out, 'm');
		}
		previous = line[i];
		strbuf_append_char(out, ' ');
	}
	strbuf_append_literal(out, "\x1b[0m");
	strbuf_append_string(out, line + first + cells);
}

static void check_color(bool scale, size_t first, size_t cells)
{
	struct heatmap plain = {.width = 80, .fullest = 1500}, color = {.width = 80, .color = true, .fullest = 1500};
	struct histogram histogram = burst(TICK_US);
	struct strbuf sb = text_new(HEATMAP_TEXT_MAX), expected = text_new(HEATMAP_TEXT_MAX);
	char line[200];
	struct strbuf ascii = strbuf_over(line, sizeof(line) - 1);

	if (scale) {
		heatmap_scale(&plain, &ascii);
		heatmap_scale(&color, &sb);
	} else {
		heatmap_line(&plain, &ascii, NOON, &histogram);
		heatmap_line(&color, &sb, NOON, &histogram);
	}
	line[ascii.length] = '\0'; /* padding may have left blanks behind the end */
	translate(&expected, line, first, cells);
	strbuf_append_char(&expected, '\0');
	text_check(&sb, expected.data);
	free(expected.data);
}

static void test_color(void **state)
{
	(void)state;
	check_color(false, 9, 58);
	check_color(true, strlen("shade: samples in the column, logarithmic: 1 sample "), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_narrow),     cmocka_unit_test(test_very_narrow),
		cmocka_unit_test(test_80_columns), cmocka_unit_test(test_every_width),
		cmocka_unit_test(test_full),       cmocka_unit_test(test_cells),
		cmocka_unit_test(test_shades),     cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_color),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/heatmap.h"

#include <string.h>

/* The range of the columns: loopback and a satellite fit, and a decade takes 9 columns of a terminal with 80. */
#define LOWEST_US  5
#define HIGHEST_US 10000000

#define TIME_COLUMNS  9 /* "HH:MM:SS " */
#define COUNT_COLUMNS 5 /* behind a blank */
#define P99_COLUMNS   6 /* behind a blank */
#define WIDTH_MIN     20
#define WIDTH_COUNT   30 /* from this width on, a line has the count */
#define WIDTH_P99     40 /* and p99 */
#define WIDTH_WORDS   80 /* and the legend has words */
#define CELLS_MAX     512

#define SHADES 9
#define BLANK  (-1)

static const char ascii_shades[SHADES + 1] = ".:-=+*#%@";

/*
 * Numbers in the 256-colour palette, from yellow over orange to dark red. Their lightness has about even steps (CIE L*
 * 97, 87, 77, 68, 61, 53, 45, 36, 27). Cells without samples are white, so darker means more on a dark terminal, too.
 */
static const char *const color_shades[SHADES] = {"226", "220", "214", "208", "202", "196", "160", "124", "88"};
static const char color_blank[] = "231";

static unsigned int cell_count(const struct heatmap *map)
{
	unsigned int cells = (map->width < WIDTH_MIN ? WIDTH_MIN : map->width) - TIME_COLUMNS;

	if (map->width >= WIDTH_COUNT)
		cells -= 1 + COUNT_COLUMNS;
	if (map->width >= WIDTH_P99)
		cells -= 1 + P99_COLUMNS;

	return cells < CELLS_MAX ? cells : CELLS_MAX;
}

/* Returns log2 with 16 fractional bits: each squaring of the mantissa yields one of them. `value` is not 0. */
static uint32_t log2_fixed(uint64_t value)
{
	uint32_t result = 63 - __builtin_clzll(value);
	uint64_t mantissa = result > 31 ? value >> (result - 31) : value << (31 - result);

	for (int i = 0; i < 16; i++) {
		mantissa = mantissa * mantissa >> 31;
		result <<= 1;
		if (mantissa >> 32) {
			mantissa >>= 1;
			result |= 1;
		}
	}
	return result;
}

/* Returns the cell of a latency, or `cells` for a latency beyond the last one. */
static unsigned int cell_of(uint64_t us, unsigned int cells)
{
	uint64_t position;

	if (us <= LOWEST_US)
		return 0;
	if (us >= HIGHEST_US)
		return cells;
	position = log2_fixed(us) - log2_fixed(LOWEST_US);
	return position * cells / (log2_fixed(HIGHEST_US) - log2_fixed(LOWEST_US));
}

/*
 * A slot narrower than a cell counts in the cell where it begins. A wider slot, on a wide terminal, counts in all of
 * its cells up to the next slot. The map would have stripes otherwise.
 */
static void fill_cells(const struct heatmap *map, const struct histogram *histogram, uint64_t cells[CELLS_MAX])
{
	unsigned int count = cell_count(map);

	memset(cells, 0, count * sizeof(cells[0]));
	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
		uint64_t low, high;
		unsigned int cell, end;

		if (!histogram->slots[slot])
			continue;
		slot_bounds_us(map->tick, slot, &low, &high);
		cell = cell_of(low, count);
		end = cell_of(high, count);
		if (cell == count)
			cell--;
		do
			cells[cell] += histogram->slots[slot];
		while (++cell < end);
	}
}

static int shade_of(uint64_t count, uint64_t most)
{
	uint32_t range;

	if (!count)
		return BLANK;
	range = log2_fixed(most);
	return range ? (log2_fixed(count) * (SHADES - 1) + range / 2) / range : 0;
}

static void append_color(struct strbuf *out, const char *color)
{
	strbuf_append_literal(out, "\x1b[48;5;");
	strbuf_append_string(out, color);
	strbuf_append_char(out, 'm');
}

static void append_cell(const struct heatmap *map, struct strbuf *out, int shade, int *previous)
{
	if (!map->color) {
		strbuf_append_char(out, shade == BLANK ? ' ' : ascii_shades[shade]);
		return;
	}
	if (shade != *previous)
		append_color(out, shade == BLANK ? color_blank : color_shades[shade]);
	*previous = shade;
	strbuf_append_char(out, ' ');
}

static void append_reset(const struct heatmap *map, struct strbuf *out)
{
	if (map->color)
		strbuf_append_literal(out, "\x1b[0m");
}

/* ---- numbers in few columns ---- */

/* At most 5 columns, rounded down: 99999, 100k, 9999k, 10M. */
static void append_count(struct strbuf *out, uint64_t count)
{
	const char *suffix = "kMGTPE";

	if (count < 100000) {
		strbuf_append_u64(out, count);
		return;
	}
	for (count /= 1000; count >= 10000; count /= 1000)
		suffix++;
	strbuf_append_u64(out, count);
	strbuf_append_char(out, *suffix);
}

static void append_tenths(struct strbuf *out, uint64_t tenths)
{
	strbuf_append_u64(out, tenths / 10);
	strbuf_append_char(out, '.');
	strbuf_append_u64(out, tenths % 10);
}

/* At most 6 columns: 999us, 99.9ms, 999ms, 268.4s. */
static void append_latency(struct strbuf *out, uint64_t us)
{
	if (us < 1000) {
		strbuf_append_u64(out, us);
		strbuf_append_literal(out, "us");
	} else if (us < 99950) {
		append_tenths(out, (us + 50) / 100);
		strbuf_append_literal(out, "ms");
	} else if (us < 999500) {
		strbuf_append_u64(out, (us + 500) / 1000);
		strbuf_append_literal(out, "ms");
	} else {
		append_tenths(out, (us + 50000) / 100000);
		strbuf_append_char(out, 's');
	}
}

/* Appends a blank and `text`, right-aligned in `columns` columns. */
static void append_right(struct strbuf *out, const struct strbuf *text, size_t columns)
{
	strbuf_pad(out, out->length, 1 + (text->length < columns ? columns - text->length : 0));
	strbuf_append(out, text->data, text->length);
}

/* ---- lines ---- */

static void append_sample_shades(const struct heatmap *map, struct strbuf *out)
{
	int previous = BLANK;

	for (int shade = 0; shade < SHADES; shade++)
		append_cell(map, out, shade, &previous);
	append_reset(map, out);
}

/* Appends the legend: 16 columns, 37 where p99 is shown, and more on a wide terminal. */
static void append_legend(const struct heatmap *map, struct strbuf *out)
{
	bool wide = map->width >= WIDTH_P99;

	if (map->width >= WIDTH_WORDS)
		strbuf_append_literal(out, "shade: samples in the column, logarithmic: ");
	strbuf_append_string(out, wide ? "1 sample " : "1 ");
	append_sample_shades(map, out);
	strbuf_append_string(out, wide ? " most so far" : " most");
	if (wide && map->fullest) {
		strbuf_append_literal(out, ": ");
		append_count(out, map->fullest);
	}
	if (map->width >= 132)
		strbuf_append_literal(out, "; first column: under 5us, last: over 10s");
	strbuf_append_char(out, '\n');
}

/* Appends the ruler. The mark "|10us" begins in the column that holds 10 us. */
static void append_ruler(struct strbuf *out, unsigned int cells)
{
	static const struct {
		const char *name;
		uint64_t us;
	} marks[] = {{"|10us", 10},    {"|100us", 100},    {"|1ms", 1000},
		     {"|10ms", 10000}, {"|100ms", 100000}, {"|1s", 1000000}};
	size_t start = out->length;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t at = cell_of(marks[i].us, cells), used = out->length - start;

		/* a mark is left out if no blank fits in front */
		if (used && at <= used)
			continue;
		strbuf_pad(out, start, at);
		strbuf_append(out, marks[i].name, at + strlen(marks[i].name) <= cells ? strlen(marks[i].name) : 1);
	}
	strbuf_pad(out, start, cells);
}

void heatmap_scale(struct heatmap *map, struct strbuf *out)
{
	append_legend(map, out);
	strbuf_append_literal(out, "TIME     ");
	append_ruler(out, cell_count(map));
	if (map->width >= WIDTH_COUNT)
		strbuf_append_literal(out, " COUNT");
	if (map->width >= WIDTH_P99)
		strbuf_append_literal(out, "    P99");
	strbuf_append_char(out, '\n');
	map->lines = 0;
}

static void append_numbers(const struct heatmap *map, struct strbuf *out, const struct histogram *histogram)
{
	struct histogram_stats stats;
	char text[24];
	struct strbuf number = strbuf_over(text, sizeof(text));

	histogram_statistics(histogram, map->tick, &stats);
	append_count(&number, stats.count);
	if (map->width >= WIDTH_COUNT)
		append_right(out, &number, COUNT_COLUMNS);
	number.length = 0;
	if (stats.count)
		append_latency(&number, stats.p99);
	else
		strbuf_append_char(&number, '-');
	if (map->width >= WIDTH_P99)
		append_right(out, &number, P99_COLUMNS);
}

void heatmap_line(struct heatmap *map, struct strbuf *out, const char time[8], const struct histogram *histogram)
{
	unsigned int count = cell_count(map);
	uint64_t cells[CELLS_MAX];
	int previous = SHADES; /* none */

	fill_cells(map, histogram, cells);
	for (unsigned int i = 0; i < count; i++) {
		if (cells[i] > map->fullest)
			map->fullest = cells[i];
	}
	strbuf_append(out, time, 8);
	strbuf_append_char(out, ' ');
	for (unsigned int i = 0; i < count; i++)
		append_cell(map, out, shade_of(cells[i], map->fullest), &previous);
	append_reset(map, out);
	append_numbers(map, out, histogram);
	strbuf_append_char(out, '\n');
	map->lines++;
}

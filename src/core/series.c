/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A place changes hands when the newcomer grows so many times as fast. */
#define PUSHES_OUT 2
/* The growth is a mean whose newest reading has the weight 1/FADE. */
#define FADE 4

int series_open(size_t groups, size_t words, size_t places, struct series_table *ret)
{
	*ret = (struct series_table){
		.groups = groups,
		.words = words,
		.places = places,
		.series = calloc(groups, sizeof(struct series)),
		.counters = calloc(groups, words * sizeof(uint64_t)),
		.before = calloc(groups, words * sizeof(uint64_t)),
		.ended = calloc(words, sizeof(uint64_t)),
	};
	return ret->series && ret->counters && ret->before && ret->ended ? 0 : -ENOMEM;
}

void series_close(struct series_table *table)
{
	free(table->series);
	free(table->counters);
	free(table->before);
	free(table->ended);
	*table = (struct series_table){};
}

static uint64_t *counters_of(const struct series_table *table, size_t group)
{
	return table->counters + group * table->words;
}

static uint64_t *before_of(const struct series_table *table, size_t group)
{
	return table->before + group * table->words;
}

void series_begin(struct series_table *table, uint64_t now_ns)
{
	table->now_ns = now_ns;
}

void series_count(struct series_table *table, size_t group, const uint64_t *counters, uint64_t weight)
{
	struct series *series = &table->series[group];
	uint64_t *stored = counters_of(table, group);
	size_t size = table->words * sizeof(*counters);

	series->idle++;
	series->growth -= (series->growth + FADE - 1) / FADE;
	if (!series->readings || memcmp(stored, counters, size) != 0) {
		series->changed_ns = table->now_ns;
		series->idle = 0;
	}
	series->readings++;
	series->growth += weight - series->weight;
	series->weight = weight;
	memcpy(stored, counters, size);
}

/* At its first reading, no count of the group was reported in "other" yet. */
static void show(struct series_table *table, size_t group)
{
	if (table->series[group].readings > 1)
		memcpy(before_of(table, group), counters_of(table, group), table->words * sizeof(uint64_t));
	table->series[group].is_shown = true;
	table->shown++;
}

static void hide(struct series_table *table, size_t group)
{
	table->series[group].is_shown = false;
	table->shown--;
}

/* Finds the group that grows fastest among those that are not shown. Returns false if there is none. */
static bool find_fastest(const struct series_table *table, size_t *ret)
{
	bool found = false;

	for (size_t i = 0; i < table->groups; i++) {
		const struct series *series = &table->series[i];

		if (!series->readings || series->is_shown || (found && series->growth <= table->series[*ret].growth))
			continue;
		*ret = i;
		found = true;
	}
	return found;
}

static bool find_slowest(const struct series_table *table, size_t *ret)
{
	bool found = false;

	for (size_t i = 0; i < table->groups; i++) {
		const struct series *series = &table->series[i];

		if (!series->is_shown || (found && series->growth >= table->series[*ret].growth))
			continue;
		*ret = i;
		found = true;
	}
	return found;
}

void series_choose(struct series_table *table)
{
	size_t fastest = 0, slowest = 0;

	while (find_fastest(table, &fastest)) {
		if (table->shown < table->places) {
			show(table, fastest);
			continue;
		}
		if (!find_slowest(table, &slowest) ||
		    table->series[fastest].growth / PUSHES_OUT <= table->series[slowest].growth)
			return;
		hide(table, slowest);
		show(table, fastest);
	}
}

void series_limit(struct series_table *table, size_t places)
{
	size_t slowest = 0;

	table->places = places;
	while (table->shown > places && find_slowest(table, &slowest))
		hide(table, slowest);
}

bool series_is_shown(const struct series_table *table, size_t group)
{
	return table->series[group].is_shown;
}

bool series_is_idle(const struct series_table *table, size_t group)
{
	const struct series *series = &table->series[group];

	return series->readings && series->idle >= SERIES_IDLE_READINGS &&
	       table->now_ns - series->changed_ns >= SERIES_IDLE_NS;
}

static void add(uint64_t *to, const uint64_t *more, size_t words)
{
	for (size_t i = 0; i < words; i++)
		to[i] += more[i];
}

void series_end(struct series_table *table, size_t group, const uint64_t *counters)
{
	size_t size = table->words * sizeof(*counters);

	if (table->series[group].is_shown)
		hide(table, group);
	add(table->ended, counters, table->words);
	memset(counters_of(table, group), 0, size);
	memset(before_of(table, group), 0, size);
	table->series[group] = (struct series){};
}

void series_read(const struct series_table *table, size_t group, uint64_t *ret)
{
	const uint64_t *counters = counters_of(table, group), *before = before_of(table, group);

	for (size_t i = 0; i < table->words; i++)
		ret[i] = counters[i] - before[i];
}

void series_read_other(const struct series_table *table, uint64_t *ret)
{
	memcpy(ret, table->ended, table->words * sizeof(*ret));
	for (size_t i = 0; i < table->groups; i++)
		add(ret, table->series[i].is_shown ? before_of(table, i) : counters_of(table, i), table->words);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcprtt/measure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int measure_open(const struct tcprtt_options *options, struct probe *probe, struct measure *ret)
{
	size_t groups = tcprtt_is_grouped(options) ? (size_t)options->max_keys + 1 : 1;

	*ret = (struct measure){
		.options = options,
		.probe = probe,
		.tick = options->milliseconds ? TICK_MS1024 : TICK_US,
		/* a page is touched only if a group in it is in use */
		.before = calloc(groups, sizeof(struct histogram)),
		.groups = calloc(groups, sizeof(struct known_group)),
	};
	return ret->before && ret->groups ? 0 : -ENOMEM;
}

void measure_close(struct measure *measure)
{
	free(measure->before);
	free(measure->groups);
	free(measure->rows);
	*measure = (struct measure){};
}

/* Appends a row. Returns NULL if out of memory. */
static struct measured *new_row(struct measure *measure)
{
	if (measure->count == measure->capacity) {
		size_t capacity = measure->capacity ? 2 * measure->capacity : 16;
		struct measured *rows = realloc(measure->rows, capacity * sizeof(*rows));

		if (!rows)
			return NULL;
		measure->rows = rows;
		measure->capacity = capacity;
	}
	return &measure->rows[measure->count++];
}

/*
 * Sets the row's histogram to the difference between `reading` and `before`, and `before` to the reading. Without a
 * sample `before` stays. A reading can be too early for a part of a sum, and that part must not be dropped with an
 * empty row.
 */
static void take_difference(const struct measure *measure, struct measured *row, const struct histogram *reading,
			    struct histogram *before)
{
	histogram_subtract(reading, before, &row->histogram);
	histogram_statistics(&row->histogram, measure->tick, &row->stats);
	if (row->stats.count)
		*before = *reading;
}

/* Returns the row of a group. Returns NULL if the group had no sample, or with an error in *ret_error. */
static struct measured *take_group(struct measure *measure, uint32_t number, int *ret_error)
{
	struct measured *row = new_row(measure);
	struct histogram reading;

	*ret_error = row ? samples_read_group(measure->probe, number, &reading) : -ENOMEM;
	if (*ret_error)
		return NULL;
	take_difference(measure, row, &reading, &measure->before[number]);
	row->other = number == GROUP_OTHER;
	row->unknown = false;
	row->key = (struct group_key){};
	row->distinction = 0;
	if (!row->stats.count)
		measure->count--;
	return row->stats.count ? row : NULL;
}

/* Lists the groups. Returns their number or a negative errno. */
static int list_groups(struct measure *measure)
{
	struct known_group *group = measure->groups, *end = group + measure->options->max_keys;
	const struct group_key *before = NULL;
	int error = 0;

	for (; group < end && !error; group += !error) {
		error = samples_next_group(measure->probe, before, &group->key, &group->number);
		before = &group->key;
	}
	return error && error != -ENOENT ? error : (int)(group - measure->groups);
}

int measure_visit_groups(struct measure *measure, void (*visit)(void *context, const struct group_key *key),
			 void *context)
{
	int count = list_groups(measure);

	for (int i = 0; i < count; i++)
		visit(context, &measure->groups[i].key);
	return count < 0 ? count : 0;
}

static int compare_keys(const void *a, const void *b)
{
	return grouping_compare(&((const struct known_group *)a)->key, &((const struct known_group *)b)->key);
}

/* Names the row of group `i`. The groups from `first` to `last` are its namesakes and itself. */
static void name_group(const struct measure *measure, int i, int first, int last, struct measured *row)
{
	const struct grouping *grouping = &measure->options->grouping;
	const struct known_group *groups = measure->groups;
	struct strbuf out = strbuf_over(row->name, sizeof(row->name) - 1);

	row->key = groups[i].key;
	row->distinction = grouping_distinction(&row->key, &groups[first].key, &groups[last].key,
						&groups[i > first ? i - 1 : i].key, &groups[i < last ? i + 1 : i].key);
	grouping_format_key(&out, grouping, &row->key, row->distinction, NULL);
	row->name[out.length] = '\0';
	row->unknown = grouping_is_unknown(grouping, &row->key);
}

static int last_namesake(const struct measure *measure, int first, int count)
{
	int last = first;

	while (last + 1 < count && grouping_is_namesake(&measure->groups[first].key, &measure->groups[last + 1].key))
		last++;
	return last;
}

static int take_groups(struct measure *measure)
{
	int count = list_groups(measure), error = 0, first = 0, last = -1;
	struct measured *row;

	if (count < 0)
		return count;
	qsort(measure->groups, (size_t)count, sizeof(*measure->groups), compare_keys);
	for (int i = 0; i < count && !error; i++) {
		if (i > last) {
			first = i;
			last = last_namesake(measure, first, count);
		}
		row = take_group(measure, measure->groups[i].number, &error);
		if (row)
			name_group(measure, i, first, last, row);
	}
	if (!error && (row = take_group(measure, GROUP_OTHER, &error)))
		strcpy(row->name, "other");
	return error;
}

static int descending(double a, double b)
{
	return (a < b) - (a > b);
}

static int compare(const void *a, const void *b, void *context)
{
	const struct histogram_stats *x = &((const struct measured *)a)->stats,
				     *y = &((const struct measured *)b)->stats;

	switch (*(const enum rtt_sort *)context) {
	case RTT_SORT_COUNT:
		return descending((double)x->count, (double)y->count);
	case RTT_SORT_MEAN:
		return descending(x->mean, y->mean);
	default:
		return descending(x->p99, y->p99);
	}
}

int measure_take(struct measure *measure)
{
	enum rtt_sort sort = measure->options->sort;
	struct histogram reading;
	struct measured *row;
	int error;

	measure->count = 0;
	if (tcprtt_is_grouped(measure->options)) {
		error = take_groups(measure);
		if (error)
			return error;
		qsort_r(measure->rows, measure->count, sizeof(*measure->rows), compare, &sort);
		while (measure->options->top && measure->count > measure->options->top)
			measure->left_out += measure->rows[--measure->count].stats.count;
		return 0;
	}
	error = samples_read_all(measure->probe, &reading);
	if (error)
		return error;
	row = new_row(measure);
	if (!row)
		return -ENOMEM;
	take_difference(measure, row, &reading, &measure->before[0]);
	strcpy(row->name, "all");
	row->other = row->unknown = false;
	return 0;
}

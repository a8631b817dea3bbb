/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/sum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64

void sum_add(struct sum *sum, const struct sum *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	for (size_t i = 0; i < SUM_FIELDS; i++)
		to[i] += from[i];
}

int sum_open(size_t max, int named_part, bool walks, struct sum_table *ret)
{
	*ret = (struct sum_table){.walks = walks};
	return group_table_open(max, named_part, &ret->names);
}

void sum_close(struct sum_table *table)
{
	group_table_close(&table->names);
	free(table->groups);
	*table = (struct sum_table){};
}

struct sum_group *sum_find(struct sum_table *table, const struct group_key *key)
{
	int64_t at = group_table_find(&table->names, key);

	return at < 0 ? NULL : &table->groups[at];
}

/* Makes room for the sums of one more group. Returns 0 or -ENOMEM. */
static int reserve(struct sum_table *table)
{
	size_t room = table->room ? 2 * table->room : ROOM_MIN;
	struct sum_group *groups;

	if (table->names.count < table->room)
		return 0;
	groups = realloc(table->groups, room * sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	memset(groups + table->room, 0, (room - table->room) * sizeof(*groups));
	table->groups = groups;
	table->room = room;
	return 0;
}

struct sum_group *sum_make(struct sum_table *table, const struct group_key *key, const char *name, size_t length)
{
	int64_t at = reserve(table);

	if (!at)
		at = group_table_make(&table->names, key, name, length);
	return at == -ENOSPC ? &table->other : at < 0 ? NULL : &table->groups[at];
}

void sum_walk_begin(struct sum_table *table)
{
	for (size_t i = 0; i < table->names.count; i++)
		table->groups[i].open = 0;
	table->other.open = 0;
}

void sum_walk_end(struct sum_table *table)
{
	table->has_walked = true;
}

/* Whether the connection began while the caller watched. */
static bool is_new(const struct connection *connection)
{
	return connection->life.start_ns && !connection->life.is_old;
}

static uint64_t time_of(const struct part *part)
{
	uint64_t end_ns = part->change.end.time_ns, from_ns = part->from_ns;

	if (!from_ns && is_new(&part->change))
		from_ns = part->change.life.start_ns;
	return from_ns && from_ns < end_ns ? end_ns - from_ns : 0;
}

/* Returns what a part adds to its group, but for `closed`. */
static struct sum sum_of(const struct sum_table *table, const struct part *part)
{
	const struct connection *change = &part->change;
	bool is_first = !part->from_ns;

	if (table->walks && is_first && !is_new(change))
		return (struct sum){.unmeasured = table->has_walked};
	return (struct sum){
		.opened = table->walks && is_first,
		.time_ns = time_of(part),
		.bytes_sent = change->bytes_sent,
		.bytes_acked = change->bytes_acked,
		.bytes_received = change->bytes_received,
		.bytes_retrans = change->bytes_retrans,
		.segs_out = change->segs_out,
		.segs_in = change->segs_in,
		.retransmits = change->retransmits,
	};
}

static void add_to(struct sum_group *group, const struct sum *sum)
{
	sum_add(&group->interval, sum);
	sum_add(&group->total, sum);
}

void sum_add_open(const struct sum_table *table, struct sum_group *group, const struct part *part)
{
	struct sum sum = sum_of(table, part);

	add_to(group, &sum);
	group->open += !part->is_counted; /* a walk may visit a socket twice */
}

void sum_add_end(const struct sum_table *table, struct sum_group *group, const struct part *part)
{
	struct sum sum = sum_of(table, part);

	sum.closed = 1;
	add_to(group, &sum);
	if (part->is_counted && group->open)
		group->open--;
}

void sum_next_interval(struct sum_table *table)
{
	for (size_t i = 0; i < table->names.count; i++)
		table->groups[i].interval = (struct sum){};
	table->other.interval = (struct sum){};
}

/* ---- rows ---- */

static uint64_t weight(const struct sum_row *row, const struct sum_order *order)
{
	const struct sum *sum = order->by_total ? &row->total : &row->interval;
	const uint64_t weights[SUM_SORTS] = {
		[SUM_SORT_BYTES] = sum->bytes_acked + sum->bytes_received,
		[SUM_SORT_TX] = sum->bytes_acked,
		[SUM_SORT_RX] = sum->bytes_received,
		[SUM_SORT_OPEN] = row->open,
		[SUM_SORT_OPENED] = sum->opened,
		[SUM_SORT_CLOSED] = sum->closed,
		[SUM_SORT_RETRANS] = sum->retransmits,
		[SUM_SORT_TIME] = sum->time_ns,
	};

	return weights[order->sort];
}

/* The greatest first. Equal ones in the order of their names, so that rows keep their places. */
static int compare(const void *a, const void *b, void *context)
{
	const struct sum_row *x = a, *y = b;
	uint64_t first = weight(x, context), second = weight(y, context);
	size_t shorter = x->name_length < y->name_length ? x->name_length : y->name_length;
	int order;

	if (first != second)
		return first < second ? 1 : -1;
	order = memcmp(x->name, y->name, shorter);
	if (!order)
		order = (x->name_length > y->name_length) - (x->name_length < y->name_length);
	return order ? order : memcmp(&x->key, &y->key, sizeof(x->key));
}

static bool is_shown(const struct sum_group *group)
{
	static const struct sum nothing;

	return group->open || memcmp(&group->interval, &nothing, sizeof(nothing));
}

/* `entry`: the name of the group; NULL for `other`. */
static struct sum_row row_of(const struct sum_group *group, const struct group_entry *entry)
{
	return (struct sum_row){
		.name = entry ? entry->name : NULL,
		.name_length = entry ? entry->name_length : 0,
		.key = entry ? entry->key : (struct group_key){},
		.is_other = !entry,
		.open = group->open,
		.interval = group->interval,
		.total = group->total,
	};
}

static void merge(struct sum_row *row, const struct sum_row *more)
{
	row->open += more->open;
	sum_add(&row->interval, &more->interval);
	sum_add(&row->total, &more->total);
}

/* Merges the rows from `top` on into one, `other`, with the table's own `other` and what idle groups once did. */
static void merge_rest(const struct sum_table *table, size_t top, struct sum_rows *rows)
{
	struct sum_row other = row_of(&table->other, NULL);
	bool is_needed = is_shown(&table->other);

	for (size_t i = 0; top && i < table->names.count; i++) {
		if (is_shown(&table->groups[i]))
			continue;
		sum_add(&other.total, &table->groups[i].total);
		is_needed = true;
	}
	while (top && rows->count > top) {
		merge(&other, &rows->rows[--rows->count]);
		is_needed = true;
	}
	if (is_needed)
		rows->rows[rows->count++] = other;
}

int sum_list(const struct sum_table *table, const struct sum_order *order, struct sum_rows *rows)
{
	size_t room = table->names.count + 1;

	if (rows->room < room) {
		struct sum_row *more = realloc(rows->rows, 2 * room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		rows->rows = more;
		rows->room = 2 * room;
	}
	rows->count = 0;
	for (size_t i = 0; i < table->names.count; i++) {
		if (is_shown(&table->groups[i]))
			rows->rows[rows->count++] = row_of(&table->groups[i], &table->names.groups[i]);
	}
	qsort_r(rows->rows, rows->count, sizeof(*rows->rows), compare, (void *)order);
	merge_rest(table, order->top, rows);
	return 0;
}

void sum_rows_close(struct sum_rows *rows)
{
	free(rows->rows);
	*rows = (struct sum_rows){};
}

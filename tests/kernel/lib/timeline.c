/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "timeline.h"

#include <stdlib.h>
#include <string.h>

#include "require.h"

/* An event or a row. */
struct item {
	const struct change *change;
	int64_t time_ns;
	size_t row; /* SIZE_MAX for an event */
};

static int compare_changes(const struct change *a, const struct change *b)
{
	int order;

	if (a->skaddr != b->skaddr)
		return a->skaddr < b->skaddr ? -1 : 1;
	if (a->oldstate != b->oldstate)
		return a->oldstate < b->oldstate ? -1 : 1;
	if (a->newstate != b->newstate)
		return a->newstate < b->newstate ? -1 : 1;
	if (a->tuple.lport != b->tuple.lport)
		return a->tuple.lport < b->tuple.lport ? -1 : 1;
	if (a->tuple.rport != b->tuple.rport)
		return a->tuple.rport < b->tuple.rport ? -1 : 1;
	order = memcmp(a->tuple.laddr, b->tuple.laddr, sizeof(a->tuple.laddr));
	return order ? order : memcmp(a->tuple.raddr, b->tuple.raddr, sizeof(a->tuple.raddr));
}

static int compare_items(const void *left, const void *right)
{
	return compare_changes(((const struct item *)left)->change, ((const struct item *)right)->change);
}

static struct item *sort_items(const struct witness_log *log, const struct rows *rows)
{
	struct item *items = allocate((log->count + rows->count) * sizeof(*items)), *item = items;

	for (size_t i = 0; i < log->count; i++)
		*item++ = (struct item){&log->events[i].change, (int64_t)log->events[i].time_ns, SIZE_MAX};
	for (size_t i = 0; i < rows->count; i++)
		*item++ = (struct item){&rows->items[i].change, rows->items[i].wall_ns, i};
	if (item > items)
		qsort(items, (size_t)(item - items), sizeof(*items), compare_items);
	return items;
}

/* Offsets of those rows that are one of a kind and look like one event of a kind; `known` says which these are. */
static void find_offsets(const struct item *items, size_t count, int64_t *offsets, bool *known)
{
	for (size_t begin = 0, end; begin < count; begin = end) {
		const struct item *a = &items[begin], *b = a + 1, *row;

		for (end = begin + 1; end < count && !compare_items(a, &items[end]); end++)
			;
		if (end - begin != 2 || (a->row == SIZE_MAX) == (b->row == SIZE_MAX))
			continue;
		row = a->row == SIZE_MAX ? b : a;
		offsets[row->row] = row->time_ns - (row == a ? b : a)->time_ns;
		known[row->row] = true;
	}
}

int64_t *timeline_make(const struct witness_log *log, const struct rows *rows, int64_t wall_offset)
{
	struct item *items = sort_items(log, rows);
	int64_t *offsets = allocate(rows->count * sizeof(*offsets)), *times = allocate(rows->count * sizeof(*times));
	bool *known = allocate(rows->count * sizeof(*known));
	int64_t offset = wall_offset;

	memset(known, 0, rows->count * sizeof(*known));
	find_offsets(items, log->count + rows->count, offsets, known);
	for (size_t i = rows->count; i-- > 0;) {
		offset = known[i] ? offsets[i] : offset;
		times[i] = rows->items[i].wall_ns - offset;
	}
	/* Between the last known row and the next one the offset may have changed: the earlier time is not too late. */
	for (size_t i = 0; i < rows->count; i++) {
		offset = known[i] ? offsets[i] : offset;
		if (rows->items[i].wall_ns - offset < times[i])
			times[i] = rows->items[i].wall_ns - offset;
	}
	free(known);
	free(offsets);
	free(items);
	return times;
}

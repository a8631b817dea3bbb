/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "pairing.h"

#include <stdlib.h>
#include <string.h>

#include "require.h"

static int compare_events(const void *left, const void *right, void *context)
{
	const struct witness_event *events = context;
	size_t a = *(const size_t *)left, b = *(const size_t *)right;

	if (events[a].change.skaddr != events[b].change.skaddr)
		return events[a].change.skaddr < events[b].change.skaddr ? -1 : 1;
	return a < b ? -1 : a > b; /* the log is by time */
}

static int compare_rows(const void *left, const void *right)
{
	const struct row *a = *(const struct row *const *)left, *b = *(const struct row *const *)right;

	if (a->change.skaddr != b->change.skaddr)
		return a->change.skaddr < b->change.skaddr ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static uint64_t distance_ns(const struct witness_event *event, const struct row *row, int64_t wall_offset)
{
	int64_t difference = (int64_t)event->time_ns + wall_offset - row->wall_ns;

	return (uint64_t)(difference < 0 ? -difference : difference);
}

/*
 * Between two events of a reused socket address that look the same, one of them perhaps lost, the time decides: true
 * when one after `position` is nearer to the row.
 */
static bool a_later_one_is_nearer(const struct pairing *pairing, size_t position, const struct row *row,
				  int64_t wall_offset, const bool *wanted)
{
	const struct witness_event *events = pairing->log->events;
	const struct witness_event *event = &events[pairing->by_socket[position]];
	uint64_t distance = distance_ns(event, row, wall_offset);

	for (size_t i = position + 1; i < pairing->log->count; i++) {
		size_t index = pairing->by_socket[i];
		const struct witness_event *later = &events[index];

		if (later->change.skaddr != event->change.skaddr || later->time_ns - event->time_ns > 2 * distance)
			return false;
		if (wanted && !wanted[index])
			continue;
		if (change_agrees(&later->change, &row->change) && distance_ns(later, row, wall_offset) < distance)
			return true;
	}
	return false;
}

static void pair_rows(struct pairing *pairing, const struct row **sorted, int64_t wall_offset, const bool *wanted)
{
	const struct witness_log *log = pairing->log;
	size_t next = 0;

	for (size_t i = 0; i < log->count; i++) {
		size_t index = pairing->by_socket[i];
		uint64_t skaddr = log->events[index].change.skaddr;

		for (; next < pairing->rows->count && sorted[next]->change.skaddr < skaddr; next++)
			if (!pairing->extra++)
				pairing->first_extra = sorted[next];
		if (wanted && !wanted[index])
			continue;
		if (next == pairing->rows->count || !change_agrees(&log->events[index].change, &sorted[next]->change) ||
		    a_later_one_is_nearer(pairing, i, sorted[next], wall_offset, wanted))
			continue;
		pairing->row_of[index] = sorted[next++];
	}
	for (; next < pairing->rows->count; next++)
		if (!pairing->extra++)
			pairing->first_extra = sorted[next];
}

static void count(struct pairing *pairing, const struct tool *tool, const bool *wanted)
{
	for (size_t i = 0; i < pairing->log->count; i++) {
		const struct witness_event *event = &pairing->log->events[i];

		if ((wanted && !wanted[i]) || event->time_ns < tool->tracing_ns || event->time_ns > tool->stop_ns)
			continue;
		pairing->due++;
		if (pairing->row_of[i])
			pairing->shown++;
		else if (event->hideable)
			pairing->hidden++;
		else if (!pairing->missing++)
			pairing->first_missing = event;
	}
}

void pairing_make(struct pairing *ret_pairing, const struct witness_log *log, const struct rows *rows,
		  const struct tool *tool, int64_t wall_offset, const bool *wanted)
{
	struct pairing pairing = {.log = log, .rows = rows};
	const struct row **sorted = allocate(rows->count * sizeof(const struct row *));

	pairing.by_socket = allocate(log->count * sizeof(*pairing.by_socket));
	pairing.row_of = allocate(log->count * sizeof(const struct row *));
	memset(pairing.row_of, 0, log->count * sizeof(const struct row *));
	for (size_t i = 0; i < log->count; i++)
		pairing.by_socket[i] = i;
	for (size_t i = 0; i < rows->count; i++)
		sorted[i] = &rows->items[i];
	qsort_r(pairing.by_socket, log->count, sizeof(*pairing.by_socket), compare_events, log->events);
	qsort(sorted, rows->count, sizeof(*sorted), compare_rows);
	for (size_t i = 1; i < rows->count; i++)
		require(sorted[i - 1]->change.skaddr != sorted[i]->change.skaddr ||
				sorted[i - 1]->wall_ns <= sorted[i]->wall_ns,
			"line %llu is of a time before line %llu of the same socket",
			(unsigned long long)sorted[i]->line, (unsigned long long)sorted[i - 1]->line);
	pair_rows(&pairing, sorted, wall_offset, wanted);
	count(&pairing, tool, wanted);
	free(sorted);
	*ret_pairing = pairing;
}

void pairing_free(struct pairing *pairing)
{
	free(pairing->by_socket);
	free(pairing->row_of);
	memset(pairing, 0, sizeof(*pairing));
}

const struct witness_event *pairing_before(const struct pairing *pairing, size_t position)
{
	const struct witness_event *events = pairing->log->events;

	if (!position || events[pairing->by_socket[position]].change.skaddr !=
				 events[pairing->by_socket[position - 1]].change.skaddr)
		return NULL;
	return &events[pairing->by_socket[position - 1]];
}

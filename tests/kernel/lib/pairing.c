/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "pairing.h"

#include <stdlib.h>
#include <string.h>

#include "require.h"
#include "timeline.h"

/* Rows show whole microseconds, and their offset is that of another row. */
#define ROUNDING_NS 5000

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

/*
 * Of two events of a reused socket address that look the same, the earlier one perhaps lost: true when one after
 * `position` is not later than the row. The tool looks at the clock after the witness, and before the socket goes on.
 */
static bool a_later_one_fits(const struct pairing *pairing, size_t position, const struct row *row, int64_t row_ns,
			     const bool *wanted)
{
	const struct witness_event *events = pairing->log->events;
	uint64_t skaddr = row->change.skaddr;

	for (size_t i = position + 1; i < pairing->log->count; i++) {
		size_t index = pairing->by_socket[i];
		const struct witness_event *later = &events[index];

		if (later->change.skaddr != skaddr || (int64_t)later->time_ns > row_ns + ROUNDING_NS)
			return false;
		if ((!wanted || wanted[index]) && change_agrees(&later->change, &row->change))
			return true;
	}
	return false;
}

static void pair_rows(struct pairing *pairing, const struct row **sorted, const int64_t *times, const bool *wanted)
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
		    a_later_one_fits(pairing, i, sorted[next], times[sorted[next] - pairing->rows->items], wanted))
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
	int64_t *times;

	pairing.by_socket = allocate(log->count * sizeof(*pairing.by_socket));
	pairing.row_of = allocate(log->count * sizeof(const struct row *));
	memset(pairing.row_of, 0, log->count * sizeof(const struct row *));
	for (size_t i = 0; i < log->count; i++)
		pairing.by_socket[i] = i;
	for (size_t i = 0; i < rows->count; i++)
		sorted[i] = &rows->items[i];
	if (log->count)
		qsort_r(pairing.by_socket, log->count, sizeof(*pairing.by_socket), compare_events, log->events);
	if (rows->count)
		qsort(sorted, rows->count, sizeof(*sorted), compare_rows);
	for (size_t i = 1; i < rows->count; i++)
		require(sorted[i - 1]->change.skaddr != sorted[i]->change.skaddr ||
				sorted[i - 1]->wall_ns <= sorted[i]->wall_ns,
			"line %llu is of a time before line %llu of the same socket",
			(unsigned long long)sorted[i]->line, (unsigned long long)sorted[i - 1]->line);
	times = timeline_make(log, rows, wall_offset);
	pair_rows(&pairing, sorted, times, wanted);
	free(times);
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

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64

/* A listener that so many walks have not found is gone. The kernel may skip a socket while others come and go. */
#define WALKS_MISSED 2

static const char *const overflows[LISTENER_OVERFLOWS] = {
	[LISTENER_FINE] = "no",     [LISTENER_PAST] = "past",      [LISTENER_FULL] = "full",
	[LISTENER_DROPS] = "drops", [LISTENER_OVERFLOWED] = "yes",
};

uint64_t listener_accepted_tenths(const struct listener_row *row)
{
	return (uint64_t)((double)row->accepted * 1e10 / (double)row->interval_ns + 0.5);
}

bool listener_uses_cookies(const struct listener_record *record, bool *ret_known)
{
	uint64_t age_ns = record->syn_cookie_age_ns;

	*ret_known = age_ns != SYN_COOKIE_AGE_UNKNOWN;
	return age_ns < SYN_COOKIE_VALID_NS;
}

bool listener_is_full(const struct listener_record *record)
{
	return record->backlog > record->limit;
}

const char *listener_overflow_name(enum listener_overflow overflow)
{
	return overflows[overflow];
}

void listener_table_close(struct listener_table *table)
{
	free(table->rows);
	free(table->before);
	*table = (struct listener_table){};
}

/* The order of the rows. Equal: the same socket, or another one at its address. */
static int compare(const struct listener_row *a, const struct listener_row *b)
{
	const struct transition *x = &a->now.socket, *y = &b->now.socket;
	int laddr;

	if (x->lport != y->lport)
		return x->lport < y->lport ? -1 : 1;
	if (x->ip_version != y->ip_version)
		return x->ip_version < y->ip_version ? -1 : 1;
	laddr = memcmp(x->laddr, y->laddr, sizeof(x->laddr));
	if (laddr)
		return laddr;
	if (x->netns != y->netns)
		return x->netns < y->netns ? -1 : 1;
	return x->skaddr < y->skaddr ? -1 : x->skaddr > y->skaddr;
}

static int by_place(const void *a, const void *b)
{
	return compare(a, b);
}

static bool is_same(const struct listener_record *a, const struct listener_record *b)
{
	return a->socket.cookie == b->socket.cookie && a->since_ns == b->since_ns;
}

static uint64_t accepted_ever(const struct listener_record *now)
{
	uint64_t in = now->queued + now->backlog_before;

	return in > now->backlog ? in - now->backlog : 0;
}

/* Computes what has happened since `from_ns`, when `drops` had been dropped. */
static void count_since(struct listener_row *row, uint64_t from_ns, uint32_t drops)
{
	row->interval_ns = row->now.socket.time_ns > from_ns ? row->now.socket.time_ns - from_ns : 0;
	row->dropped = row->interval_ns ? row->now.drops - drops : 0;
}

/* Whether an accept queue of the namespace may have overflowed since its counter had the value `from`. */
static bool may_have_overflowed(const struct listener_row *row, uint64_t from)
{
	return from == LISTENER_UNKNOWN || row->overflows_after != from;
}

/* `from`: the namespace's overflows at the beginning of the interval, or before. */
static void judge(struct listener_row *row, const struct listener_row *before, uint64_t from)
{
	bool was_full = row->highest > row->now.limit;
	bool overflowed = row->dropped && may_have_overflowed(row, from);
	uint32_t older_drops = row->interval_ns ? row->now.drops_before : row->now.drops;

	row->suspected = overflowed || (before ? before->suspected : older_drops && may_have_overflowed(row, 0));
	if (overflowed)
		row->overflow = was_full ? LISTENER_OVERFLOWED : LISTENER_DROPS;
	else if (was_full)
		row->overflow = LISTENER_FULL;
	else
		row->overflow = row->suspected ? LISTENER_PAST : LISTENER_FINE;
}

/* Returns the overflows of a new listener's namespace at the last walk; 0, those at its beginning, if none was told. */
static uint64_t overflows_before(const struct listener_table *table, const struct listener_row *row)
{
	for (size_t i = 0; i < table->before_count; i++) {
		const struct listener_row *other = &table->before[i];

		if (other->now.socket.netns == row->now.socket.netns && other->walk + 1 == table->walk)
			return other->overflows_before;
	}
	return 0;
}

/* `before` is the row of the same listener in an earlier walk, or NULL. */
static void compute(const struct listener_table *table, struct listener_row *row, const struct listener_row *before)
{
	const struct listener_record *now = &row->now;

	row->highest = now->highest > now->backlog ? now->highest : now->backlog;
	row->highest_ever = row->highest;
	/* A birth is counted before the connection is in the queue: the sum may be one more for a moment. */
	row->accepted_ever = accepted_ever(now);
	if (before) {
		count_since(row, before->now.socket.time_ns, before->now.drops);
		row->queued = now->queued - before->now.queued;
		if (row->accepted_ever < before->accepted_ever)
			row->accepted_ever = before->accepted_ever;
		row->accepted = row->accepted_ever - before->accepted_ever;
		if (row->highest_ever < before->highest_ever)
			row->highest_ever = before->highest_ever;
	} else if (now->since_ns) {
		count_since(row, now->since_ns, now->drops_before);
		row->queued = now->queued;
		row->accepted = row->accepted_ever;
	}
	judge(row, before, before ? before->overflows_before : overflows_before(table, row));
}

void listener_table_begin(struct listener_table *table)
{
	struct listener_row *rows = table->before;
	size_t room = table->before_room;

	table->before = table->rows;
	table->before_count = table->count + table->missed;
	table->before_room = table->room;
	table->rows = rows;
	table->room = room;
	table->count = table->told = table->missed = 0;
	table->walk++;
}

/* Makes room for another row. Returns 0 or -ENOMEM. */
static int make_room(struct listener_table *table)
{
	size_t room = table->room ? 2 * table->room : ROOM_MIN;
	struct listener_row *rows;

	if (table->count + table->missed < table->room)
		return 0;
	rows = realloc(table->rows, room * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	table->rows = rows;
	table->room = room;
	return 0;
}

int listener_table_add(struct listener_table *table, const struct listener_record *record)
{
	int error = make_room(table);

	if (!error)
		table->rows[table->count++] = (struct listener_row){
			.now = *record,
			.overflows_before = LISTENER_UNKNOWN,
			.overflows_after = LISTENER_UNKNOWN,
			.walk = table->walk,
		};
	return error;
}

void listener_table_tell(struct listener_table *table, uint64_t overflows_before, uint64_t overflows_after)
{
	for (; table->told < table->count; table->told++) {
		table->rows[table->told].overflows_before = overflows_before;
		table->rows[table->told].overflows_after = overflows_after;
	}
}

static void sort(struct listener_row *rows, size_t count)
{
	if (count)
		qsort(rows, count, sizeof(*rows), by_place);
}

/* A walk may visit a socket twice while others come and go. One of the visits takes the longest queue along. */
static void drop_doubles(struct listener_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct listener_row *row = &table->rows[i], *last = kept ? &table->rows[kept - 1] : NULL;

		if (!last || compare(last, row))
			table->rows[kept++] = *row;
		else if (row->now.highest > last->now.highest)
			last->now.highest = row->now.highest;
	}
	table->count = kept;
}

/* Without room, the listener begins anew when it is found again. */
static void keep_missed(struct listener_table *table, const struct listener_row *row)
{
	if (table->walk - row->walk < WALKS_MISSED && !make_room(table))
		table->rows[table->count + table->missed++] = *row;
}

void listener_table_end(struct listener_table *table)
{
	const struct listener_row *before = table->before, *end = before ? before + table->before_count : NULL;

	sort(table->rows, table->count);
	sort(table->before, table->before_count);
	drop_doubles(table);
	for (size_t i = 0; i < table->count; i++) {
		const struct listener_row *same = NULL;
		int order = -1;

		while (before < end && (order = compare(before, &table->rows[i])) < 0)
			keep_missed(table, before++);
		if (before < end && !order) {
			same = is_same(&before->now, &table->rows[i].now) ? before : NULL;
			before++;
		}
		compute(table, &table->rows[i], same);
	}
	while (before < end)
		keep_missed(table, before++);
}

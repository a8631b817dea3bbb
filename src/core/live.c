/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/live.h"

#include "core/part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64

/* A connection that so many passes have not found has ended. */
#define PASSES_MISSED 2

int live_open(struct live *ret)
{
	*ret = (struct live){.ends = calloc(LIVE_ENDED_MAX, sizeof(struct live_end))};
	return ret->ends ? 0 : -ENOMEM;
}

void live_close(struct live *live)
{
	free(live->rows);
	free(live->buckets);
	free(live->ends);
	listener_table_close(&live->listeners);
	*live = (struct live){};
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static uint32_t *bucket_of(const struct live *live, uint64_t cookie, uint32_t conn_seq)
{
	uint64_t key = cookie + ((uint64_t)conn_seq << 40);

	return &live->buckets[(key * 0x9e3779b97f4a7c15ULL) >> 32 & (live->bucket_count - 1)];
}

static uint32_t *bucket_of_row(const struct live *live, const struct live_row *row)
{
	return bucket_of(live, row->now.end.cookie, row->now.end.conn_seq);
}

/* Returns the link to the row: its bucket, or `next` of another row. NULL: there is none. */
static uint32_t *find_link(const struct live *live, uint64_t cookie, uint32_t conn_seq)
{
	uint32_t *link = live->bucket_count ? bucket_of(live, cookie, conn_seq) : NULL;

	while (link && *link) {
		struct live_row *row = &live->rows[*link - 1];

		if (row->now.end.cookie == cookie && row->now.end.conn_seq == conn_seq)
			return link;
		link = &row->next;
	}
	return NULL;
}

static struct live_row *find(const struct live *live, const struct connection *record)
{
	uint32_t *link = find_link(live, record->end.cookie, record->end.conn_seq);

	return link ? &live->rows[*link - 1] : NULL;
}

const struct live_row *live_find(const struct live *live, uint64_t cookie, uint32_t conn_seq)
{
	uint32_t *link = find_link(live, cookie, conn_seq);

	return link ? &live->rows[*link - 1] : NULL;
}

/* Doubles the room. Returns 0 or -ENOMEM. */
static int grow(struct live *live)
{
	size_t room = live->room ? 2 * live->room : ROOM_MIN;
	struct live_row *rows = realloc(live->rows, room * sizeof(*rows));
	uint32_t *buckets;

	if (!rows)
		return -ENOMEM;
	live->rows = rows;
	buckets = calloc(room, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	free(live->buckets);
	live->buckets = buckets;
	live->bucket_count = live->room = room;
	for (size_t i = 0; i < live->count; i++) {
		uint32_t *bucket = bucket_of_row(live, &rows[i]);

		rows[i].next = *bucket;
		*bucket = (uint32_t)i + 1;
	}
	return 0;
}

static struct live_row *add(struct live *live, const struct connection *record)
{
	struct live_row *row;
	uint32_t *bucket;

	if (live->count == live->room && grow(live))
		return NULL;
	bucket = bucket_of(live, record->end.cookie, record->end.conn_seq);
	row = &live->rows[live->count];
	*row = (struct live_row){.next = *bucket, .place = LIVE_NO_PLACE};
	*bucket = (uint32_t)++live->count;
	return row;
}

/* Takes the row out of its bucket, and moves the last row to its place. */
static void remove_at(struct live *live, size_t at)
{
	struct live_row *last = &live->rows[live->count - 1], *row = &live->rows[at];
	uint32_t *link = find_link(live, row->now.end.cookie, row->now.end.conn_seq);

	*link = row->next;
	if (row != last) {
		*find_link(live, last->now.end.cookie, last->now.end.conn_seq) = (uint32_t)at + 1;
		*row = *last;
	}
	live->count--;
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

static bool has_left(const struct live *live, const struct live_row *row)
{
	return row->is_ended || live->pass - row->pass >= PASSES_MISSED;
}

void live_pass_begin(struct live *live, uint64_t now_ns)
{
	live->totals.length_ns = live->pass ? now_ns - live->pass_ns : 0;
	live->pass_ns = now_ns;
	live->pass++;
}

void live_take(struct live *live, const struct connection *record)
{
	struct live_row *row = find(live, record);
	bool is_new = !row;

	/* A pass may visit a socket twice. */
	if (row && (row->is_ended || row->pass == live->pass))
		return;
	if (is_new)
		row = add(live, record);
	if (!row) {
		live->omitted++;
		return;
	}
	/* The first pass finds those that were there before. */
	live->opened += is_new && live->pass > 1;
	row->figures = live_figures_of(is_new ? NULL : &row->now, record, live->totals.length_ns);
	row->now = *record;
	row->pass = live->pass;
}

void live_pass_end(struct live *live)
{
	struct live_totals *totals = &live->totals;

	for (size_t i = live->count; i-- > 0;)
		if (has_left(live, &live->rows[i]))
			remove_at(live, i);
	memset(totals->states, 0, sizeof(totals->states));
	totals->figures = (struct live_figures){};
	for (size_t i = 0; i < live->count; i++) {
		uint8_t state = live->rows[i].now.end.newstate;

		if (state < CONNECTION_STATES)
			totals->states[state]++;
		live_figures_add(&totals->figures, &live->rows[i].figures);
	}
	for (size_t i = 0; totals->length_ns && i < LIVE_COUNTERS; i++)
		totals->figures.rate[i] += live_per_second(live->counts[i], totals->length_ns);
	totals->figures.has_rate = totals->length_ns != 0;
	memset(live->counts, 0, sizeof(live->counts));
	live->interval++;
	totals->opened = live->opened;
	totals->closed = live->closed;
	live->opened = live->closed = 0;
}

/* The counts of an older connection before the first look at it do not belong to the interval. */
static void count_end(struct live *live, const struct live_row *row, struct live_end *end)
{
	struct part part;

	if (!row && end->last.life.is_old)
		return;
	part_between(row ? &row->now : NULL, &end->last, &part);
	end->counts[LIVE_IN] = part.change.bytes_received;
	end->counts[LIVE_OUT] = part.change.bytes_acked;
	end->counts[LIVE_RETRANS] = part.change.retransmits;
	for (size_t i = 0; i < LIVE_COUNTERS; i++)
		live->counts[i] += end->counts[i];
}

void live_take_end(struct live *live, const struct connection *record, uint64_t now_ns)
{
	struct live_row *row = find(live, record);
	struct live_end *end = &live->ends[live->end_count % LIVE_ENDED_MAX];

	live->crowded_out += live->end_count >= LIVE_ENDED_MAX && now_ns < end->taken_ns + LIVE_ENDED_NS;
	live->end_count++;
	if (row)
		row->is_ended = true;
	else
		live->opened += !record->life.is_old && live->pass > 0;
	live->closed++;
	*end = (struct live_end){.last = *record, .taken_ns = now_ns, .interval = live->interval};
	count_end(live, row, end);
}

const struct live_end *live_end_number(const struct live *live, uint64_t number)
{
	bool is_kept = number < live->end_count && live->end_count - number <= LIVE_ENDED_MAX;

	return is_kept ? &live->ends[number % LIVE_ENDED_MAX] : NULL;
}

const struct live_end *live_end_at(const struct live *live, uint64_t from_newest, uint64_t now_ns)
{
	const struct live_end *end =
		from_newest < live->end_count ? live_end_number(live, live->end_count - 1 - from_newest) : NULL;

	return end && now_ns < end->taken_ns + LIVE_ENDED_NS ? end : NULL;
}

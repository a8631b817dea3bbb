/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64

/* A connection that so many walks have not found has ended. */
#define WALKS_MISSED 2

struct part_entry {
	struct connection last;
	uint32_t next; /* index of the next entry in the bucket + 1, 0: none */
	uint32_t walk; /* the walk that has found it last */
};

static uint64_t grown_u64(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

static uint32_t grown(uint32_t before, uint32_t now)
{
	return now > before ? now - before : 0;
}

static uint32_t grown_rto(uint32_t before, uint32_t now)
{
	return now == RTO_UNKNOWN ? RTO_UNKNOWN : grown(before, now);
}

static void subtract_life(const struct life *before, struct life *life)
{
	for (size_t state = 0; state < CONNECTION_STATES; state++)
		life->in_state_ns[state] = grown_u64(before->in_state_ns[state], life->in_state_ns[state]);
	life->rtt_sum_us = grown_u64(before->rtt_sum_us, life->rtt_sum_us);
	life->rtt_samples = grown(before->rtt_samples, life->rtt_samples);
	life->zero_windows = grown(before->zero_windows, life->zero_windows);
	if (before->syn_retrans != SYN_RETRANS_NONE)
		life->syn_retrans = SYN_RETRANS_NONE;
}

static void subtract(const struct connection *before, struct connection *change)
{
	subtract_life(&before->life, &change->life);
	change->bytes_sent = grown_u64(before->bytes_sent, change->bytes_sent);
	change->bytes_acked = grown_u64(before->bytes_acked, change->bytes_acked);
	change->bytes_received = grown_u64(before->bytes_received, change->bytes_received);
	change->bytes_retrans = grown_u64(before->bytes_retrans, change->bytes_retrans);
	for (size_t i = 0; i < CHRONOS; i++)
		change->chrono_ns[i] = grown_u64(before->chrono_ns[i], change->chrono_ns[i]);
	change->segs_out = grown(before->segs_out, change->segs_out);
	change->segs_in = grown(before->segs_in, change->segs_in);
	change->retransmits = grown(before->retransmits, change->retransmits);
	change->lost = grown(before->lost, change->lost);
	change->dsack_dups = grown(before->dsack_dups, change->dsack_dups);
	change->reord_seen = grown(before->reord_seen, change->reord_seen);
	change->delivered = grown(before->delivered, change->delivered);
	change->delivered_ce = grown(before->delivered_ce, change->delivered_ce);
	change->rto_count = grown_rto(before->rto_count, change->rto_count);
	change->rto_recoveries = grown_rto(before->rto_recoveries, change->rto_recoveries);
	change->rto_ms = grown_rto(before->rto_ms, change->rto_ms);
}

void part_between(const struct connection *before, const struct connection *now, struct part *ret)
{
	struct part part = {.change = *now};

	if (before) {
		part.from_ns = before->end.time_ns;
		subtract(before, &part.change);
	}
	*ret = part;
}

/* Remembers `now`, but no smaller time than before: the kernel may take back the time of a timeout that goes on. */
static void keep(struct connection *last, const struct connection *now)
{
	uint32_t rto_ms = last->rto_ms;

	*last = *now;
	if (rto_ms != RTO_UNKNOWN && now->rto_ms != RTO_UNKNOWN && rto_ms > now->rto_ms)
		last->rto_ms = rto_ms;
}

void part_table_close(struct part_table *table)
{
	free(table->entries);
	free(table->buckets);
	*table = (struct part_table){};
}

static uint32_t *bucket_of(const struct part_table *table, const struct connection *connection)
{
	uint64_t key = connection->end.cookie + ((uint64_t)connection->end.conn_seq << 40);

	return &table->buckets[(key * 0x9e3779b97f4a7c15ULL) >> 32 & (table->bucket_count - 1)];
}

static bool is_same(const struct connection *a, const struct connection *b)
{
	return a->end.cookie == b->end.cookie && a->end.conn_seq == b->end.conn_seq;
}

/* Returns the link to the connection's entry: its bucket, or `next` of another entry. NULL: it has none. */
static uint32_t *find_link(const struct part_table *table, const struct connection *connection)
{
	uint32_t *link = table->bucket_count ? bucket_of(table, connection) : NULL;

	while (link && *link && !is_same(&table->entries[*link - 1].last, connection))
		link = &table->entries[*link - 1].next;
	return link && *link ? link : NULL;
}

/* Doubles the room. Returns 0 or -ENOMEM. */
static int grow(struct part_table *table)
{
	size_t room = table->room ? 2 * table->room : ROOM_MIN;
	struct part_entry *entries = realloc(table->entries, room * sizeof(*entries));
	uint32_t *buckets;

	if (!entries)
		return -ENOMEM;
	table->entries = entries;
	buckets = calloc(room, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	free(table->buckets);
	table->buckets = buckets;
	table->bucket_count = table->room = room;
	for (size_t i = 0; i < table->count; i++) {
		uint32_t *bucket = bucket_of(table, &entries[i].last);

		entries[i].next = *bucket;
		*bucket = (uint32_t)i + 1;
	}
	return 0;
}

static int add(struct part_table *table, const struct connection *now)
{
	int error = table->count == table->room ? grow(table) : 0;
	uint32_t *bucket;

	if (error)
		return error;
	bucket = bucket_of(table, now);
	table->entries[table->count] = (struct part_entry){.last = *now, .next = *bucket, .walk = table->walk};
	*bucket = (uint32_t)++table->count;
	return 0;
}

/* Takes the entry out of its bucket, and moves the last entry to its place. */
static void remove_at(struct part_table *table, uint32_t *link)
{
	size_t at = *link - 1, last = table->count - 1;

	*link = table->entries[at].next;
	if (at != last) {
		*find_link(table, &table->entries[last].last) = (uint32_t)at + 1;
		table->entries[at] = table->entries[last];
	}
	table->count--;
}

int part_take(struct part_table *table, const struct connection *now, struct part *ret)
{
	uint32_t *link = find_link(table, now);
	struct part_entry *entry = link ? &table->entries[*link - 1] : NULL;
	int error = entry ? 0 : add(table, now);

	if (error)
		return error;
	part_between(entry ? &entry->last : NULL, now, ret);
	ret->is_counted = entry && entry->walk == table->walk;
	if (entry) {
		keep(&entry->last, now);
		entry->walk = table->walk;
	}
	return 0;
}

bool part_take_last(struct part_table *table, const struct connection *now, struct part *ret)
{
	uint32_t *link = find_link(table, now);

	part_between(link ? &table->entries[*link - 1].last : NULL, now, ret);
	ret->is_counted = link && table->entries[*link - 1].walk == table->walk;
	if (link)
		remove_at(table, link);
	return link;
}

void part_walk_begin(struct part_table *table)
{
	table->walk++;
}

void part_walk_end(struct part_table *table)
{
	for (size_t i = table->count; i-- > 0;) {
		if (table->walk - table->entries[i].walk >= WALKS_MISSED)
			remove_at(table, find_link(table, &table->entries[i].last));
	}
}

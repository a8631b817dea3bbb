/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/sum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64
#define BUCKETS  4096 /* a power of two */

/* A cgroup that comes and goes makes a key; the unit stays. Keys beyond this share of the groups are looked up by name.
 */
#define KEYS_PER_GROUP 4

void sum_add(struct sum *sum, const struct sum *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	for (size_t i = 0; i < SUM_FIELDS; i++)
		to[i] += from[i];
}

int sum_open(size_t max, int named_part, bool walks, struct sum_table *ret)
{
	*ret = (struct sum_table){
		.max = max,
		.named_part = named_part,
		.walks = walks,
		.group_buckets = calloc(BUCKETS, sizeof(uint32_t)),
		.key_buckets = calloc(BUCKETS, sizeof(uint32_t)),
	};
	return ret->group_buckets && ret->key_buckets ? 0 : -ENOMEM;
}

void sum_close(struct sum_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->groups[i].name);
	free(table->groups);
	free(table->keys);
	free(table->group_buckets);
	free(table->key_buckets);
	*table = (struct sum_table){};
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3ULL; /* FNV-1a */
	return hash;
}

static size_t hash_key(const struct group_key *key, const char *name, size_t length)
{
	uint64_t hash = hash_bytes(hash_bytes(0xcbf29ce484222325ULL, key, sizeof(*key)), name, length);

	return (hash >> 32 ^ hash) & (BUCKETS - 1);
}

struct sum_group *sum_find(struct sum_table *table, const struct group_key *key)
{
	uint32_t at = table->key_buckets[hash_key(key, NULL, 0)];

	while (at && memcmp(&table->keys[at - 1].key, key, sizeof(*key)))
		at = table->keys[at - 1].next;
	return at ? &table->groups[table->keys[at - 1].group] : NULL;
}

/* Doubles the room of an array that is full. Returns the array, or NULL without memory: the old one stays. */
static void *grow(void *array, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : ROOM_MIN;
	void *grown = realloc(array, more * size);

	if (grown)
		*room = more;
	return grown;
}

/* Returns the key that all keys of the same group have, with the same name. */
static struct group_key common_key(const struct sum_table *table, const struct group_key *key)
{
	struct group_key common = *key;

	if (table->named_part != SUM_BY_KEY)
		memset(common.part[table->named_part], 0, sizeof(common.part[0]));
	return common;
}

static uint32_t find_named(const struct sum_table *table, uint32_t at, const struct group_key *common, const char *name,
			   size_t length)
{
	for (; at; at = table->groups[at - 1].next) {
		const struct sum_group *group = &table->groups[at - 1];
		struct group_key other = common_key(table, &group->key);

		if (group->name_length == length && !memcmp(group->name, name, length) &&
		    !memcmp(&other, common, sizeof(other)))
			break;
	}
	return at;
}

/* Returns the index of a new group + 1, or 0 without memory. */
static uint32_t add_group(struct sum_table *table, uint32_t *bucket, const struct group_key *key, const char *name,
			  size_t length)
{
	char *copy = malloc(length + 1);

	if (copy && table->count == table->room) {
		struct sum_group *grown = grow(table->groups, &table->room, sizeof(*grown));

		if (grown)
			table->groups = grown;
	}
	if (!copy || table->count == table->room) {
		free(copy);
		return 0;
	}
	memcpy(copy, name, length);
	copy[length] = '\0';
	table->groups[table->count++] =
		(struct sum_group){.key = *key, .name = copy, .name_length = length, .next = *bucket};
	*bucket = (uint32_t)table->count;
	return *bucket;
}

/* Remembers the key of a group. Without room or memory, the key is looked up by name each time. */
static void add_key(struct sum_table *table, const struct group_key *key, uint32_t group)
{
	uint32_t *bucket = &table->key_buckets[hash_key(key, NULL, 0)];

	if (table->key_count == table->key_room && table->key_count < KEYS_PER_GROUP * table->max) {
		struct sum_key *grown = grow(table->keys, &table->key_room, sizeof(*grown));

		if (grown)
			table->keys = grown;
	}
	if (table->key_count == table->key_room || table->key_count >= KEYS_PER_GROUP * table->max)
		return;
	table->keys[table->key_count++] = (struct sum_key){.key = *key, .group = group, .next = *bucket};
	*bucket = (uint32_t)table->key_count;
}

struct sum_group *sum_make(struct sum_table *table, const struct group_key *key, const char *name, size_t length)
{
	struct group_key common = common_key(table, key);
	uint32_t *bucket = &table->group_buckets[hash_key(&common, name, length)];
	uint32_t at = find_named(table, *bucket, &common, name, length);

	if (!at && table->count >= table->max)
		return &table->other;
	if (!at)
		at = add_group(table, bucket, key, name, length);
	if (!at)
		return NULL;
	add_key(table, key, at - 1);
	return &table->groups[at - 1];
}

void sum_walk_begin(struct sum_table *table)
{
	for (size_t i = 0; i < table->count; i++)
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
	for (size_t i = 0; i < table->count; i++)
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

static struct sum_row row_of(const struct sum_group *group)
{
	return (struct sum_row){
		.name = group->name,
		.name_length = group->name_length,
		.key = group->key,
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
	struct sum_row other = row_of(&table->other);
	bool is_needed = is_shown(&table->other);

	other.is_other = true;
	for (size_t i = 0; top && i < table->count; i++) {
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
	size_t room = table->count + 1;

	if (rows->room < room) {
		struct sum_row *more = realloc(rows->rows, 2 * room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		rows->rows = more;
		rows->room = 2 * room;
	}
	rows->count = 0;
	for (size_t i = 0; i < table->count; i++) {
		if (is_shown(&table->groups[i]))
			rows->rows[rows->count++] = row_of(&table->groups[i]);
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

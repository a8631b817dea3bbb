/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/group_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64
#define BUCKETS  4096 /* a power of two */

/* Keys beyond this share of the groups are looked up by name. */
#define KEYS_PER_GROUP 4

int group_table_open(size_t max, int named_part, struct group_table *ret)
{
	*ret = (struct group_table){
		.max = max,
		.named_part = named_part,
		.group_buckets = calloc(BUCKETS, sizeof(uint32_t)),
		.key_buckets = calloc(BUCKETS, sizeof(uint32_t)),
	};
	return ret->group_buckets && ret->key_buckets ? 0 : -ENOMEM;
}

void group_table_close(struct group_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->groups[i].name);
	free(table->groups);
	free(table->keys);
	free(table->group_buckets);
	free(table->key_buckets);
	*table = (struct group_table){};
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

int64_t group_table_find(const struct group_table *table, const struct group_key *key)
{
	uint32_t at = table->key_buckets[hash_key(key, NULL, 0)];

	while (at && memcmp(&table->keys[at - 1].key, key, sizeof(*key)))
		at = table->keys[at - 1].next;
	return at ? (int64_t)table->keys[at - 1].group : -ENOENT;
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
static struct group_key common_key(const struct group_table *table, const struct group_key *key)
{
	struct group_key common = *key;

	if (table->named_part != GROUP_TABLE_BY_KEY)
		memset(common.part[table->named_part], 0, sizeof(common.part[0]));
	return common;
}

static uint32_t find_named(const struct group_table *table, uint32_t at, const struct group_key *common,
			   const char *name, size_t length)
{
	for (; at; at = table->groups[at - 1].next) {
		const struct group_entry *group = &table->groups[at - 1];
		struct group_key other = common_key(table, &group->key);

		if (group->name_length == length && !memcmp(group->name, name, length) &&
		    !memcmp(&other, common, sizeof(other)))
			break;
	}
	return at;
}

/* Returns the index of a new group + 1, or 0 without memory. */
static uint32_t add_group(struct group_table *table, uint32_t *bucket, const struct group_key *key, const char *name,
			  size_t length)
{
	char *copy = malloc(length + 1);

	if (copy && table->count == table->room) {
		struct group_entry *grown = grow(table->groups, &table->room, sizeof(*grown));

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
		(struct group_entry){.key = *key, .name = copy, .name_length = length, .next = *bucket};
	*bucket = (uint32_t)table->count;
	return *bucket;
}

/* Remembers the key of a group. Without room or memory, the key is looked up by name each time. */
static void add_key(struct group_table *table, const struct group_key *key, uint32_t group)
{
	uint32_t *bucket = &table->key_buckets[hash_key(key, NULL, 0)];

	if (table->key_count == table->key_room && table->key_count < KEYS_PER_GROUP * table->max) {
		struct group_table_key *grown = grow(table->keys, &table->key_room, sizeof(*grown));

		if (grown)
			table->keys = grown;
	}
	if (table->key_count == table->key_room || table->key_count >= KEYS_PER_GROUP * table->max)
		return;
	table->keys[table->key_count++] = (struct group_table_key){.key = *key, .group = group, .next = *bucket};
	*bucket = (uint32_t)table->key_count;
}

int64_t group_table_make(struct group_table *table, const struct group_key *key, const char *name, size_t length)
{
	struct group_key common = common_key(table, key);
	uint32_t *bucket = &table->group_buckets[hash_key(&common, name, length)];
	uint32_t at = find_named(table, *bucket, &common, name, length);

	if (!at && table->count >= table->max)
		return -ENOSPC;
	if (!at)
		at = add_group(table, bucket, key, name, length);
	if (!at)
		return -ENOMEM;
	add_key(table, key, at - 1);
	return at - 1;
}

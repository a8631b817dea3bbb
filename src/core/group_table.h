/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Groups of connections, found by key, with the name of each. Several keys are one group if they differ in one part
 * only, and the names are the same: a cgroup that comes and goes makes a key, and the unit stays. The caller computes
 * keys and names (core/group_key.h, core/labels.h), and keeps what it counts in an array of its own.
 */
#ifndef TCPVITALS_CORE_GROUP_TABLE_H
#define TCPVITALS_CORE_GROUP_TABLE_H

#include "abi/group.h"

#include <stddef.h>
#include <stdint.h>

/* The name of a group is that of labels_join(). */
struct group_entry {
	struct group_key key; /* of the first connection */
	char *name;           /* stays where it is until the table is closed */
	size_t name_length;
	uint32_t next; /* index of the next group in the bucket + 1, 0: none */
};

struct group_table_key {
	struct group_key key;
	uint32_t group; /* index */
	uint32_t next;
};

/* A zeroed table is closed. */
struct group_table {
	struct group_entry *groups; /* `count` of `room`, in order of appearance */
	size_t count, room, max;
	struct group_table_key *keys; /* `key_count` of `key_room` */
	size_t key_count, key_room;
	uint32_t *group_buckets, *key_buckets; /* index + 1 of the first in the bucket, 0: none */
	int named_part;
};

/* `named_part`: keys may differ in any part, or only in this one (labels_named_part()). */
#define GROUP_TABLE_BY_KEY (-1)

/* Groups beyond this number are `other`. */
#define GROUP_TABLE_MAX 10240

/*
 * Opens a table for at most `max` groups. Returns 0 or -ENOMEM. Call group_table_close() in both cases.
 */
int group_table_open(size_t max, int named_part, struct group_table *ret);
void group_table_close(struct group_table *table);

/* Returns the index of the group with this key, or -ENOENT: then group_table_make() needs the name. */
int64_t group_table_find(const struct group_table *table, const struct group_key *key);

/* Returns the index of the group with this key and name, a new one if need be; -ENOSPC: it is `other`; or -ENOMEM. */
int64_t group_table_make(struct group_table *table, const struct group_key *key, const char *name, size_t length);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sums of connections by group: how many are open, were opened and closed, and what they did, in the interval and since
 * the start. The caller computes keys, names and parts (core/grouping.h, core/labels.h, core/part.h).
 */
#ifndef TCPVITALS_CORE_SUM_H
#define TCPVITALS_CORE_SUM_H

#include "core/group_table.h"
#include "core/part.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counts of connections and their traffic. All members are uint64_t and only grow: SUM_FIELDS of them. */
struct sum {
	uint64_t opened; /* connections that began while the caller watched */
	uint64_t closed;
	uint64_t unmeasured; /* connections older than the first walk that no walk had found: their traffic is not in */
	uint64_t time_ns;    /* that they were open, added up */
	uint64_t bytes_sent, bytes_acked, bytes_received, bytes_retrans; /* as in struct connection */
	uint64_t segs_out, segs_in, retransmits;
};

#define SUM_FIELDS (sizeof(struct sum) / sizeof(uint64_t))

struct sum_group {
	uint64_t open; /* connections that the last walk found, and that have not ended since */
	struct sum interval, total;
};

struct sum_table {
	struct group_table names;
	struct sum_group *groups; /* with the indices of `names`, `room` of them */
	size_t room;
	struct sum_group other; /* the connections that found no room among the groups */
	bool has_walked;        /* the first walk is over */
	bool walks;             /* there are walks; false: whole connections only, at their ends */
};

/*
 * Opens a table without groups; `max` and `named_part` as for group_table_open(). `walks`: sum_walk_begin() will be
 * called. Returns 0 or -ENOMEM. Call sum_close() in both cases.
 */
int sum_open(size_t max, int named_part, bool walks, struct sum_table *ret);
void sum_close(struct sum_table *table);

/* Returns the group of a key. NULL: the key is new; call sum_make(). Valid until the next sum_make(). */
struct sum_group *sum_find(struct sum_table *table, const struct group_key *key);

/*
 * Finds or makes the group of a new key; `other` when there is no room. NULL: out of memory. The name is copied.
 */
struct sum_group *sum_make(struct sum_table *table, const struct group_key *key, const char *name, size_t length);

/* Before a walk over all open connections: none is open. After the walk, sum_walk_end(). */
void sum_walk_begin(struct sum_table *table);
void sum_walk_end(struct sum_table *table);

/*
 * Adds a part of a connection that is open (found by a walk), or of one that has ended. With `walks`, what a connection
 * did before the first walk does not count.
 */
void sum_add_open(const struct sum_table *table, struct sum_group *group, const struct part *part);
void sum_add_end(const struct sum_table *table, struct sum_group *group, const struct part *part);

/* Begins the next interval: `interval` of all groups is zero. */
void sum_next_interval(struct sum_table *table);

enum sum_sort {
	SUM_SORT_BYTES, /* acknowledged and received */
	SUM_SORT_TX,
	SUM_SORT_RX,
	SUM_SORT_OPEN,
	SUM_SORT_OPENED,
	SUM_SORT_CLOSED,
	SUM_SORT_RETRANS,
	SUM_SORT_TIME,
	SUM_SORTS
};

/* A row: a copy of a group's sums. */
struct sum_row {
	const char *name; /* valid until sum_close(); NULL for `other` */
	size_t name_length;
	struct group_key key;
	bool is_other; /* groups that have no row of their own, together */
	uint64_t open;
	struct sum interval, total;
};

struct sum_rows {
	struct sum_row *rows; /* `count` of `room` */
	size_t count, room;
};

struct sum_order {
	enum sum_sort sort; /* the greatest first */
	bool by_total;      /* since the start; else of the interval. `open` is always that of the last walk */
	size_t top;         /* the most groups, 0: all */
};

/*
 * Lists the groups with an open connection or with anything in the interval. With `top`, all others are one last
 * row, `other`: the rows add up to the sum of all groups. Returns 0 or -ENOMEM. Call sum_rows_close() afterwards.
 */
int sum_list(const struct sum_table *table, const struct sum_order *order, struct sum_rows *rows);
void sum_rows_close(struct sum_rows *rows);

void sum_add(struct sum *sum, const struct sum *more);

#endif

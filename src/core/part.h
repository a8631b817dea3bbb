/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parts of connections: what each connection has done since its last record. The sum of a connection's parts is its
 * record as a whole.
 */
#ifndef TCPVITALS_CORE_PART_H
#define TCPVITALS_CORE_PART_H

#include "abi/connection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct part {
	/*
	 * Counters and times (in_state_ns, chrono_ns, rto_ms): those of this part. All else as at its end; syn_retrans
	 * is SYN_RETRANS_NONE but in the first part that knows it.
	 */
	struct connection change;
	uint64_t from_ns; /* end of the part before, CLOCK_MONOTONIC; 0: this is the connection's first part */
	bool is_counted; /* of part_take() and part_take_last(): the walk that began last has had a part of it before */
};

/* `before` is an earlier record of the same connection, or NULL. A counter that has fallen counts as unchanged. */
void part_between(const struct connection *before, const struct connection *now, struct part *ret);

struct part_entry;

/* The last record of each open connection: about 450 bytes for each. */
struct part_table {
	struct part_entry *entries; /* `count` of `room`, in no order */
	uint32_t *buckets;          /* a power of two, `bucket_count`: index of the first entry + 1, 0: none */
	size_t count, room, bucket_count;
	uint32_t walk;
};

/* A zeroed table is empty. Call part_table_close() afterwards. */
void part_table_close(struct part_table *table);

/*
 * Computes the part since the connection's last record, and remembers `now` instead. A connection is known by its
 * cookie and conn_seq. Returns 0, or -ENOMEM: the connection is as before.
 */
int part_take(struct part_table *table, const struct connection *now, struct part *ret);

/* The same for the last record of a connection, which is forgotten. Returns false if it had no record before. */
bool part_take_last(struct part_table *table, const struct connection *now, struct part *ret);

/*
 * Call it before all open connections are taken, and when the records of those that ended meanwhile have been taken,
 * too. A connection that two walks have not found has ended unseen, and is forgotten.
 */
void part_walk_begin(struct part_table *table);
void part_walk_end(struct part_table *table);

#endif

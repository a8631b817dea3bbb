/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The listeners that a walk has found, and what has happened at each since the walk before: accepted, dropped, whether
 * the accept queue was full.
 */
#ifndef TCPVITALS_CORE_LISTENER_H
#define TCPVITALS_CORE_LISTENER_H

#include "abi/listener.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The interval of a row: since the row before, or since the listener began. */
enum listener_overflow {
	LISTENER_FINE,       /* not full in the interval, and no drop ever that may be for a full accept queue */
	LISTENER_PAST,       /* such drops, but not in the interval, or it is unknown when */
	LISTENER_FULL,       /* the accept queue was full in the interval; no such drop */
	LISTENER_DROPS,      /* such drops in the interval; the accept queue was not seen full */
	LISTENER_OVERFLOWED, /* such drops in the interval, in which the accept queue was full */
	LISTENER_OVERFLOWS
};

#define LISTENER_UNKNOWN (~0ULL)

/* The kernel accepts a SYN cookie for that long after it has sent it (TCP_SYNCOOKIE_VALID). */
#define SYN_COOKIE_VALID_NS (120 * 1000000000ULL)

struct listener_row {
	struct listener_record now;
	uint64_t interval_ns; /* of the next four; 0: unknown, in the first row of a listener older than the tool */
	uint64_t queued;      /* connections that have entered the accept queue */
	uint64_t accepted;    /* connections that have left it */
	uint32_t dropped;
	uint32_t highest; /* longest accept queue in the interval, the present one included */
	uint32_t highest_ever;
	enum listener_overflow overflow;
	/*
	 * Drops for full accept queues in the listener's network namespace, before and after the walk there: if they do
	 * not grow, the listener's own drops have other reasons. Both or neither are LISTENER_UNKNOWN.
	 */
	uint64_t overflows_before, overflows_after;
	bool suspected; /* it has drops that may be for a full accept queue, from any time */
	/* For the next row. */
	uint64_t accepted_ever;
	uint32_t walk; /* the walk that has found the listener last */
};

/* Whether queued and accepted are known: the tool had memory to count. */
static inline bool listener_counts(const struct listener_row *row)
{
	return row->interval_ns && row->now.since_ns;
}

/* Returns the connections accepted a second, in tenths, rounded. Only with listener_counts(). */
uint64_t listener_accepted_tenths(const struct listener_row *row);

/* Whether a SYN cookie was sent within SYN_COOKIE_VALID_NS. *ret_known: that is known. */
bool listener_uses_cookies(const struct listener_record *record, bool *ret_known);

/* Whether the queue is full now. */
bool listener_is_full(const struct listener_record *record);

/* Returns the word: "no", "past", "full", "drops" or "yes". */
const char *listener_overflow_name(enum listener_overflow overflow);

/* The listeners of the last walk. A zeroed table is empty; call listener_table_close() afterwards. */
struct listener_table {
	struct listener_row *rows; /* `count` of `room`; after the walk ordered by port, address and namespace */
	size_t count, room;
	size_t told;   /* rows of the namespaces whose overflows are told */
	size_t missed; /* rows behind those: listeners that this walk did not find, and the walk before did */
	struct listener_row *before; /* all rows of the walk before, the missed ones included */
	size_t before_count, before_room;
	uint32_t walk;
};

void listener_table_close(struct listener_table *table);

/*
 * Call them in this order: listener_table_begin(); in each network namespace listener_table_add() for each record of a
 * walk, in any order, and listener_table_tell() with the namespace's overflows, if they are known; and
 * listener_table_end(), which computes the rows. listener_table_add() returns 0 or -ENOMEM.
 */
void listener_table_begin(struct listener_table *table);
int listener_table_add(struct listener_table *table, const struct listener_record *record);
void listener_table_tell(struct listener_table *table, uint64_t overflows_before, uint64_t overflows_after);
void listener_table_end(struct listener_table *table);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The connections of the live view: all open ones, and those that have ended within the last minute. A pass takes all
 * open connections (a snapshot); ends arrive one by one, between passes and during them.
 */
#ifndef TCPVITALS_CORE_LIVE_H
#define TCPVITALS_CORE_LIVE_H

#include "abi/connection.h"
#include "core/listener.h"
#include "core/live_figures.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ended connections that are kept, and how long. */
#define LIVE_ENDED_MAX 16384
#define LIVE_ENDED_NS  60000000000ULL

struct live_row {
	struct connection now; /* the last record */
	struct live_figures figures;
	uint32_t pass;     /* the pass that has found it last */
	uint32_t next;     /* index of the next row in the bucket + 1, 0: none */
	uint32_t place;    /* its place in the last arrangement; LIVE_NO_PLACE: it had none */
	uint64_t sort_key; /* the number that it got that place for (core/live_view.h) */
	bool is_ended;     /* its end has arrived: it leaves with the next pass */
};

#define LIVE_NO_PLACE (~0U)

struct live_end {
	struct connection last;
	uint64_t taken_ns;              /* CLOCK_MONOTONIC */
	uint64_t counts[LIVE_COUNTERS]; /* since the last look at the connection, or since its beginning */
	uint32_t interval;              /* the interval between two passes in which it was taken */
};

/* The result of the last pass. */
struct live_totals {
	uint32_t states[CONNECTION_STATES]; /* open connections, indexed by enum tcp_state */
	struct live_figures figures;        /* the sum of all rows; rates with those that ended in `length_ns` */
	uint64_t opened, closed;            /* connections, in `length_ns` */
	uint64_t length_ns;                 /* from the pass before; 0: there was none */
};

struct live {
	struct live_row *rows; /* `count` of `room`, in no order */
	uint32_t *buckets;     /* a power of two, `bucket_count`: index of the first row + 1, 0: none */
	size_t count, room, bucket_count;
	struct live_end *ends; /* end number N is at N % LIVE_ENDED_MAX */
	uint64_t end_count;    /* of all ends so far */
	uint64_t crowded_out;  /* ends that younger ones have replaced before a minute was over */
	uint32_t pass;
	uint32_t interval;              /* number of passes that have ended */
	uint64_t counts[LIVE_COUNTERS]; /* of the ends since the last pass */
	uint64_t pass_ns;               /* begin of the last pass, CLOCK_MONOTONIC */
	uint64_t opened, closed;        /* since the last pass */
	uint64_t omitted;               /* records that found no memory */
	struct live_totals totals;
	struct listener_table listeners; /* the caller fills it in, in each pass */
};

/* Returns 0 or -ENOMEM. After success, call live_close(). */
int live_open(struct live *ret);
void live_close(struct live *live);

/*
 * Begin and end a pass. In between, live_take() takes each open connection. A connection that two passes have not found
 * has ended unseen, and is forgotten.
 */
void live_pass_begin(struct live *live, uint64_t now_ns);
void live_pass_end(struct live *live);
void live_take(struct live *live, const struct connection *record);

/* Takes the last record of a connection. Its row stays until the next pass. */
void live_take_end(struct live *live, const struct connection *record, uint64_t now_ns);

/* Returns whether an end was taken between the last two passes: its counts are part of the rates. */
static inline bool live_end_counts(const struct live *live, const struct live_end *end)
{
	return end->interval + 1 == live->interval && live->totals.length_ns;
}

/* Returns the row of a connection, or NULL. */
const struct live_row *live_find(const struct live *live, uint64_t cookie, uint32_t conn_seq);

/* Returns end number `number`, or NULL: younger ones have replaced it. */
const struct live_end *live_end_number(const struct live *live, uint64_t number);

/* Returns an end that is at most a minute old, by its number from the newest (0), or NULL. */
const struct live_end *live_end_at(const struct live *live, uint64_t from_newest, uint64_t now_ns);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The way out of tcprtt: rows wait here for a slow reader, and are counted when nobody takes them. */
#ifndef TCPVITALS_TCPRTT_ROW_QUEUE_H
#define TCPVITALS_TCPRTT_ROW_QUEUE_H

#include "os/event_loop.h"
#include "output/sink.h"

#include <stdbool.h>
#include <stdint.h>

/* Rows in the sink's buffer at a time. */
#define ROW_QUEUE_SIZE 1024

struct row_queue {
	struct sink sink;
	struct event_loop *loop; /* knows the sink's descriptor */
	const char *file;        /* what SIGHUP opens again, or NULL */
	bool ending;             /* told to: a reader that takes nothing for a second is given up */
	bool given_up;           /* nothing more will be written */
	uint64_t give_up_ns;     /* on the monotonic clock; 0 when there is no hurry */
	uint64_t written;        /* bytes that have left so far */
	struct {
		uint64_t end; /* where it ends, in bytes from the start */
		uint64_t samples;
	} rows[ROW_QUEUE_SIZE]; /* a ring of those that have not left as a whole */
	uint64_t first_row, next_row;
	uint64_t delivered;                /* samples of the rows that have left */
	uint64_t dropped, dropped_samples; /* rows that never got into the buffer */
};

/* Room for `size` bytes, waiting for the reader if need be. False when it has gone or has been given up. */
bool row_queue_make_room(struct row_queue *queue, size_t size);

/* What was appended to the sink's buffer since the last time is a row of so many samples. */
void row_queue_add(struct row_queue *queue, uint64_t samples);

/* There was no room for such a row. */
void row_queue_drop(struct row_queue *queue, uint64_t samples);

/* As much as can be written without waiting. */
void row_queue_flush(struct row_queue *queue);

/* For EVENT_REOPEN. */
void row_queue_reopen(struct row_queue *queue);

/* Everything, as long as somebody reads. */
void row_queue_finish(struct row_queue *queue);

/* Rows that were not written whole, and their samples. */
void row_queue_unwritten(const struct row_queue *queue, uint64_t *ret_rows, uint64_t *ret_samples);

#endif

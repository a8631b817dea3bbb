/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The output queue of tcprtt: rows wait here for a slow reader, and are counted if the reader never takes them. */
#ifndef TCPVITALS_TCPRTT_ROW_QUEUE_H
#define TCPVITALS_TCPRTT_ROW_QUEUE_H

#include "os/event_loop.h"
#include "output/sink.h"

#include <stdbool.h>
#include <stdint.h>

/* The most rows in the buffer of the sink. */
#define ROW_QUEUE_SIZE 1024

struct row_queue {
	struct sink sink;
	struct event_loop *loop; /* watches the descriptor of the sink */
	const char *file;        /* the file that SIGHUP opens again; NULL: none */
	bool ending;             /* the tool is ending: a reader that takes nothing for a second is given up */
	bool given_up;           /* nothing more is written */
	uint64_t give_up_ns;     /* CLOCK_MONOTONIC; 0: no time limit */
	uint64_t written;        /* bytes written so far */
	struct {
		uint64_t end; /* end of the row, in bytes from the start of the output */
		uint64_t samples;
	} rows[ROW_QUEUE_SIZE]; /* rows not written whole yet, a circular buffer */
	uint64_t first_row, next_row;
	uint64_t delivered;                /* samples in rows written whole */
	uint64_t dropped, dropped_samples; /* rows that never reached the buffer, and their samples */
};

/*
 * Makes room for `size` bytes, and waits for the reader if necessary. Returns false if the reader has closed its end or
 * is given up.
 */
bool row_queue_make_room(struct row_queue *queue, size_t size);

/* Counts the bytes appended to the buffer since the last call as a row of `samples` samples. */
void row_queue_add(struct row_queue *queue, uint64_t samples);

/* Counts a row of `samples` samples that found no room. */
void row_queue_drop(struct row_queue *queue, uint64_t samples);

/* Writes as much as possible without waiting. */
void row_queue_flush(struct row_queue *queue);

/* Opens the output file again, for EVENT_REOPEN. */
void row_queue_reopen(struct row_queue *queue);

/* Writes everything, while the reader takes it. */
void row_queue_finish(struct row_queue *queue);

/* Returns the rows that were not written whole, and their samples. */
void row_queue_unwritten(const struct row_queue *queue, uint64_t *ret_rows, uint64_t *ret_samples);

#endif

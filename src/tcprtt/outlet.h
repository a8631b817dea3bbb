/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The way out of tcprtt: rows wait here for a slow reader, and are counted when nobody takes them. */
#ifndef TCPVITALS_TCPRTT_OUTLET_H
#define TCPVITALS_TCPRTT_OUTLET_H

#include "os/event_loop.h"
#include "output/sink.h"

#include <stdbool.h>
#include <stdint.h>

/* Rows in the sink's buffer at a time. */
#define OUTLET_ROWS 1024

struct outlet {
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
	} rows[OUTLET_ROWS]; /* a ring of those that have not left as a whole */
	uint64_t first_row, next_row;
	uint64_t delivered;                /* samples of the rows that have left */
	uint64_t dropped, dropped_samples; /* rows that never got into the buffer */
};

/* Room for `size` bytes, waiting for the reader if need be. False when it has gone or has been given up. */
bool outlet_make_room(struct outlet *outlet, size_t size);

/* What was appended to the sink's buffer since the last time is a row of so many samples. */
void outlet_put_row(struct outlet *outlet, uint64_t samples);

/* There was no room for such a row. */
void outlet_drop_row(struct outlet *outlet, uint64_t samples);

/* As much as can be written without waiting. */
void outlet_flush(struct outlet *outlet);

/* For EVENT_REOPEN. */
void outlet_reopen(struct outlet *outlet);

/* Everything, as long as somebody reads. */
void outlet_finish(struct outlet *outlet);

/* Rows that were not written whole, and their samples. */
void outlet_unwritten(const struct outlet *outlet, uint64_t *ret_rows, uint64_t *ret_samples);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the row that shows each of the witness's events, over the whole machine. */
#ifndef TESTS_KERNEL_PAIRING_H
#define TESTS_KERNEL_PAIRING_H

#include "rows.h"
#include "tool.h"
#include "witness.h"

struct pairing {
	const struct witness_log *log;
	const struct rows *rows;
	size_t *by_socket;         /* indexes of the log, by socket and then time; [log->count] */
	const struct row **row_of; /* by index of the log: the row that shows the event, or NULL */
	size_t due;                /* wanted events between "tracing" and the signal */
	size_t shown;              /* of these: events with a row */
	size_t hidden;             /* of these: events without a row that this machine hides from BPF */
	size_t missing;            /* of these: all other events */
	size_t extra;              /* rows without an event */
	const struct witness_event *first_missing;
	const struct row *first_extra;
};

/*
 * Fails the test unless the rows of each socket are in order of time. `wanted`: events that must have rows, by index of
 * the log; NULL for all.
 */
void pairing_make(struct pairing *ret_pairing, const struct witness_log *log, const struct rows *rows,
		  const struct tool *tool, int64_t wall_offset, const bool *wanted);
void pairing_free(struct pairing *pairing);

/* The event before by_socket[position] of the same socket, or NULL. */
const struct witness_event *pairing_before(const struct pairing *pairing, size_t position);

#endif

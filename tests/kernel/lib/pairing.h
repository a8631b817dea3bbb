/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which row shows which of the witness's events, over the whole machine. */
#ifndef TESTS_KERNEL_PAIRING_H
#define TESTS_KERNEL_PAIRING_H

#include "rows.h"
#include "tool.h"
#include "witness.h"

struct pairing {
	const struct witness_log *log;
	const struct rows *rows;
	size_t *by_socket;         /* the log's indexes by socket, then time; [log->count] */
	const struct row **row_of; /* by the log's index: the row that shows the event, or NULL */
	size_t due;                /* events between "tracing" and the signal that were wanted */
	size_t shown;              /* of these, those with a row */
	size_t hidden;             /* of these, those without a row that this machine hides from BPF */
	size_t missing;            /* of these, all others */
	size_t extra;              /* rows that show no event */
	const struct witness_event *first_missing;
	const struct row *first_extra;
};

/* `wanted`, by the log's index, may be NULL: every event. Checks that a socket's rows are in the order of time. */
void pairing_make(struct pairing *ret_pairing, const struct witness_log *log, const struct rows *rows,
		  const struct tool *tool, int64_t wall_offset, const bool *wanted);
void pairing_free(struct pairing *pairing);

/* The event of the same socket before by_socket[position], or NULL. */
const struct witness_event *pairing_before(const struct pairing *pairing, size_t position);

#endif

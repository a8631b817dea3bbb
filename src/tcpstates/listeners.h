/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --listeners: reads all listeners at intervals, and prints a table; with --once one table, and an answer. */
#ifndef TCPVITALS_TCPSTATES_LISTENERS_H
#define TCPVITALS_TCPSTATES_LISTENERS_H

#include "core/listener.h"
#include "probe/probe.h"
#include "tcpstates/print.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More lines than the buffer of a sink has. */
#define LISTING_LINES 8192

struct listing {
	const struct listeners_options *options;
	bool verbose; /* the first walk reports what it leaves out */
	struct listener_table table;
	unsigned int tables; /* walks so far */
	size_t next;         /* the row of the table to print next */
	bool header_due;     /* text: the table's header, too */
	bool incomplete;     /* some listeners may not have been found */
	uint32_t unjudged;   /* of the last walk: listeners that may be in scope */
	bool has_unjudged;   /* that is reported */
	bool overflowed;     /* the answer of --once: an accept queue was full, or a listener has dropped something */
	bool is_cut_short;   /* --once was ended before its --interval */
	/* Text: which of the last lines are rows, a circular list of bits. */
	uint64_t rows[LISTING_LINES / 64];
	size_t line;
};

/*
 * Reads all listeners, unless rows of the last time still wait: then the next interval is longer. listing_print()
 * prints the rows. With --once and --interval, the first walk has no rows. `is_last`: the end comes before that
 * interval's. Returns 0 or a negative errno.
 */
int listing_take(struct listing *listing, const struct probe *probe, struct printer *printer, bool is_last);

/* Reports listeners that may be in scope on stderr, if there are any. */
void listing_report_unjudged(uint32_t unjudged);

/* Whether rows wait to be printed. */
static inline bool listing_waits(const struct listing *listing)
{
	return listing->next < listing->table.count || listing->header_due;
}

/* Prints rows while there is room. With printer->discarding, it counts them. */
void listing_print(struct listing *listing, struct printer *printer);

/* Whether --once is given and its table is taken. */
bool listing_is_decided(const struct listing *listing);

/* Returns the exit status of --once, and reports on stderr what could not be determined. `missed`: as in stuck.h. */
int listing_answer(const struct listing *listing, bool missed);

/* Returns the rows in the last `lines` lines. */
uint64_t listing_unwritten(const struct listing *listing, uint64_t lines);

void listing_close(struct listing *listing);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Formats records from the ring buffers as rows in the sink. */
#ifndef TCPVITALS_TCPSTATES_PRINT_H
#define TCPVITALS_TCPSTATES_PRINT_H

#include "core/timestamp.h"
#include "os/resolver.h"
#include "output/json_host.h"
#include "output/sink.h"
#include "probe/rings.h"
#include "tcpstates/options.h"
#include "tcpstates/parts.h"

struct cover;
struct sums;

struct printer {
	const struct tcpstates_options *options;
	struct sink *sink;
	struct resolver *resolver;
	struct json_host *host; /* with --fleet, else NULL */
	struct parts *parts;    /* with --every, else NULL */
	struct cover *cover;    /* with --summary and --sum: the events in each line, else NULL */
	struct sums *sums;      /* takes the records (--by, --sum), else NULL: each is a row */
	int journal_fd;         /* from journal_open(), with --journal */
	struct timebase base;   /* call clock_refresh() before a time is formatted */
	bool discarding;        /* no reader is left: only count */
	uint64_t discarded;     /* rows that were dropped unformatted */
	uint64_t undecoded;     /* records with a wrong size or content */
	uint64_t unjournaled;   /* entries that journald refused */
};

/* Appends the line of column names, for formats that have one. Each table of --listeners has its own in text. */
void print_header(struct printer *printer);

/*
 * Prints a record; a rings_take with a struct printer as `context`. Returns 0, or -EAGAIN while the sink or the journal
 * has no room.
 */
int print_record(void *context, const void *record, size_t size);

/*
 * Parts of print_record(), for other rows. print_has_room() is true also after an error or with `discarding`, because
 * no room is needed then. print_find_names() also notes the time of the first row; it may return NULL.
 * print_finish_object() adds the members to a JSON object that only some options ask for.
 */
bool print_has_room(struct printer *printer);
const struct names *print_find_names(struct printer *printer, const struct transition *event);
void print_finish_object(struct printer *printer, const struct names *names);

/*
 * Prints a record that needs no conversion, of the kind that the options ask for, as text or CSV. The caller has
 * checked the room, and has set printer->base for it. `from_ns`: of a part, else 0.
 */
void print_given(struct printer *printer, const struct transition *record, uint64_t from_ns, const struct names *names);

/*
 * Prints the records of --every that wait, then drains the ring buffers, with print_record() and fresh clocks. Returns
 * what rings_drain() returns; -EAGAIN if records still wait.
 */
int64_t print_drain(struct printer *printer, struct rings *rings);

/* Returns whether no record is left, in memory or in the ring buffers. */
bool print_has_all(const struct printer *printer, const struct rings *rings);

/* Opens the journal, for --journal. Returns 0, or a negative errno after a message. */
int print_open_journal(struct printer *printer);

#endif

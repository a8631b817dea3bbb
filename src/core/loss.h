/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters of lost and missed events, one for each place, and the line that reports them. */
#ifndef TCPVITALS_CORE_LOSS_H
#define TCPVITALS_CORE_LOSS_H

#include "core/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* All counters only grow. `held` is set at the end. */
struct loss_report {
	uint64_t delivered; /* events printed, without the lost ones */
	/* lost events */
	uint64_t ring_full;    /* no room in the ring buffer */
	uint64_t summary_full; /* --summary: transitions not counted, for lack of room */
	uint64_t recursion;    /* skipped: the program was under way on that CPU (bpf_prog_info.recursion_misses) */
	uint64_t held_lost;    /* rows held back for their local port: the transition that has the port was missed */
	uint64_t undecoded;    /* records of a wrong size or with impossible contents */
	uint64_t unwritten;    /* formatted rows that could not be written; for --summary, the transitions in them */
	/* not lost */
	uint64_t recovered; /* skipped as in `recursion`, and recorded by the second program */
	uint64_t held;      /* rows whose local port is unknown at the end: whether they match is unknown */
	/* not lost, but impaired */
	uint64_t storage_full; /* rows of sockets without room for their state: "-" for owner and duration */
	uint64_t gaps;     /* old states that are not the socket's last one seen: an event was missed, counted or not */
	uint64_t unclosed; /* sockets whose last event was missed */
	uint64_t untracked;   /* samples: missed transitions, so that owner and group may be out of date */
	uint64_t unjudged;    /* transitions that may be in scope: there was no memory for their socket */
	uint64_t unaccepted;  /* connections that keep their listener's owner until a process uses them */
	uint64_t unjournaled; /* rows printed that the journal did not take */
	uint64_t unfollowed;  /* processes of a command that were not followed, nor the processes they started */
	uint64_t unsampled;   /* round-trip samples not taken: skipped as in `recursion` */
	/* The delivered or lost thing in the singular: "transition"; NULL for "row". */
	const char *unit;
};

/* Returns the number of lost events. Impairments do not count. */
uint64_t loss_total(const struct loss_report *report);

/* True if events were missed or rows are impaired, besides lost events. */
bool loss_impaired(const struct loss_report *report);

/*
 * True if the output is or may be incomplete: lost events, events that a gap or the end of a socket proves missed,
 * changes of state that could not be filtered, or missing journal entries. Rows with unknown values do not count. Rows
 * that may not match do not count either.
 */
bool loss_missed(const struct loss_report *report);

/* True if `now` has more lost events, missed events or impairments than `before`. */
bool loss_grew(const struct loss_report *before, const struct loss_report *now);

/* Bytes of the longest line: every counter with the largest number. */
#define LOSS_TEXT_MAX 1536

/*
 * Appends one line without newline. The line begins with two numbers, the lost events and delivered + lost: "lost 0 of
 * 20 rows: nothing was missed".
 *
 * The counters follow, without those at 0. Lost events come first: "lost 12 of 100032 rows: 10 found no room in the
 * ring buffers (try --buffer-size), 2 came while the program was busy on that CPU". Missed events are next: "lost 0 of
 * 20 rows, but something was missed: 1 gap between the states of a socket". Everything else follows behind "; ".
 */
void loss_format(struct strbuf *out, const struct loss_report *report);

/*
 * Appends members of a JSON object, the first with a comma in front: unit, delivered, lost, and `counters`, an object
 * with all counters above 0 by their names in struct loss_report.
 */
void loss_json(struct strbuf *out, const struct loss_report *report);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was lost, place by place, and how it is told. */
#ifndef TCPVITALS_CORE_LOSS_H
#define TCPVITALS_CORE_LOSS_H

#include "core/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* All counters only grow. */
struct loss_report {
	uint64_t delivered; /* events printed (those that were lost are not in here) */
	/* lost events */
	uint64_t ring_full;    /* no room in the ring buffer */
	uint64_t summary_full; /* --summary: not counted, for lack of room */
	uint64_t recursion;    /* the kernel skipped our program because it interrupted itself
				  (bpf_prog_info.recursion_misses) */
	uint64_t held_lost;    /* held back for their port, and the transition that would have told it was missed */
	uint64_t undecoded;    /* records of a wrong size or with impossible contents */
	uint64_t unwritten;    /* formatted rows that could not be written; of --summary the transitions in them */
	/* not lost */
	uint64_t recovered; /* skipped like those, and recorded by the second program */
	uint64_t held; /* rows whose local port is not known at the end, so that nobody can tell whether they match */
	/* not lost, but impaired */
	uint64_t storage_full; /* rows of sockets without room for their state: "-" for owner and duration */
	uint64_t gaps; /* a socket's old state is not the last one seen: an event was missed, counted above or not */
	uint64_t unclosed;    /* sockets whose last event was missed */
	uint64_t untracked;   /* of samples: transitions that were missed, so that owner and group may be old ones */
	uint64_t unjudged;    /* changes of state that may be in scope, and of which nothing could be remembered */
	uint64_t unaccepted;  /* connections that keep their listener's owner until they are used */
	uint64_t unjournaled; /* rows that were printed, but not taken by the journal */
	uint64_t unfollowed;  /* processes of a command that are not known as such, nor what they started */
	uint64_t unsampled;   /* round-trip samples that were not taken, skipped as in `recursion` */
	/* What was delivered or lost: "transition"; NULL for "row". */
	const char *unit;
};

/* Lost events; impairments are none. */
uint64_t loss_total(const struct loss_report *report);

/* True when anything but a loss is to be told. */
bool loss_impaired(const struct loss_report *report);

/*
 * True when something is not there for certain: lost events, events that a gap or the end of a socket proves to have
 * gone unseen, entries of the journal. Rows that are there and know less are not missed, nor what may not have matched.
 */
bool loss_missed(const struct loss_report *report);

/* True when `now` has more losses or impairments than `before`. */
bool loss_grew(const struct loss_report *before, const struct loss_report *now);

/* Room for every cause with the largest number. */
#define LOSS_TEXT_MAX 1536

/*
 * One line without newline, which begins with two numbers: "lost 0 of 20 rows: nothing was missed", or "lost 12 of
 * 100032 rows: 10 found no room in the ring buffers (try --buffer-size), 2 came while the program was busy on that
 * CPU". The second number is delivered + lost. Events that nobody could count come next: "lost 0 of 20 rows, but
 * something was missed: 1 gap between the states of a socket". Then whatever else there is to say, behind "; ". Causes
 * at 0 are left out.
 */
void loss_format(struct strbuf *out, const struct loss_report *report);

#endif

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
	uint64_t undecoded;    /* records of a wrong size or with impossible contents */
	uint64_t unwritten;    /* formatted rows that could not be written; of --summary the transitions in them */
	/* not lost */
	uint64_t recovered; /* skipped like those, and recorded by the second program */
	/* not lost, but impaired */
	uint64_t storage_full; /* rows of sockets without room for their state: "-" for owner and duration */
	uint64_t
		held; /* rows at the end whose local port was never known, so that nobody can tell whether they match */
	uint64_t gaps; /* a socket's old state is not the last one seen: an event was missed, counted above or not */
	uint64_t unclosed;    /* sockets whose last event was missed */
	uint64_t unaccepted;  /* connections that keep their listener's owner until they are used */
	uint64_t unjournaled; /* rows that were printed, but not taken by the journal */
	uint64_t unfollowed;  /* processes of a command that are not known as such, nor what they started */
	uint64_t unsampled;   /* round-trip samples that are not in a connection's mean, skipped as in `recursion` */
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

/*
 * One line without newline: "lost 12 of 100032: 12 ring full", "lost 5 of 20: 3 ring full, 2 missed by recursion",
 * "lost 0 of 20". The second number is delivered + lost. Causes in the order of the struct: "ring full", "summary
 * full", "missed by recursion", "undecoded", "unwritten"; those at 0 are left out. Then, if any, "; 2 recovered" and ";
 * 7 rows without stored state, 2 rows that the journal did not take".
 */
void loss_format(struct strbuf *out, const struct loss_report *report);

#endif

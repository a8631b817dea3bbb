/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many events the lines of a summary cover, so that lost lines can be counted in events. */
#ifndef TCPVITALS_TCPSTATES_COVER_H
#define TCPVITALS_TCPSTATES_COVER_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed at first. Call cover_close() afterwards. */
struct cover {
	const char *unit; /* an event in the singular */
	uint64_t *lines;  /* events that each line of the last interval covers */
	size_t count, room;
	uint64_t printed; /* events in printed lines */
	uint64_t dropped; /* events without a printed line */
};

/* Begins an interval of at most `lines` lines; the sink has none left of the last one. Returns 0 or -ENOMEM. */
int cover_begin(struct cover *cover, size_t lines);
void cover_close(struct cover *cover);

/* Counts a printed line. */
void cover_line(struct cover *cover, uint64_t events);

/* Returns the events in the last `lines` lines. */
uint64_t cover_unwritten(const struct cover *cover, uint64_t lines);

#endif

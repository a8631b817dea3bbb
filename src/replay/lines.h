/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cuts the bytes of a source into lines, in memory of a fixed size. */
#ifndef TCPVITALS_REPLAY_LINES_H
#define TCPVITALS_REPLAY_LINES_H

#include "replay/members.h"
#include "replay/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_CAPACITY (2 * (MEMBERS_LINE_MAX + 1))

struct line {
	const char *bytes; /* without the newline; valid until the next lines_fill() */
	size_t length;
	bool is_too_long; /* more than MEMBERS_LINE_MAX bytes: `bytes` has the beginning */
	bool is_cut_off;  /* the last line, without a newline */
};

struct lines {
	char *data; /* LINES_CAPACITY bytes */
	size_t begin, end;
	size_t searched;  /* up to here there is no newline */
	bool is_skipping; /* the rest of a line that is too long */
	bool is_over;     /* the source has ended */
	uint64_t number;  /* of the last line, from 1 */
};

/* Returns 0 or -ENOMEM. Call lines_close() afterwards. */
int lines_open(struct lines *ret);
void lines_close(struct lines *lines);

/* Returns the next line; false: call lines_fill(), unless `is_over`. */
bool lines_next(struct lines *lines, struct line *ret);

/* Reads once. Returns as a source_read_fn. */
ssize_t lines_fill(struct lines *lines, struct source *source);

#endif

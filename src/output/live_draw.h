/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Draws the live view as a picture (core/picture.h):
 *
 *     header        3 lines: tool and time, sockets by state, what happens a second
 *     titles        1 line
 *     lines         connections or groups
 *     just ended    a title and some lines, or the details of one connection
 *     bottom        1 line: keys, a message, or the filter that the user types
 */
#ifndef TCPVITALS_OUTPUT_LIVE_DRAW_H
#define TCPVITALS_OUTPUT_LIVE_DRAW_H

#include "core/live_pace.h"
#include "core/live_view.h"
#include "core/picture.h"
#include "core/timestamp.h"

#define LIVE_FILTER_MAX 200

struct live_frame {
	const struct live *live;
	const struct live_view *view;
	const struct timebase *base;
	const struct live_pace *pace;
	uint64_t now_ns; /* CLOCK_MONOTONIC */
	uint64_t lost;   /* events, see core/loss.h */
	bool is_paused;
	bool shows_details, shows_help;
	size_t help_top;     /* the first line of the help on the screen */
	const char *filter;  /* as the user typed it, "" without one */
	const char *message; /* of the last key, or NULL */
	bool is_typing;
	const char *typed; /* so far; printable ASCII */
};

/* Lines for rows and for ended connections on a screen of this height. */
struct live_pages {
	size_t rows, ends;
};

struct live_pages live_pages_of(size_t height, bool shows_details);

/* Draws into a picture that picture_begin() has made. The view was scrolled for these pages. */
void live_draw(const struct live_frame *frame, struct picture *picture);

/* Draws the header only, LIVE_HEADER_LINES lines. */
#define LIVE_HEADER_LINES 3
void live_draw_header(const struct live_frame *frame, struct picture *picture);

/* Returns the lines of the help. */
size_t live_help_lines(void);

#endif

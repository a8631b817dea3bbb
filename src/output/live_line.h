/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The source of a line of the live view: a connection, open or ended, a group or a listener. */
#ifndef TCPVITALS_OUTPUT_LIVE_LINE_H
#define TCPVITALS_OUTPUT_LIVE_LINE_H

#include "core/escape.h"
#include "core/live_view.h"

struct live_line {
	const struct transition *socket;     /* of a connection or a listener: owner and addresses; NULL for a group */
	const struct connection *connection; /* NULL for others */
	const struct live_group *group;      /* NULL for others */
	const struct listener_row *listener; /* NULL for others */
	const struct live_figures *figures;  /* NULL for a listener */
	uint64_t taken_ns;                   /* of an end */
	uint64_t now_ns;                     /* CLOCK_MONOTONIC */
	bool totals;
	bool is_text; /* no value is cut, but names */
	cell_width *cell_width;
};

/* The line at a place of the view; without figures and listener, there is none. */
struct live_line live_line_at(const struct live *live, const struct live_view *view, size_t place);

/* The line of an ended connection, whose figures are filled in, and are used by the line. */
struct live_line live_line_of_end(const struct live_end *end, struct live_figures *figures);

/* The line of a listener. */
struct live_line live_line_of_listener(const struct listener_row *listener);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The cells of a line of the live view: the text and the style of each column. */
#ifndef TCPVITALS_OUTPUT_LIVE_CELL_H
#define TCPVITALS_OUTPUT_LIVE_CELL_H

#include "core/picture.h"
#include "output/group_name.h"
#include "output/live_line.h"

/* The columns of ended connections, beside those of enum live_column. */
enum live_end_column {
	LIVE_END_AGO = LIVE_COLUMNS,
	LIVE_END_CAUSE,
	LIVE_END_LASTED,
	/* and those of listeners */
	LIVE_LISTENER_BACKLOG,
	LIVE_LISTENER_MAX,
	LIVE_LISTENER_HIGHEST,
	LIVE_LISTENER_ACCEPTED,
	LIVE_LISTENER_DROPS,
	LIVE_LISTENER_SYN_RECV,
	LIVE_LISTENER_COOKIES,
	LIVE_LISTENER_OVERFLOW,
	LIVE_ALL_COLUMNS
};

/* Room for the text of any cell. */
#define LIVE_CELL_MAX GROUP_TEXT_MAX

/* Cells of the longest name. */
#define LIVE_NAME_MAX 64

struct live_cell {
	char text[LIVE_CELL_MAX]; /* escaped for a terminal */
	size_t length, cells;
	enum picture_style style;
};

/* Fills in the cell of a column, enum live_column or live_end_column, that has `width` cells. */
void live_cell(const struct live_line *line, int column, size_t width, struct live_cell *ret);

/* Bytes of the longest name of a column, that of two words. */
#define LIVE_TITLE_MAX 32

/* Writes the name of a column above its values. `groups`: the words, if lines are groups; else NULL. */
void live_column_title(struct strbuf *out, int column, const struct labels *groups, bool totals);

#endif

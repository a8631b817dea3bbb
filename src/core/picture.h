/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A picture of a terminal's screen: lines of text with styles. The code that draws a picture
 * knows no terminal, and the terminal's side (os/screen.h) knows no content.
 */
#ifndef TCPVITALS_CORE_PICTURE_H
#define TCPVITALS_CORE_PICTURE_H

#include "core/escape.h"
#include "core/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kind of a piece of text, from which the terminal's side chooses colours and attributes. */
enum picture_style {
	STYLE_PLAIN,
	STYLE_STRONG,   /* titles, and values to see first */
	STYLE_FAINT,    /* zeros, unknown values, explanations */
	STYLE_HEADING,  /* the line of column names */
	STYLE_SORTED,   /* the name of the column that the rows are sorted by */
	STYLE_SELECTED, /* the selected row */
	STYLE_GOOD,
	STYLE_NOTICE,
	STYLE_BAD,
	STYLES
};

#define PICTURE_RUNS_MAX 64

/* A part of a line in one style: from here to the next run. */
struct picture_run {
	uint16_t offset; /* in bytes */
	uint8_t style;   /* enum picture_style */
};

struct picture_line {
	struct strbuf text; /* UTF-8 without control characters */
	struct picture_run runs[PICTURE_RUNS_MAX];
	size_t run_count;
	size_t cells; /* of the text */
};

struct picture {
	size_t width, height;       /* in cells */
	struct picture_line *lines; /* `height` lines */
	char *memory;
	cell_width *cell_width; /* as in core/escape.h */
	/* The place of the cursor, while the user types. `cursor_line` is `height` without a cursor. */
	size_t cursor_line, cursor_column;
};

/* Makes room for a screen of this size and empties it. Returns 0 or -ENOMEM. A zeroed picture has no memory yet. */
int picture_begin(struct picture *picture, size_t width, size_t height);
void picture_close(struct picture *picture);

/*
 * Append to a line, which ends at the picture's width. picture_add() takes ASCII, and cuts what is longer.
 * picture_add_cells() takes text that was escaped for a terminal, and leaves it out if it is longer.
 * picture_add_name() escapes untrusted bytes (escape_name()) into at most `max_cells` cells. picture_pad() appends
 * blanks up to a column.
 */
void picture_add(struct picture *picture, size_t line, enum picture_style style, const char *text, size_t length);
void picture_add_cells(struct picture *picture, size_t line, enum picture_style style, const char *text, size_t length,
		       size_t cells);
void picture_add_name(struct picture *picture, size_t line, enum picture_style style, const char *bytes, size_t length,
		      size_t max_cells);
void picture_pad(struct picture *picture, size_t line, size_t column);

static inline void picture_add_string(struct picture *picture, size_t line, enum picture_style style, const char *text)
{
	picture_add(picture, line, style, text, strlen(text));
}

/* Removes all that a line has. */
void picture_empty(struct picture *picture, size_t line);

/* Gives the whole line one style, up to the picture's width. */
void picture_paint(struct picture *picture, size_t line, enum picture_style style);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes rows as text, the default: left-justified columns, one line for each transition or connection. */
#ifndef TCPVITALS_OUTPUT_TABLE_H
#define TCPVITALS_OUTPUT_TABLE_H

#include "core/append.h"
#include "core/column.h"

/* Pads the text from `start` to `at` up to `width`, and appends the blank between two columns. */
static inline char *table_append_blanks(char *at, char *start, size_t width)
{
	char *end = start + width;

	return append_blanks(at, (at > end ? at : end) + 1);
}

/* Append the name or the value of a column, and its blanks. */
static inline char *table_append_name(char *at, enum column_id id, enum column_style style)
{
	const struct column *column = &column_table[id];

	return table_append_blanks(append_bytes(at, column->name, strlen(column->name)), at, column->width[style]);
}

static inline char *table_append_cell(char *at, enum column_id id, struct row *row)
{
	const struct column *column = &column_table[id];
	char *end;

	row->bytes_beyond_cells = 0;
	end = column->append(at, row);
	return table_append_blanks(end, at, column->width[row->style] + row->bytes_beyond_cells);
}

/* A line ends in a newline; the last column is not padded. */
void table_header(struct strbuf *out, const struct column_list *columns, enum column_style style);
void table_row(struct strbuf *out, const struct column_list *columns, enum column_style style,
	       const struct transition *event, const struct names *names, const struct timebase *base);

/* The same for a row with all its values but `width`. */
void table_record(struct strbuf *out, const struct column_list *columns, struct row *row);

#endif

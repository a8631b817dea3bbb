/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The default text output: left-justified columns, one line per transition. */
#ifndef TCPVITALS_OUTPUT_TABLE_H
#define TCPVITALS_OUTPUT_TABLE_H

#include "core/append.h"
#include "core/column.h"

/* Blanks behind the text from `start` to `at`: up to `width`, and the one between two columns. */
static inline char *table_append_blanks(char *at, char *start, size_t width)
{
	char *end = start + width;

	return append_blanks(at, (at > end ? at : end) + 1);
}

/* A column's name or value, and its blanks. */
static inline char *table_append_name(char *at, enum column_id id, enum column_style style)
{
	const struct column *column = &column_table[id];

	return table_append_blanks(append_bytes(at, column->name, strlen(column->name)), at, column->width[style]);
}

static inline char *table_append_cell(char *at, enum column_id id, struct row *row)
{
	const struct column *column = &column_table[id];
	char *end;

	row->unseen = 0;
	end = column->append(at, row);
	return table_append_blanks(end, at, column->width[row->style] + row->unseen);
}

/* Lines end in a newline; the last column is not padded. */
void table_header(struct strbuf *out, const struct column_list *columns, enum column_style style);
void table_row(struct strbuf *out, const struct column_list *columns, enum column_style style,
	       const struct transition *event, const struct names *names, const struct timebase *base);

#endif

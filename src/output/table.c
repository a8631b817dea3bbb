/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/table.h"

#include "core/append.h"

/* Appends the arrow between OLDSTATE and NEWSTATE, behind column `i`. */
static char *append_arrow(char *at, const struct column_list *columns, size_t i)
{
	if (columns->ids[i] == COLUMN_OLDSTATE && i + 1 < columns->count && columns->ids[i + 1] == COLUMN_NEWSTATE)
		return append_literal(at, "-> ");
	return at;
}

/* Ends the line without blanks at its end, also those of a name. */
static char *end_line(char *at, const char *line)
{
	while (at > line && at[-1] == ' ')
		at--;
	return append_char(at, '\n');
}

void table_header(struct strbuf *out, const struct column_list *columns, enum column_style style)
{
	char *line = strbuf_room(out, ROW_TEXT_MAX), *at = line;

	if (!line)
		return;
	for (size_t i = 0; i < columns->count; i++)
		at = append_arrow(table_append_name(at, columns->ids[i], style), columns, i);
	strbuf_end(out, end_line(at, line));
}

void table_record(struct strbuf *out, const struct column_list *columns, struct row *row)
{
	size_t last = columns->count - 1;
	char *line = row_begin(out, row->names), *at = line;

	if (!line)
		return;
	row->width = columns->width;
	for (size_t i = 0; i < last; i++)
		at = append_arrow(table_append_cell(at, columns->ids[i], row), columns, i);
	at = column_table[columns->ids[last]].append(at, row);
	strbuf_end(out, end_line(at, line));
}

void table_row(struct strbuf *out, const struct column_list *columns, enum column_style style,
	       const struct transition *event, const struct names *names, const struct timebase *base)
{
	struct row row = row_of(style, event, names, base);

	table_record(out, columns, &row);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/table.h"

/* Bytes that take no column of their own: those that continue a UTF-8 character. What stands here is valid UTF-8. */
static size_t count_continuations(const struct strbuf *sb, size_t start)
{
	size_t count = 0;

	for (size_t i = start; i < sb->length; i++)
		count += (sb->data[i] & 0xc0) == 0x80;
	return count;
}

static void pad_column(struct strbuf *out, size_t start, enum column_id id, enum column_style style)
{
	size_t width = column_width(id, style), length = out->length - start;

	if (column_is_text(id))
		width += count_continuations(out, start);
	/* and the blank between two columns */
	strbuf_pad(out, start, (length > width ? length : width) + 1);
}

void table_name_cell(struct strbuf *out, enum column_id id, enum column_style style)
{
	size_t start = out->length;

	strbuf_append_string(out, column_name(id));
	pad_column(out, start, id, style);
}

void table_cell(struct strbuf *out, enum column_id id, enum column_style style, const struct transition *event,
		const struct names *names, const struct timebase *base)
{
	size_t start = out->length;

	column_format(out, id, style, event, names, base);
	pad_column(out, start, id, style);
}

/* After column `i`: up to where the next one begins. */
static void finish_column(struct strbuf *out, const struct column_list *columns, size_t i, size_t start,
			  enum column_style style)
{
	pad_column(out, start, columns->ids[i], style);
	if (columns->ids[i] == COLUMN_OLDSTATE && columns->ids[i + 1] == COLUMN_NEWSTATE)
		strbuf_append_literal(out, "-> ");
}

/* An empty name, or one that ends in blanks, must not leave blanks at the end of the line either. */
static void finish_line(struct strbuf *out, size_t start)
{
	while (out->length > start && out->data[out->length - 1] == ' ')
		out->length--;
	strbuf_append_char(out, '\n');
}

void table_header(struct strbuf *out, const struct column_list *columns, enum column_style style)
{
	size_t line = out->length;

	for (size_t i = 0; i < columns->count; i++) {
		size_t start = out->length;

		strbuf_append_string(out, column_name(columns->ids[i]));
		if (i + 1 < columns->count)
			finish_column(out, columns, i, start, style);
	}
	finish_line(out, line);
}

void table_row(struct strbuf *out, const struct column_list *columns, enum column_style style,
	       const struct transition *event, const struct names *names, const struct timebase *base)
{
	size_t line = out->length;

	for (size_t i = 0; i < columns->count; i++) {
		size_t start = out->length;

		column_format(out, columns->ids[i], style, event, names, base);
		if (i + 1 < columns->count)
			finish_column(out, columns, i, start, style);
	}
	finish_line(out, line);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/csv.h"

#include "core/append.h"

void csv_header(struct strbuf *out, const struct column_list *columns)
{
	for (size_t i = 0; i < columns->count; i++) {
		if (i)
			strbuf_append_char(out, ',');
		strbuf_append_string(out, column_table[columns->ids[i]].name);
	}
	strbuf_append_char(out, '\n');
}

void csv_record(struct strbuf *out, const struct column_list *columns, struct row *row)
{
	char *at = row_begin(out, row->names);

	if (!at)
		return;
	for (size_t i = 0; i < columns->count; i++) {
		if (i)
			at = append_char(at, ',');
		at = column_table[columns->ids[i]].append(at, row);
	}
	strbuf_end(out, append_char(at, '\n'));
}

void csv_row(struct strbuf *out, const struct column_list *columns, const struct transition *event,
	     const struct names *names, const struct timebase *base)
{
	struct row row = row_of(COLUMN_STYLE_CSV, event, names, base);

	csv_record(out, columns, &row);
}

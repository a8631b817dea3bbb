/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/csv.h"

void csv_header(struct strbuf *out, const struct column_list *columns)
{
	for (size_t i = 0; i < columns->count; i++) {
		if (i)
			strbuf_append_char(out, ',');
		strbuf_append_string(out, column_name(columns->ids[i]));
	}
	strbuf_append_char(out, '\n');
}

void csv_row(struct strbuf *out, const struct column_list *columns, const struct transition *event,
	     const struct names *names, const struct timebase *base)
{
	for (size_t i = 0; i < columns->count; i++) {
		if (i)
			strbuf_append_char(out, ',');
		column_format(out, columns->ids[i], COLUMN_STYLE_CSV, event, names, base);
	}
	strbuf_append_char(out, '\n');
}

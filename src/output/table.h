/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The default text output: left-justified columns, one line per transition. */
#ifndef TCPVITALS_OUTPUT_TABLE_H
#define TCPVITALS_OUTPUT_TABLE_H

#include "core/column.h"

/* A column's name or value, padded to its width and the blank behind it. */
void table_name_cell(struct strbuf *out, enum column_id id, enum column_style style);
void table_cell(struct strbuf *out, enum column_id id, enum column_style style, const struct transition *event,
		const struct names *names, const struct timebase *base);

/* Lines end in a newline; the last column is not padded. */
void table_header(struct strbuf *out, const struct column_list *columns, enum column_style style);
void table_row(struct strbuf *out, const struct column_list *columns, enum column_style style,
	       const struct transition *event, const struct names *names, const struct timebase *base);

#endif

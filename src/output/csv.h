/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes transitions as comma-separated values (RFC 4180). Lines end in LF, as the peers and all Unix tools write them.
 * An unknown value is an empty field.
 */
#ifndef TCPVITALS_OUTPUT_CSV_H
#define TCPVITALS_OUTPUT_CSV_H

#include "core/column.h"

void csv_header(struct strbuf *out, const struct column_list *columns);
void csv_row(struct strbuf *out, const struct column_list *columns, const struct transition *event,
	     const struct names *names, const struct timebase *base);

/* The same for a row of COLUMN_STYLE_CSV. */
void csv_record(struct strbuf *out, const struct column_list *columns, struct row *row);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Comma-separated values after RFC 4180, but for the line's end: LF, as the peers and every Unix tool write it. A value
 * that is not known is an empty field.
 */
#ifndef TCPVITALS_OUTPUT_CSV_H
#define TCPVITALS_OUTPUT_CSV_H

#include "core/column.h"

void csv_header(struct strbuf *out, const struct column_list *columns);
void csv_row(struct strbuf *out, const struct column_list *columns, const struct transition *event,
	     const struct names *names, const struct timebase *base);

#endif

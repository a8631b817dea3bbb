/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes a look of --live as text for scripts: tables with the columns of a wide screen. */
#ifndef TCPVITALS_OUTPUT_LIVE_TEXT_H
#define TCPVITALS_OUTPUT_LIVE_TEXT_H

#include "core/strbuf.h"
#include "output/live_cell.h"

enum live_table {
	LIVE_TABLE_CONNECTIONS,
	LIVE_TABLE_GROUPS,
	LIVE_TABLE_ENDS,
	LIVE_TABLE_LISTENERS,
	LIVE_TABLES
};

/* Bytes of the longest line. */
#define LIVE_TEXT_MAX (GROUP_TEXT_MAX + 1024)

/* Writes the line of titles. `groups`: the words of LIVE_TABLE_GROUPS. */
void live_text_titles(struct strbuf *out, enum live_table table, const struct labels *groups);

/* Writes a line. No value is cut, but the names. */
void live_text(struct strbuf *out, enum live_table table, const struct live_line *line);

#endif

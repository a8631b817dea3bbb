/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes connections (tcpstates -c), one line each, in every format. */
#ifndef TCPVITALS_OUTPUT_CONNECTION_H
#define TCPVITALS_OUTPUT_CONNECTION_H

#include "abi/connection.h"
#include "core/column.h"
#include "core/strbuf.h"
#include "core/timestamp.h"

/* The record of a connection, or a part of one (core/part.h): then `from_ns` is when it began, else 0. */
struct connection_line {
	const struct connection *connection;
	uint64_t from_ns;
	const struct names *names; /* may be NULL */
	const struct timebase *base;
};

/* Text and CSV, with the columns of column_list_connections() or of -O. */
void connection_text(struct strbuf *out, const struct column_list *columns, enum column_style style,
		     const struct connection_line *line);
void connection_csv(struct strbuf *out, const struct column_list *columns, const struct connection_line *line);

/* Appends the members about the connection, each with a comma in front, as core/append.h describes. */
char *connection_append_members(char *at, const struct connection_line *line);

/* {"v":1,"type":"connection",...} and a newline, without names, as in tcpvitals-json(5). */
void connection_json(struct strbuf *out, const struct connection_line *line);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes whole connections (tcpstates -c), one line each, in every format. */
#ifndef TCPVITALS_OUTPUT_CONNECTION_H
#define TCPVITALS_OUTPUT_CONNECTION_H

#include "abi/connection.h"
#include "core/column.h"
#include "core/strbuf.h"
#include "core/timestamp.h"

#include <stdbool.h>

/* The columns of text and CSV. */
struct connection_layout {
	enum column_style style;
	const struct column_list *columns; /* of column_list_connections() */
	bool names;                        /* CSV: the columns CGPATH to NETNSNAME behind the others */
};

/*
 * Text, as tcplife writes it: PID COMM LADDR LPORT RADDR RPORT TX_KB RX_KB MS, and the cause. TX_KB is the data that
 * the other side has acknowledged, in KiB rounded down. MS is a dash for a connection that is older than the tool.
 */
void connection_text_header(struct strbuf *out, const struct connection_layout *layout);
void connection_text(struct strbuf *out, const struct connection_layout *layout, const struct connection *connection,
		     const struct names *names, const struct timebase *base);

/*
 * CSV: the columns of text with bytes instead of KiB, and ROLE, RETRANS, SRTT_US. An unknown value is an empty field.
 */
void connection_csv_header(struct strbuf *out, const struct connection_layout *layout);
void connection_csv(struct strbuf *out, const struct connection_layout *layout, const struct connection *connection,
		    const struct names *names, const struct timebase *base);

/* {"v":1,"type":"connection",...} and a newline, as in tcpvitals-json(5). */
void connection_json(struct strbuf *out, const struct connection *connection, const struct timebase *base);

#endif

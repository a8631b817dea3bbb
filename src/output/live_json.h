/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes the connections of a look of --live: as JSON Lines, in the schema of tcpvitals-json(5), and as text. */
#ifndef TCPVITALS_OUTPUT_LIVE_JSON_H
#define TCPVITALS_OUTPUT_LIVE_JSON_H

#include "core/live.h"
#include "core/timestamp.h"
#include "output/live_cell.h"

/*
 * {"v":1,"type":"live",...} and a newline, in 2 * ROW_TEXT_MAX bytes: an open connection with its totals, and its rates
 * since the last look.
 */
void live_json(struct strbuf *out, const struct live_row *row, const struct timebase *base);

/* A line for each connection, with the columns of a wide screen: rates, and no cut value. */
void live_text_header(struct strbuf *out);
void live_text(struct strbuf *out, const struct live_row *row, cell_width *width);

#endif

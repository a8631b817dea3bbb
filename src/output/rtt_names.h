/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a report says of its group besides the key: names that were asked for, the socket of a connection, the zone. */
#ifndef TCPVITALS_OUTPUT_RTT_NAMES_H
#define TCPVITALS_OUTPUT_RTT_NAMES_H

#include "core/rtt_report.h"
#include "core/strbuf.h"

/* Members, each with a comma before it, as rtt_json() has them. */
void rtt_names_json(struct strbuf *out, const struct rtt_report *report);

/* Columns, each with a comma before it, as rtt_csv_header() has them. */
void rtt_names_csv_header(struct strbuf *out, const char *by, unsigned int asked);
void rtt_names_csv(struct strbuf *out, const struct rtt_report *report);

#endif

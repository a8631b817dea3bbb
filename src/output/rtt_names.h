/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The parts of a report about its group besides the key: names that were asked for, the socket of a connection, the
 * zone.
 */
#ifndef TCPVITALS_OUTPUT_RTT_NAMES_H
#define TCPVITALS_OUTPUT_RTT_NAMES_H

#include "core/rtt_report.h"
#include "core/strbuf.h"

/* Writes members, each with a comma before it, as rtt_json() describes. */
void rtt_names_json(struct strbuf *out, const struct rtt_report *report);

/* Write columns, each with a comma before it, as rtt_csv_header() describes. */
void rtt_names_csv_header(struct strbuf *out, const char *by, unsigned int asked);
void rtt_names_csv(struct strbuf *out, const struct rtt_report *report);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes the rows of tcpstates --summary: for each kind of transition, the number, and how long the old state had
 * lasted.
 */
#ifndef TCPVITALS_OUTPUT_SUMMARY_H
#define TCPVITALS_OUTPUT_SUMMARY_H

#include "abi/summary.h"
#include "core/histogram.h"
#include "core/strbuf.h"
#include "core/timestamp.h"

#include <stdbool.h>
#include <stdint.h>

/* The interval of a row. */
struct summary_interval {
	uint64_t end_ns; /* CLOCK_MONOTONIC */
	uint64_t length_ns;
};

struct summary_row {
	struct summary_kind kind;
	uint64_t unknown;             /* transitions without a known duration, not in `times` */
	struct histogram_stats times; /* microseconds */
};

/* Text: times in milliseconds, a dash without a known duration. `time` puts the wall time in front. */
void summary_text_header(struct strbuf *out, bool time);
void summary_text(struct strbuf *out, bool time, const struct summary_interval *interval, const struct summary_row *row,
		  const struct timebase *base);

/* CSV: times in milliseconds, an empty field without a known duration. */
void summary_csv_header(struct strbuf *out);
void summary_csv(struct strbuf *out, const struct summary_interval *interval, const struct summary_row *row,
		 const struct timebase *base);

/* {"v":1,"type":"summary",...} and a newline, as in tcpvitals-json(5). */
void summary_json(struct strbuf *out, const struct summary_interval *interval, const struct summary_row *row,
		  const struct timebase *base);

#endif

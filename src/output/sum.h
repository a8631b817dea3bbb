/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes the sums of groups (tcpstates --summary --by, -c --sum), one line each, in every format. */
#ifndef TCPVITALS_OUTPUT_SUM_H
#define TCPVITALS_OUTPUT_SUM_H

#include "core/labels.h"
#include "core/strbuf.h"
#include "core/sum.h"
#include "core/timestamp.h"
#include "output/group_name.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the longest line: the values, twice in JSON, and 25 numbers. */
#define SUM_TEXT_MAX (GROUP_JSON_MAX + 2048)

/* The members that all rows of an interval share. */
struct sum_interval {
	const struct labels *labels;
	uint64_t end_ns; /* CLOCK_MONOTONIC */
	uint64_t length_ns;
	bool walks;      /* false: connections at their ends only, so that it is unknown how many are open or opened */
	bool has_totals; /* text: totals beside the interval */
	bool time;       /* text: the wall time in front */
};

/*
 * Text: TX_KB and RX_KB in KiB rounded down, as in rows of -c; the group comes last. `name` of a
 * row is a string of labels_join().
 */
void sum_text_header(struct strbuf *out, const struct sum_interval *interval);
void sum_text(struct strbuf *out, const struct sum_interval *interval, const struct sum_row *row,
	      const struct timebase *base);

/* CSV: bytes. An unknown value is an empty field. */
void sum_csv_header(struct strbuf *out);
void sum_csv(struct strbuf *out, const struct sum_interval *interval, const struct sum_row *row,
	     const struct timebase *base);

/* {"v":1,"type":"sum",...} and a newline, as in tcpvitals-json(5). */
void sum_json(struct strbuf *out, const struct sum_interval *interval, const struct sum_row *row,
	      const struct timebase *base);

#endif

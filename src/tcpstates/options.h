/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options of tcpstates. */
#ifndef TCPVITALS_TCPSTATES_OPTIONS_H
#define TCPVITALS_TCPSTATES_OPTIONS_H

#include "app/options.h"
#include "core/column.h"
#include "core/labels.h"
#include "core/sum.h"

#include <stdbool.h>
#include <stdint.h>

enum output_format {
	OUTPUT_TEXT,
	OUTPUT_CSV,
	OUTPUT_JSON
};
/* --stuck: connections that stay in a state, instead of transitions. */
struct stuck_options {
	uint16_t states; /* 1 << enum tcp_state; 0: no --stuck */
	bool once;
	uint64_t longer_ns;
	uint64_t interval_ns; /* time between two scans */
};

/* --listeners: the accept queues of listening sockets, instead of transitions. */
struct listeners_options {
	bool wanted;
	bool once;
	uint64_t interval_ns; /* time between two tables; with `once`: the time to watch, 0: none */
};

/* --by, --sum: sums of connections by group. */
struct sum_options {
	struct labels groups; /* none: no --by and no --sum */
	struct sum_order order;
	bool has_by, has_sum, has_sort; /* the option was given */
	int top_next;                   /* --top was given without a number: index of the word behind it; or 0 */
};

/* --live: all connections now, on a screen, or as text or JSON. */
struct live_options {
	bool wanted;
	bool once;
	uint64_t interval_ns; /* time between two looks */
};

struct tcpstates_options {
	struct app_options app;
	enum output_format format;
	enum column_style style; /* for text and CSV */
	struct column_list columns;
	unsigned int row_names; /* of app.names, those that rows have; groups may need more */
	bool time;              /* the time of day in front of the summary */
	bool journal;
	uint64_t buffer_size; /* of all ring buffers, in bytes: a power of two, at least a page */
	size_t rings;         /* number of ring buffers that share buffer_size, a power of two */
	bool connections;     /* connections instead of transitions */
	uint64_t every_ns;    /* of them: time between two records of an open one; 0: only at the end */
	bool summary;         /* times per kind of transition instead of transitions */
	uint64_t interval_ns; /* of the summary or the sums; 0: once at the end */
	struct sum_options sum;
	bool retransmits; /* retransmitted segments instead of transitions */
	struct stuck_options stuck;
	struct live_options live;
	struct listeners_options listeners;
	const char *replay; /* the recording to read, "-" for standard input; NULL: a live run */
};

/* Parses the command line. Ends the process for --help and --version (status 0), and for a wrong command line (2). */
void tcpstates_options_parse(int argc, char **argv, struct tcpstates_options *ret);

/* Returns the option with a filter that the classic tracepoint cannot apply, or NULL. */
const char *tcpstates_unknown_to_tracepoint(const struct tcpstates_options *options);

#endif

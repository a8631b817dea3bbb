/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_TCPSTATES_OPTIONS_H
#define TCPVITALS_TCPSTATES_OPTIONS_H

#include "app/options.h"
#include "core/column.h"

#include <stdbool.h>
#include <stdint.h>

enum output_format {
	OUTPUT_TEXT,
	OUTPUT_CSV,
	OUTPUT_JSON
};
/* Connections that stay in a state, instead of transitions. */
struct stuck_options {
	uint16_t states; /* 1 << enum tcp_state; 0: not asked for */
	bool once;
	uint64_t longer_ns;
	uint64_t interval_ns; /* from one look to the next */
};

struct tcpstates_options {
	struct app_options app;
	enum output_format format;
	enum column_style style; /* of text and CSV */
	struct column_list columns;
	bool time; /* in front of the summary */
	bool journal;
	uint64_t buffer_size; /* bytes, a power of two of at least a page */
	size_t rings;         /* that these are shared out to, a power of two */
	bool connections;     /* whole connections instead of transitions */
	bool summary;         /* times per kind of transition instead */
	uint64_t interval_ns; /* of the summary; 0: one at the end */
	struct stuck_options stuck;
};

/* Fills `ret` from the command line. Ends the process with --help and --version (0) and on a wrong command line (2). */
void tcpstates_options_parse(int argc, char **argv, struct tcpstates_options *ret);

/* An option whose filter the classic tracepoint knows too little for, or NULL. */
const char *tcpstates_unknown_to_tracepoint(const struct tcpstates_options *options);

#endif

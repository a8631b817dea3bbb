/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options of --summary --by and -c --sum: connections by group. */
#ifndef TCPVITALS_TCPSTATES_SUM_OPTIONS_H
#define TCPVITALS_TCPSTATES_SUM_OPTIONS_H

#include "tcpstates/options.h"

#include <argp.h>

enum {
	SUM_KEY_BY = 0x600,
	SUM_KEY_SUM,
	SUM_KEY_TOP,
	SUM_KEY_SORT
};

/* Entries for a table of options. */
#define SUM_OPTIONS(group)                                                                                             \
	{"by", SUM_KEY_BY, "GROUP", 0, "with --summary, --live: traffic of each GROUP", group},                        \
		{"sum", SUM_KEY_SUM, "GROUP", 0, "with -c: sums of each GROUP instead of rows", group},                \
		{"top", SUM_KEY_TOP, "N", OPTION_ARG_OPTIONAL | OPTION_HIDDEN, 0, group},                              \
	{                                                                                                              \
		"sort", SUM_KEY_SORT, "WHAT", 0, "with GROUP: bytes (default), ...; --top=N: N rows", group            \
	}

/*
 * Handles one of these options, or the word behind --top. --top without a number is --live, unless there are sums.
 * Returns 0, or ARGP_ERR_UNKNOWN for another option. Ends the process if the argument is
 * refused.
 */
error_t sum_option(int key, const char *argument, const struct argp_state *state, struct sum_options *options);

/*
 * Call both after the last option. Both end the process if options exclude each other. `names`: --names or --services
 * was given, `columns`: -O, -t or -w.
 */
void sum_options_end(const struct argp_state *state, const struct tcpstates_options *options);
void sum_options_check(const struct tcpstates_options *options, bool names, bool columns,
		       const struct argp_state *state);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options of --stuck: connections that stay in a state. */
#ifndef TCPVITALS_TCPSTATES_STUCK_OPTIONS_H
#define TCPVITALS_TCPSTATES_STUCK_OPTIONS_H

#include "tcpstates/options.h"

#include <argp.h>

enum {
	STUCK_KEY_STATES = 0x400,
	STUCK_KEY_LONGER,
	STUCK_KEY_ONCE
};

/* Entries for a table of options. */
#define STUCK_OPTIONS(group)                                                                                           \
	{"stuck", STUCK_KEY_STATES, "STATES", 0, "connections that stay in one of these states", group},               \
		{"longer", STUCK_KEY_LONGER, "TIME", 0, "with --stuck: at least TIME (default 60)", group},            \
		{"interval", 'i', "TIME", 0, "how often: --stuck, --listeners, --live, --summary", group},             \
	{                                                                                                              \
		"once", STUCK_KEY_ONCE, 0, 0, "--stuck, --listeners: exit status; --live: text", group                 \
	}

/*
 * Handles one of these options. Returns 0, or ARGP_ERR_UNKNOWN for another option. Ends the process if the argument is
 * refused.
 */
error_t stuck_option(int key, const char *argument, const struct argp_state *state, struct stuck_options *options);

/*
 * Call both after the last option. stuck_options_end() fills in defaults. Both end the process if options exclude each
 * other.
 */
void stuck_options_end(const struct argp_state *state, bool summary, struct stuck_options *options);
void stuck_options_check(const struct tcpstates_options *options, const struct argp_state *state);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options of --live: all connections now. It shares --interval and --once with --stuck. */
#ifndef TCPVITALS_TCPSTATES_LIVE_OPTIONS_H
#define TCPVITALS_TCPSTATES_LIVE_OPTIONS_H

#include "tcpstates/options.h"

#include <argp.h>

enum {
	LIVE_KEY = 0xb00
};

/* Entries for a table of options. */
#define LIVE_OPTIONS(group)                                                                                            \
	{                                                                                                              \
		"live", LIVE_KEY, 0, 0, "all connections now, on the screen (also --top)", group                       \
	}

/* True if --live shows a screen, and no text or JSON. */
bool live_options_wants_screen(const struct tcpstates_options *options);

/*
 * Call it after the last option, before the scope is complete: checks the options together, and fills in defaults.
 * `has_layout`: an option is given that arranges columns; `has_names`: --names or --services. Ends the process if
 * options exclude each other.
 */
void live_options_end(const struct argp_state *state, bool has_layout, bool has_names,
		      struct tcpstates_options *options);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The option --replay: rows of a recording instead of a live run. */
#ifndef TCPVITALS_TCPSTATES_REPLAY_OPTIONS_H
#define TCPVITALS_TCPSTATES_REPLAY_OPTIONS_H

#include "tcpstates/options.h"

#include <argp.h>

#define REPLAY_KEY 0xc00

/* Entry for a table of options. */
#define REPLAY_OPTIONS(group)                                                                                          \
	{                                                                                                              \
		"replay", REPLAY_KEY, "FILE", 0, "read -o json's FILE (-: stdin); no root", group                      \
	}

/*
 * Call it after the last option, before the others of this kind. Ends the process if an option is for a live run, or if
 * this build cannot read JSON.
 */
void replay_options_end(const struct argp_state *state, const struct tcpstates_options *options);

#endif

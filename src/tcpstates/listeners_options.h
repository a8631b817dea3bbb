/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options of --listeners: the accept queues of listening sockets. */
#ifndef TCPVITALS_TCPSTATES_LISTENERS_OPTIONS_H
#define TCPVITALS_TCPSTATES_LISTENERS_OPTIONS_H

#include "tcpstates/options.h"

#include <argp.h>
#include <stdbool.h>

#define LISTENERS_KEY 0x410

/* Entry for a table of options. --interval and --once are those of stuck_options.h. */
#define LISTENERS_OPTIONS(group)                                                                                       \
	{                                                                                                              \
		"listeners", LISTENERS_KEY, 0, 0, "listening sockets: backlog, accepts, drops", group                  \
	}

/*
 * Call it after the last option, before stuck_options_end(). Takes over --interval and --once, fills in defaults, and
 * ends the process if options exclude each other.
 */
void listeners_options_end(const struct argp_state *state, struct tcpstates_options *options);

#endif

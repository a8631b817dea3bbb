/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The option --retransmits: retransmitted segments instead of transitions. */
#ifndef TCPVITALS_TCPSTATES_RETRANSMISSION_OPTIONS_H
#define TCPVITALS_TCPSTATES_RETRANSMISSION_OPTIONS_H

#include "tcpstates/options.h"

#include <argp.h>

/* Call it after the last option. Ends the process if options exclude each other. */
void retransmission_options_check(const struct tcpstates_options *options, const struct argp_state *state);

#endif

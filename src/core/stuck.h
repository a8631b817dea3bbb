/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parses the states of --stuck. */
#ifndef TCPVITALS_CORE_STUCK_H
#define TCPVITALS_CORE_STUCK_H

#include "core/parse.h"

/*
 * Parses a list of states in which --stuck can find a connection, in upper or lower case. Adds one bit for each state
 * (1 << enum tcp_state) to *states.
 *
 * 0, or -EINVAL and an error that quotes the bad word and states where else to look.
 */
int stuck_parse_states(const char *text, uint16_t *states, struct parse_error *error);

#endif

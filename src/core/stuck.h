/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_CORE_STUCK_H
#define TCPVITALS_CORE_STUCK_H

#include "core/parse.h"

/*
 * A list of states that a connection can be seen staying in, in either case: a bit for each (1 << enum tcp_state) is
 * added to *states. 0, or -EINVAL and an error that quotes the bad word and tells where else to look.
 */
int stuck_parse_states(const char *text, uint16_t *states, struct parse_error *error);

#endif

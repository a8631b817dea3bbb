/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sockets that are older than tcpstates: found once, after the programs are attached. */
#ifndef TCPVITALS_TCPSTATES_SESSION_SEED_H
#define TCPVITALS_TCPSTATES_SESSION_SEED_H

#include "tcpstates/options.h"

struct session;

/* Before the first row. What cannot be found is told, and noted in `session`: that is no reason not to trace. */
void session_seed(const struct tcpstates_options *options, struct session *session);

#endif

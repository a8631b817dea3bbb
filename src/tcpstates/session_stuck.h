/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs that look at all connections: --stuck. */
#ifndef TCPVITALS_TCPSTATES_SESSION_STUCK_H
#define TCPVITALS_TCPSTATES_SESSION_STUCK_H

#include "abi/stuck.h"
#include "tcpstates/options.h"

#include <stdbool.h>

struct netns_omissions;
struct session;
struct tcpstates_bpf;

/* Before `skeleton` is loaded. */
void stuck_prepare(const struct stuck_options *options, struct tcpstates_bpf *skeleton, bool in_socket);

/*
 * Looks once at all connections, as of `now_ns`: rows come into the ring. `is_last`: also those whose age cannot be
 * told. 0 or a negative errno; what came of it is in *ret, and in *ret_omissions what was not looked at.
 */
int stuck_look_around(const struct session *session, uint64_t now_ns, bool is_last, struct stuck_look *ret,
		      struct netns_omissions *ret_omissions);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs that look at all connections: --stuck. */
#ifndef TCPVITALS_TCPSTATES_SESSION_STUCK_H
#define TCPVITALS_TCPSTATES_SESSION_STUCK_H

#include "abi/stuck.h"
#include "tcpstates/options.h"

#include <stdbool.h>

struct netns_omissions;
struct refusals;
struct session;
struct tcpstates_bpf;

/* Before `skeleton` is loaded. */
void stuck_prepare(const struct stuck_options *options, const struct refusals *refusals, struct tcpstates_bpf *skeleton,
		   bool in_socket);

/* After it is loaded: whether the kernel lets the iterator run. 0 or a negative errno; program_blamed() names it. */
int stuck_try(const struct tcpstates_bpf *skeleton);

/* What goes through the connections, in words. Only with --stuck. */
const char *stuck_iterator(const struct session *session);

/*
 * Looks once at all connections, as of `now_ns`: rows come into the ring. `is_last`: also those whose age cannot be
 * told. 0 or a negative errno; what came of it is in *ret, and in *ret_omissions what was not looked at.
 */
int stuck_look_around(const struct session *session, uint64_t now_ns, bool is_last, struct stuck_look *ret,
		      struct netns_omissions *ret_omissions);

#endif

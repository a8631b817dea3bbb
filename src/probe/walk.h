/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Walks with socket iterators, in this process, through all network namespaces. */
#ifndef TCPVITALS_PROBE_WALK_H
#define TCPVITALS_PROBE_WALK_H

#include "os/netns.h"

struct vitals_bpf;

/*
 * Calls `visit` in each network namespace (netns_visit_all()), to run an iterator there. Segments that arrive while an
 * iterator has locked their socket are handled in this process; the programs do not take it for the socket's owner.
 * Returns 0 or a negative errno.
 */
int walk_namespaces(struct vitals_bpf *vitals, int (*visit)(void *context), void *context,
		    struct netns_omissions *ret_omissions);

#endif

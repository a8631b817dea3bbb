/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Snapshots: all open connections at one moment (EMIT_SNAPSHOTS). */
#ifndef TCPVITALS_PROBE_SNAPSHOT_H
#define TCPVITALS_PROBE_SNAPSHOT_H

#include "abi/connection.h"
#include "os/netns.h"
#include "probe/probe.h"

struct vitals_bpf;

/* Chooses the program, before `vitals` is loaded. */
void snapshot_prepare(const struct probe_wants *wants, struct vitals_bpf *vitals);

typedef void snapshot_visit(void *context, const struct connection *record);

/*
 * Calls `visit` for each open connection in scope, in all network namespaces. Returns 0 or a negative errno;
 * *ret_omissions counts what could not be visited.
 */
int snapshot_take(const struct probe *probe, snapshot_visit *visit, void *context,
		  struct netns_omissions *ret_omissions);

#endif

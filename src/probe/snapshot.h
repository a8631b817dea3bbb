/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Snapshots: all open connections at one moment (EMIT_SNAPSHOTS), or all listeners (EMIT_LISTENERS). */
#ifndef TCPVITALS_PROBE_SNAPSHOT_H
#define TCPVITALS_PROBE_SNAPSHOT_H

#include "abi/connection.h"
#include "core/listener.h"
#include "os/netns.h"
#include "probe/probe.h"

#include <stdbool.h>
#include <stdint.h>

struct vitals_bpf;

/* Chooses the programs, before `vitals` is loaded. */
void snapshot_prepare(const struct probe_wants *wants, bool in_socket, struct vitals_bpf *vitals);

/* As scan_try(), for the iterators over connections and over listeners. */
int snapshot_try(const struct probe_wants *wants, const struct vitals_bpf *vitals);

typedef void snapshot_visit(void *context, const struct connection *record);

/*
 * Calls `visit` for each open connection in scope, in all network namespaces. Returns 0 or a negative errno;
 * *ret_omissions counts what could not be visited.
 */
int snapshot_take(const struct probe *probe, snapshot_visit *visit, void *context,
		  struct netns_omissions *ret_omissions);

/*
 * Reads all listeners in scope, as of `now_ns` (CLOCK_MONOTONIC), into the table, and computes its rows. *ret_unjudged
 * counts listeners that are perhaps in scope: their owner is unknown. Takes the time of the listeners, whatever the
 * number of connections. Returns 0 or a negative errno.
 */
int listeners_take(const struct probe *probe, uint64_t now_ns, struct listener_table *table, uint32_t *ret_unjudged,
		   struct netns_omissions *ret_omissions);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Scans: socket iterators that look at all connections (EMIT_SCANS, for --stuck). */
#ifndef TCPVITALS_PROBE_SCAN_H
#define TCPVITALS_PROBE_SCAN_H

#include "abi/stuck.h"
#include "probe/probe.h"

#include <stdbool.h>
#include <stdint.h>

struct netns_omissions;
struct vitals_bpf;

/* Chooses the iterator, before `vitals` is loaded. */
void scan_prepare(const struct probe_wants *wants, const struct refusals *refusals, struct vitals_bpf *vitals,
		  bool in_socket);

/*
 * Checks, after `vitals` is loaded, whether the kernel lets the iterator run. Returns 0 or a negative errno;
 * program_blamed() has its name.
 */
int scan_try(const struct vitals_bpf *vitals);

/* Returns the name of the iterator, for the user. */
const char *scan_iterator(const struct probe *probe);

/*
 * Scans all connections once, as of `now_ns` (CLOCK_MONOTONIC). Rows are written to the ring buffers. `is_last`: also
 * rows of connections with an unknown age.
 *
 * Returns 0 or a negative errno. *ret has the result, and *ret_omissions counts what could not be visited.
 */
int scan_all(const struct probe *probe, uint64_t now_ns, bool is_last, struct stuck_scan *ret,
	     struct netns_omissions *ret_omissions);

#endif

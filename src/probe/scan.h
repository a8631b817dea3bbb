/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs that look at all connections: EMIT_SCANS. */
#ifndef TCPVITALS_PROBE_SCAN_H
#define TCPVITALS_PROBE_SCAN_H

#include "abi/stuck.h"
#include "probe/probe.h"

#include <stdbool.h>
#include <stdint.h>

struct netns_omissions;
struct vitals_bpf;

/* Before `vitals` is loaded. */
void scan_prepare(const struct probe_wants *wants, const struct refusals *refusals, struct vitals_bpf *vitals,
		  bool in_socket);

/* After it is loaded: whether the kernel lets the iterator run. 0 or a negative errno; program_blamed() names it. */
int scan_try(const struct vitals_bpf *vitals);

/* What goes through the connections, in words. */
const char *scan_iterator(const struct probe *probe);

/*
 * Looks once at all connections, as of `now_ns`: rows come into the ring. `is_last`: also those whose age cannot be
 * told. 0 or a negative errno; what came of it is in *ret, and in *ret_omissions what was not looked at.
 */
int scan_all(const struct probe *probe, uint64_t now_ns, bool is_last, struct stuck_scan *ret,
	     struct netns_omissions *ret_omissions);

#endif

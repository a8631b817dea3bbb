/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --stuck: scans all connections at intervals; with --once, until it can tell whether one is stuck. */
#ifndef TCPVITALS_TCPSTATES_STUCK_H
#define TCPVITALS_TCPSTATES_STUCK_H

#include "abi/stuck.h"
#include "probe/probe.h"
#include "tcpstates/options.h"

#include <stdbool.h>
#include <stdint.h>

struct stuck_watch {
	const struct stuck_options *options;
	bool verbose;                /* the first scan reports what it leaves out */
	struct stuck_scan last_scan; /* result of the last scan */
	uint64_t start_ns;           /* time of the first scan, CLOCK_MONOTONIC; 0: none yet */
	unsigned int seconds;        /* seconds since the first scan */
	bool incomplete;             /* some connections may not have been scanned */
	bool has_unjudged;           /* a scan has found connections that may be in scope, and that is reported */
};

/* Runs a scan. `is_last`: no other scan follows. Returns 0 or a negative errno. */
int stuck_scan(struct stuck_watch *watch, const struct probe *probe, uint64_t now_ns, bool is_last);

/* Returns whether --once is given and the answer is final. */
bool stuck_is_decided(const struct stuck_watch *watch);

/* Reports once why --once takes long, on a terminal or with -v. Call it once a second. */
void stuck_tick(struct stuck_watch *watch, uint64_t now_ns);

/*
 * Returns the exit status of --once, and reports on stderr what could not be determined. `missed`: there may have been
 * more connections.
 */
int stuck_answer(const struct stuck_watch *watch, bool missed);

#endif

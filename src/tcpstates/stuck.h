/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --stuck: looks at all connections now and then; with --once until it can tell whether one is stuck. */
#ifndef TCPVITALS_TCPSTATES_STUCK_H
#define TCPVITALS_TCPSTATES_STUCK_H

#include "abi/stuck.h"
#include "probe/probe.h"
#include "tcpstates/options.h"

#include <stdbool.h>
#include <stdint.h>

struct stuck_watch {
	const struct stuck_options *options;
	bool verbose;           /* the first look says what it leaves out */
	struct stuck_scan look; /* the last one */
	uint64_t start_ns;      /* of the first one, CLOCK_MONOTONIC; 0: none yet */
	unsigned int seconds;   /* since then */
	bool incomplete;        /* there may be connections that nobody has looked at */
};

/* Looks; `is_last`: there will be no other. 0, or a negative errno. */
int stuck_scan(struct stuck_watch *watch, const struct probe *probe, uint64_t now_ns, bool is_last);

/* With --once: whether there is nothing left to wait for. */
bool stuck_is_decided(const struct stuck_watch *watch);

/* Once a second: tells a person what is waited for. */
void stuck_tick(struct stuck_watch *watch, uint64_t now_ns);

/* The exit status of --once, and the word on stderr for what could not be told. `missed`: there may have been more. */
int stuck_answer(const struct stuck_watch *watch, bool missed);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Debian's tcpstates and tcprtt (package libbpf-tools) as further independent witnesses. The peers lose rows and
 * samples, but have durations and histograms.
 */
#ifndef TESTS_KERNEL_PEER_H
#define TESTS_KERNEL_PEER_H

#include "process.h"
#include "state.h"

#define PEER_MAX_ARGS 8

struct peer {
	const char *name;
	struct process process;
	struct process reader; /* copies the peer's output from a terminal into `output` */
	int output;
};

struct peer_row {
	unsigned long long line;
	struct change change;
	double duration_ms; /* 0: also for an unknown duration */
};

struct peer_rows {
	struct peer_row *items; /* free() it */
	size_t count;
};

/*
 * Starts "tcpstates" or "tcprtt" with up to PEER_MAX_ARGS arguments. Returns NULL when the peer traces, or the reason
 * why there is none.
 */
const char *peer_start(struct peer *peer, const char *name, const char *const *args);

/* Sends SIGINT, the only signal that the peer handles, and waits for its end. */
void peer_stop(struct peer *peer);

/* Reads the rows of tcpstates -w. */
void peer_read_rows(const struct peer *peer, struct peer_rows *ret_rows);

/* For every teardown. */
void peer_drop(struct peer *peer);

#endif

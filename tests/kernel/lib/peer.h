/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Debian's tcpstates (package libbpf-tools), another independent witness: one that loses rows, but has durations. */
#ifndef TESTS_KERNEL_PEER_H
#define TESTS_KERNEL_PEER_H

#include <sys/types.h>

#include "state.h"

struct peer {
	pid_t pid;
	pid_t reader; /* takes the rows from the terminal that the peer believes to write to, into `output` */
	int output;
};

struct peer_row {
	unsigned long long line;
	struct change change;
	double duration_ms; /* 0 also stands for unknown */
};

struct peer_rows {
	struct peer_row *items; /* free() it */
	size_t count;
};

/* NULL, or why there is none. It traces then. */
const char *peer_start(struct peer *peer);

/* SIGINT, the only signal that it handles, then its rows. */
void peer_stop(struct peer *peer, struct peer_rows *ret_rows);

/* For every teardown. */
void peer_drop(struct peer *peer);

#endif

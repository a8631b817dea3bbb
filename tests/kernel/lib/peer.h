/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Debian's tcpstates and tcprtt (package libbpf-tools), other independent witnesses: they lose rows and samples, but
 * have durations and histograms.
 */
#ifndef TESTS_KERNEL_PEER_H
#define TESTS_KERNEL_PEER_H

#include "process.h"
#include "state.h"

#define PEER_MAX_ARGS 8

struct peer {
	const char *name;
	struct process process;
	struct process
		reader; /* takes what is printed from the terminal that the peer believes to write to, into `output` */
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

/* "tcpstates" or "tcprtt", with up to PEER_MAX_ARGS arguments. NULL, or why there is none. It traces then. */
const char *peer_start(struct peer *peer, const char *name, const char *const *args);

/* SIGINT, the only signal that it handles, and its end. */
void peer_stop(struct peer *peer);

/* What tcpstates -w printed. */
void peer_read_rows(const struct peer *peer, struct peer_rows *ret_rows);

/* For every teardown. */
void peer_drop(struct peer *peer);

#endif

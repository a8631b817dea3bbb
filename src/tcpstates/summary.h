/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --summary: reads the counts of the kernel side, and prints one interval. */
#ifndef TCPVITALS_TCPSTATES_SUMMARY_H
#define TCPVITALS_TCPSTATES_SUMMARY_H

#include "abi/summary.h"
#include "tcpstates/cover.h"
#include "tcpstates/print.h"

/* The last reading of each kind of transition, and the counts printed so far. */
struct summarizer {
	int map_fd;
	int cpus;
	struct summary *per_cpu; /* space for one value of each CPU */
	struct {
		struct summary_kind kind;
		struct summary before;
	} kinds[SUMMARY_KINDS_MAX];
	size_t count;
	struct cover cover; /* in transitions */
	uint64_t since_ns;  /* start of the interval, CLOCK_MONOTONIC */
};

/* Returns 0 or a negative errno. After success, call summary_close(). */
int summary_open(int map_fd, uint64_t now_ns, struct summarizer *ret);
void summary_close(struct summarizer *summarizer);

/*
 * Prints the transitions since the last call into the sink's buffer, which must be empty. Returns 0 or a negative
 * errno.
 */
int summary_print(struct summarizer *summarizer, struct printer *printer, uint64_t now_ns);

/* Counts the transitions since the last call as dropped, in place of summary_print(). Returns 0 or a negative errno. */
int summary_drop(struct summarizer *summarizer);

#endif

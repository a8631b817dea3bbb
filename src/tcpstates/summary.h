/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --summary: reads what the kernel side has counted, and prints an interval of it. */
#ifndef TCPVITALS_TCPSTATES_SUMMARY_H
#define TCPVITALS_TCPSTATES_SUMMARY_H

#include "abi/summary.h"
#include "tcpstates/print.h"

/* The last reading of each kind of transition. */
struct summarizer {
	int map_fd;
	int cpus;
	struct summary *per_cpu; /* room for one value of each CPU */
	struct {
		struct summary_kind kind;
		struct summary before;
	} kinds[SUMMARY_KINDS_MAX];
	size_t count;
	uint64_t lines[SUMMARY_KINDS_MAX + 2]; /* of the last interval: how many transitions each line tells of */
	size_t line_count;
	uint64_t printed;  /* transitions told of so far */
	uint64_t dropped;  /* transitions that no line was printed for */
	uint64_t since_ns; /* CLOCK_MONOTONIC: beginning of the interval */
};

/* 0 or a negative errno; on success give it to summary_close(). */
int summary_open(int map_fd, uint64_t now_ns, struct summarizer *ret);
void summary_close(struct summarizer *summarizer);

/* Prints what came since the last time, in the sink's buffer, which is empty. 0 or a negative errno. */
int summary_print(struct summarizer *summarizer, struct printer *printer, uint64_t now_ns);

/* Instead: nobody will read it, so that it only counts. */
int summary_drop(struct summarizer *summarizer);

/* The transitions that the last so many lines tell of: those that the sink still has are of one interval. */
uint64_t summary_unwritten(const struct summarizer *summarizer, uint64_t lines);

#endif

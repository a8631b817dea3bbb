/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The samples between two readings of the kernel's histograms. */
#ifndef TCPVITALS_TCPRTT_MEASURE_H
#define TCPVITALS_TCPRTT_MEASURE_H

#include "core/grouping.h"
#include "core/histogram.h"
#include "probe/samples.h"
#include "tcprtt/options.h"

#include <stddef.h>

/* The samples of one group in one interval. */
struct measured {
	char name[GROUPING_NAME_MAX]; /* NUL-terminated, not escaped */
	struct group_key key;         /* of a group; zeros for `other`; not set without grouping */
	unsigned int distinction;     /* GROUPING_ bits of the name */
	bool other;                   /* the group of samples that found no room among the groups */
	bool unknown;                 /* the group of samples with an unknown owner */
	struct histogram histogram;
	struct histogram_stats stats;
};

/* A group that the kernel side has, with or without samples in this interval. */
struct known_group {
	struct group_key key;
	uint32_t number;
};

struct measure {
	const struct tcprtt_options *options;
	struct probe *probe;
	enum tick tick;
	struct histogram *before; /* last reading, by group number, or one entry; counters only grow */
	struct measured *rows;    /* the groups with samples in this interval */
	size_t count;
	size_t capacity;
	struct known_group *groups; /* space for --max-keys groups */
	uint64_t left_out;          /* samples left out by --top so far */
};

/* Returns 0 or -ENOMEM. Call measure_close() afterwards, in both cases. */
int measure_open(const struct tcprtt_options *options, struct probe *probe, struct measure *ret);
void measure_close(struct measure *measure);

/* Calls `visit` for each group so far, with or without samples. Returns 0 or a negative errno. */
int measure_visit_groups(struct measure *measure, void (*visit)(void *context, const struct group_key *key),
			 void *context);

/*
 * Reads the histograms. rows[0 .. count - 1] are then the groups with samples since the last call: the first --top,
 * ordered by --sort. Without grouping there is one row, which may be empty. Returns 0 or a negative errno.
 */
int measure_take(struct measure *measure);

#endif

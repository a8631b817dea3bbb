/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What came between two readings of the kernel's histograms. */
#ifndef TCPVITALS_TCPRTT_MEASURE_H
#define TCPVITALS_TCPRTT_MEASURE_H

#include "core/grouping.h"
#include "core/histogram.h"
#include "probe/samples.h"
#include "tcprtt/options.h"

#include <stddef.h>

/* One group's interval. */
struct measured {
	char name[GROUPING_NAME_MAX]; /* NUL-terminated, raw: escape it */
	struct rtt_key key;           /* where it is a group's */
	unsigned int distinction;     /* GROUPING_, of its name */
	bool other;                   /* what found no room among the groups */
	bool unknown;                 /* the group of those whose owner is not known */
	struct histogram histogram;
	struct histogram_stats stats;
};

/* A group that the kernel knows, whether it had samples lately or not. */
struct known_group {
	struct rtt_key key;
	uint32_t number;
};

struct measure {
	const struct tcprtt_options *options;
	struct probe *probe;
	enum tick tick;
	struct histogram *before; /* the last reading: by group's number, or just one; counters that only grow */
	struct measured *rows;    /* of this interval */
	size_t count;
	size_t capacity;
	struct known_group *groups; /* room for --max-keys */
	uint64_t cut;               /* samples that --top has left out so far */
};

int measure_open(const struct tcprtt_options *options, struct probe *probe, struct measure *ret);
void measure_close(struct measure *measure);

/*
 * Steps through the groups that there are so far, whether they had samples or not: takes what `visit` is to know of
 * them. 0 or a negative errno.
 */
int measure_visit_groups(struct measure *measure, void (*visit)(void *context, const struct rtt_key *key),
			 void *context);

/*
 * Reads. Then rows[0 .. count - 1] are the groups that had samples since the last call, the first --top by --sort;
 * without grouping the one row, also if it is empty. 0 or a negative errno.
 */
int measure_take(struct measure *measure);

#endif

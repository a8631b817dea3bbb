/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Collects the counters of the kernel's groups by the values of the labels. Several groups may have the same values:
 * the cgroups of a unit.
 */
#ifndef TCPVITALS_EXPORTER_GROUPS_H
#define TCPVITALS_EXPORTER_GROUPS_H

#include "core/escape.h"
#include "core/labels.h"
#include "core/series.h"
#include "os/resolver.h"
#include "probe/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct label_text {
	size_t length;
	char bytes[LABEL_VALUE_MAX * ESCAPED_MAX];
};

/* The groups with the same values. */
struct label_set {
	bool is_used;
	struct label_text values[LABELS_MAX];
	uint64_t ended[GROUP_METRICS_WORDS]; /* counts of groups that have ended */
	uint32_t first;                      /* number of a group, 0: none */
};

/* A group of the kernel side, by its number. */
struct known_group {
	bool is_known;
	struct group_key key;
	uint32_t set;        /* index of its label_set */
	uint32_t next;       /* the next group of the set, 0: none */
	uint64_t weight;     /* at the last reading */
	uint64_t changed_ns; /* time of the last reading with another weight */
	unsigned int idle;   /* readings since then */
	uint32_t ended_at;   /* number of the last walk when the group was ended, 0: not ended */
};

struct groups {
	const struct labels *labels;
	struct probe *probe;
	struct resolver *resolver;
	size_t count;              /* groups, and label sets: --max-groups + 1; there is one set more */
	struct known_group *known; /* by number */
	struct label_set *sets;
	bool has_ended;             /* a group has ended in this reading */
	struct series_table series; /* by index of the set */
	uint64_t counters[GROUP_METRICS_WORDS];
	/* Groups that found no set: sets[count] has them, and they count in "other". */
	uint64_t unplaced[GROUP_METRICS_WORDS];
};

/* `places`: the most sets that are shown one by one. Returns 0 or -ENOMEM. Call groups_close() in both cases. */
int groups_open(const struct labels *labels, struct probe *probe, struct resolver *resolver, size_t places,
		struct groups *ret);
void groups_close(struct groups *groups);

/* Reads all groups. `walks`: walks so far. Returns 0 or a negative errno. */
int groups_read(struct groups *groups, uint64_t now_ns, uint32_t walks);

/* Reads the sums of a set that is shown, or of the group "other". */
void groups_sum(const struct groups *groups, size_t set, struct group_metrics *ret);
void groups_sum_other(struct groups *groups, struct group_metrics *ret);

/* Reads the sum of all groups, without a scrape. Returns 0 or a negative errno. */
int groups_total(struct groups *groups, struct group_metrics *ret);

/* Number of sets whose counts are in "other". */
size_t groups_in_other(const struct groups *groups);

/* Returns the number of connections begun in groups beyond --max-groups. */
uint64_t groups_ungrouped(const struct groups *groups);

#endif

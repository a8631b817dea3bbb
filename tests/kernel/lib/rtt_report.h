/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reports of `tcprtt -o json`. */
#ifndef TESTS_KERNEL_RTT_REPORT_H
#define TESTS_KERNEL_RTT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/histogram.h"

enum rtt_statistic {
	RTT_MEAN,
	RTT_JITTER,
	RTT_SMALLEST,
	RTT_P50,
	RTT_P90,
	RTT_P99,
	RTT_P999,
	RTT_LARGEST,
	RTT_STATISTICS
};

struct rtt_report {
	char by[32];
	char key[256];
	bool other, unknown;
	uint64_t cookie;  /* 0 for null, or if absent; ifindex, too */
	int64_t conn_seq; /* -1 for null, or if absent */
	uint32_t ifindex;
	char zone[16]; /* empty for null, or if absent */
	char sample[16];
	char hook[16];
	double interval_s;
	bool ms; /* "unit":"ms" */
	uint64_t count;
	bool known[RTT_STATISTICS];
	double us[RTT_STATISTICS]; /* in microseconds, independent of the unit */
	uint64_t slots[SLOT_COUNT];
};

struct rtt_reports {
	struct rtt_report *items; /* in the order of the output; free() it */
	size_t count;
};

/*
 * Reads all lines of the file `fd`. Fails the test at a line that is not as tcpvitals-json(5) describes. For example,
 * each bucket must be one slot and not empty, and the buckets must add up to the count.
 */
void rtt_reports_read(int fd, struct rtt_reports *ret_reports);

/* The report of that key, or NULL. Fails the test if there are two. */
const struct rtt_report *rtt_reports_find(const struct rtt_reports *reports, const char *key);

/* The slot of a value, as the kernel side computes it for microseconds, or with `ms` for -m. */
uint32_t rtt_slot(uint64_t us, bool ms);

#endif

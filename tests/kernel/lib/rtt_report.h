/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `tcprtt -o json` printed. */
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
	uint64_t cookie;  /* 0 for null, and where there is none; likewise ifindex */
	int64_t conn_seq; /* -1 for null, and where there is none */
	uint32_t ifindex;
	char zone[16]; /* empty for null, and where there is none */
	char sample[16];
	char hook[16];
	double interval_s;
	bool ms; /* "unit":"ms" */
	uint64_t count;
	bool known[RTT_STATISTICS];
	double us[RTT_STATISTICS]; /* in microseconds whatever the unit */
	uint64_t slots[SLOT_COUNT];
};

struct rtt_reports {
	struct rtt_report *items; /* as printed; free() it */
	size_t count;
};

/*
 * Reads every line of the file `fd`. Fails the test at a line that is not what DESIGN.md section 1 says: among other
 * things each bucket is one slot, and not empty, and they add up to the count.
 */
void rtt_reports_read(int fd, struct rtt_reports *ret_reports);

/* The only report of that key, or NULL. */
const struct rtt_report *rtt_reports_find(const struct rtt_reports *reports, const char *key);

/* The slot of a value: as the kernel side does it for microseconds or for -m. */
uint32_t rtt_slot(uint64_t us, bool ms);

#endif

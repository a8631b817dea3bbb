/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Both sides of the test's connections, a tool for each, and how often it measured. */
#ifndef TESTS_KERNEL_RTT_SIDES_H
#define TESTS_KERNEL_RTT_SIDES_H

#include "rtt_run.h"
#include "rtt_traffic.h"

/* Numbers of tools. */
struct rtt_sides {
	size_t server, client;
};

/* --sample `sample` of the port's servers and of their clients. */
struct rtt_sides rtt_start_both(struct rtt_run *run, const char *sample, uint16_t port);

/* Segments that either side has sent again so far. */
uint64_t rtt_retransmitted(const struct rtt_pair *pair);

/* The only report of a tool. */
const struct rtt_report *rtt_report_of(struct rtt_run *run, size_t tool);

/* Samples that this run may lack without anybody's fault: the program did not run when they would have been seen. */
uint64_t rtt_may_lack(const struct rtt_run *run);

/* So many samples and nothing unmeasured. A retransmitted segment may be measured once, twice or not at all. */
void rtt_check_count(struct rtt_run *run, size_t tool, uint64_t expected, uint64_t retransmitted, const char *what);

/* No sample, and so many that are said to be unmeasured. */
void rtt_check_unmeasured(struct rtt_run *run, size_t tool, uint64_t expected);

#endif

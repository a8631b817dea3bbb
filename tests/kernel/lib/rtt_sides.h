/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A tool for each side of the test's connections, and the number of samples of each. */
#ifndef TESTS_KERNEL_RTT_SIDES_H
#define TESTS_KERNEL_RTT_SIDES_H

#include "rtt_run.h"
#include "rtt_traffic.h"

/* Numbers of the tools, from rtt_run_start(). */
struct rtt_sides {
	size_t server, client;
};

/* Starts a tool for the servers of the port, and one for their clients, both with --sample `sample`. */
struct rtt_sides rtt_start_both(struct rtt_run *run, const char *sample, uint16_t port);

/* Segments that both sides have retransmitted so far. */
uint64_t rtt_retransmitted(const struct rtt_pair *pair);

/* rtt_run_read(). Returns the report of the tool. Fails the test unless there is exactly one. */
const struct rtt_report *rtt_report_of(struct rtt_run *run, size_t tool);

/*
 * Samples that this run may lack without a fault: the kernel skipped the program, or this machine hid the segments from
 * BPF.
 */
uint64_t rtt_may_lack(const struct rtt_run *run);

/*
 * Fails the test unless the tool has `expected` samples and no unmeasured segment. A retransmitted segment may have one
 * sample, two or none.
 */
void rtt_check_count(struct rtt_run *run, size_t tool, uint64_t expected, uint64_t retransmitted, const char *what);

/* Fails the test unless the tool has no sample and reports `expected` unmeasured segments. */
void rtt_check_unmeasured(struct rtt_run *run, size_t tool, uint64_t expected);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One measured run of tcprtt: the witness, some tools that observe the same traffic, and the comparison. */
#ifndef TESTS_KERNEL_RTT_RUN_H
#define TESTS_KERNEL_RTT_RUN_H

#include "rtt_report.h"
#include "rtt_witness.h"
#include "run_base.h"
#include "traffic.h"

struct rtt_run {
	struct run_base base;
	struct rtt_witness *witness;
	struct rtt_log log;
	/* of the last rtt_run_read() */
	struct rtt_reports reports;
	uint64_t lost; /* samples that the kernel skipped because a program interrupted itself, anywhere */
	uint64_t unmeasured;
	uint64_t in_other;
};

/* For cmocka: setup and teardown of a group, whose state is a struct rtt_run; teardown of each test. */
int rtt_run_group_setup(void **state);
int rtt_run_group_teardown(void **state);
int rtt_run_teardown(void **state);

#define rtt_test(function) cmocka_unit_test_teardown(function, rtt_run_teardown)

/* Call first in each test. Starts the witness, which records segments with a local or remote port in this range. */
void rtt_run_watch(struct rtt_run *run, uint16_t first_port, uint16_t last_port);

/* rtt_run_watch() for one free port. Returns a socket that reserves the port for rtt_pair_open_on(). */
int rtt_run_watch_new_port(struct rtt_run *run, enum flavour flavour, uint16_t *ret_port);

/* Starts a tool with "-o json -v" and `args`. Returns the number of the tool. */
size_t rtt_run_start(struct rtt_run *run, const char *const *args);

/* A port number as an argument for "-p" or "-P", in one of four static buffers. */
const char *rtt_port_text(uint16_t port);

/* Call after the traffic. Sends SIGTERM to the tools, waits for their ends, and reads the log of the witness. */
void rtt_run_stop(struct rtt_run *run);

/* Reads the output of a tool and its messages at the end. Fails the test unless the exit status is 0. */
void rtt_run_read(struct rtt_run *run, size_t tool);

/* Selects samples of the witness. */
typedef bool rtt_match_fn(const struct rtt_probe *probe, const void *context);

struct rtt_expected {
	uint64_t slots[SLOT_COUNT];    /* all samples that the witness saw */
	uint64_t hideable[SLOT_COUNT]; /* of these: samples that this machine may hide from BPF */
	uint64_t count, hideable_count;
	uint64_t zeros, hideable_zeros; /* segments without a measurement, which are in no slot */
	uint64_t sum_us;
	uint64_t *sorted_us; /* [count]; rtt_expected_free() */
};

/* Sums up the samples from `since_ns` that `match` selects. */
void rtt_expect(const struct rtt_log *log, rtt_match_fn *match, const void *context, bool ms, uint64_t since_ns,
		struct rtt_expected *ret_expected);
void rtt_expected_free(struct rtt_expected *expected);

/*
 * Fails the test unless each slot has the samples that the witness saw, less the samples that this machine hides.
 * Prints the number of hidden samples. At most `lost` more may be missing.
 */
void rtt_check_slots(const struct rtt_expected *expected, const uint64_t slots[SLOT_COUNT], uint64_t lost,
		     const char *what);

/* rtt_check_slots() for a report. If no sample is missing, also checks the statistics of the report. */
void rtt_check_report(const struct rtt_expected *expected, const struct rtt_report *report, uint64_t lost);

/* rtt_run_read() and rtt_check_report() for a tool whose only report has all samples that match. */
void rtt_run_check_all(struct rtt_run *run, size_t tool, rtt_match_fn *match, const void *context);

/* Writes the key of the group of a sample. False if the sample is in no group that the test checks. */
typedef bool rtt_key_fn(const struct rtt_probe *probe, const void *context, char key[256]);

/*
 * Fails the test unless each group of the witness has its report, and each report but "other" has its group.
 * `only_known` also allows reports of groups that the witness does not have.
 */
void rtt_run_check_groups(struct rtt_run *run, size_t tool, rtt_key_fn *key_of, const void *context, bool only_known);

/* Instances of rtt_match_fn. The context is a port (uint16_t). */
bool rtt_has_lport(const struct rtt_probe *probe, const void *port);
bool rtt_has_rport(const struct rtt_probe *probe, const void *port);
bool rtt_has_port(const struct rtt_probe *probe, const void *port);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One measured run of tcprtt: the witness, some tools that look at the same traffic, and the comparison. */
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
	/* of the tool that rtt_run_read() looked at last */
	struct rtt_reports reports;
	uint64_t lost; /* what the kernel skipped because a program interrupted itself, wherever */
	uint64_t unmeasured;
	uint64_t in_other;
};

/* For cmocka: of the group (the state is a struct rtt_run), and after each test. */
int rtt_run_group_setup(void **state);
int rtt_run_group_teardown(void **state);
int rtt_run_teardown(void **state);

#define rtt_test(function) cmocka_unit_test_teardown(function, rtt_run_teardown)

/* The first thing in each test: starts the witness, which sees what has such a port on one of the two sides. */
void rtt_run_watch(struct rtt_run *run, uint16_t first_port, uint16_t last_port);

/* One port nobody uses, and a socket that keeps it for rtt_pair_open_on(). */
int rtt_run_watch_new_port(struct rtt_run *run, enum flavour flavour, uint16_t *ret_port);

/* Starts a tool with "-o json -v" and `args`. Its number. */
size_t rtt_run_start(struct rtt_run *run, const char *const *args);

/* "-p", "-P": a port number as an argument, in a static buffer of which there are four. */
const char *rtt_port_text(uint16_t port);

/* After the traffic: SIGTERM to the tools, then the witness's log is there. */
void rtt_run_stop(struct rtt_run *run);

/* What a tool printed and what it said at the end. Fails the test unless it ended with 0. */
void rtt_run_read(struct rtt_run *run, size_t tool);

/* Which of the witness's samples are asked for. */
typedef bool rtt_match_fn(const struct rtt_probe *probe, const void *context);

struct rtt_expected {
	uint64_t slots[SLOT_COUNT];    /* all that the witness saw */
	uint64_t hideable[SLOT_COUNT]; /* of these, those that this machine may hide from BPF */
	uint64_t count, hideable_count;
	uint64_t zeros, hideable_zeros; /* apart: nothing had been measured */
	uint64_t sum_us;
	uint64_t *sorted_us; /* [count]; rtt_expected_free() */
};

/* Of the samples from `since_ns` on. */
void rtt_expect(const struct rtt_log *log, rtt_match_fn *match, const void *context, bool ms, uint64_t since_ns,
		struct rtt_expected *ret_expected);
void rtt_expected_free(struct rtt_expected *expected);

/*
 * Fails the test unless each slot holds what the witness saw, less what this machine hides; prints that number. What is
 * missing on top of it has to be within `lost`.
 */
void rtt_check_slots(const struct rtt_expected *expected, const uint64_t slots[SLOT_COUNT], uint64_t lost,
		     const char *what);

/* The same for a report, and that its statistics are those of the samples. */
void rtt_check_report(const struct rtt_expected *expected, const struct rtt_report *report, uint64_t lost);

/* Both in one for a tool that printed one report of all that matches. */
void rtt_run_check_all(struct rtt_run *run, size_t tool, rtt_match_fn *match, const void *context);

/* What the group of a sample is called. False when it is in none that the test knows. */
typedef bool rtt_key_fn(const struct rtt_probe *probe, const void *context, char key[256]);

/*
 * Each group that the witness saw has its report, and each report (but "other", and but those that `only_known` lets
 * pass: groups that the witness has not got) is of a group of the witness's.
 */
void rtt_run_check_groups(struct rtt_run *run, size_t tool, rtt_key_fn *key_of, const void *context, bool only_known);

/* For rtt_match_fn: context is a port (uint16_t). */
bool rtt_has_lport(const struct rtt_probe *probe, const void *port);
bool rtt_has_rport(const struct rtt_probe *probe, const void *port);
bool rtt_has_port(const struct rtt_probe *probe, const void *port);

#endif

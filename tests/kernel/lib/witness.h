/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The independent witness: the same tracepoint read through tracefs.
 *
 * Two instances, because a tracepoint calls its users in the order in which they came: `witness_start()` before the
 * tool begins and `witness_bracket()` after it put the tool's clock reading between two of the witness's. How far those
 * two are apart is how much an interrupt or a stolen CPU can have falsified a comparison of durations, so that no
 * tolerance has to be guessed for a busy machine.
 */
#ifndef TESTS_KERNEL_WITNESS_H
#define TESTS_KERNEL_WITNESS_H

#include "state.h"

struct witness_event {
	uint64_t time_ns; /* CLOCK_MONOTONIC, before the tool saw it */
	uint64_t span_ns; /* until the second instance saw it; 0 when it did not */
	struct change change;
	int pid;       /* of the thread that was running */
	bool hideable; /* that thread is one of PID 1's: on the CI machine no BPF program runs then */
	bool bracketed;
};

struct witness_log {
	struct witness_event *events; /* by time */
	size_t count;
};

struct witness;

/* NULL and a reason when this machine has no tracefs. */
struct witness *witness_new(unsigned int buffer_kb_per_cpu, const char **ret_why);
void witness_free(struct witness *witness);

void witness_start(struct witness *witness);
void witness_bracket(struct witness *witness);
void witness_stop(struct witness *witness, struct witness_log *ret_log);
void witness_log_free(struct witness_log *log);

#endif

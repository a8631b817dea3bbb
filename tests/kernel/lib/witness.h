/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The independent witness: the same tracepoint, read through tracefs.
 *
 * A tracepoint calls its users in the order of their registration. witness_start() before the tool's start and
 * witness_bracket() after it put the tool's clock reading between two of the witness's. The distance between these two
 * is the most by which an interrupt or a stolen CPU can have falsified a comparison of durations. So no tolerance has
 * to be guessed for a busy machine.
 */
#ifndef TESTS_KERNEL_WITNESS_H
#define TESTS_KERNEL_WITNESS_H

#include "state.h"

struct witness_event {
	uint64_t time_ns; /* CLOCK_MONOTONIC, before the tool saw the event */
	uint64_t span_ns; /* until the second instance saw the event; 0: it did not */
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

/* Returns NULL and a reason if this machine has no tracefs. */
struct witness *witness_new(unsigned int buffer_kb_per_cpu, const char **ret_why);
void witness_free(struct witness *witness);

void witness_start(struct witness *witness);
void witness_bracket(struct witness *witness);
void witness_stop(struct witness *witness, struct witness_log *ret_log);
void witness_log_free(struct witness_log *log);

#endif

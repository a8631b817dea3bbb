/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reason why no way to attach works, and the remedy. */
#ifndef TCPVITALS_PROBE_FAILURE_H
#define TCPVITALS_PROBE_FAILURE_H

#include "probe/probe.h"
#include "probe/way.h"

#include <stdbool.h>

/* The errors of the ways that were tried, as negative errnos; 0: none yet. */
struct failures {
	int first;
	int best; /* the least demanding way of the best hook; a missing other hook is no reason */
	enum probe_hook best_hook;
};

/* Records the error of one way. Call it in the order of the ways, the best first. */
void failures_note(struct failures *failures, const struct way *way, int error);

/* Returns whether any other way would fail with the same error. */
bool failure_is_final(int error);

/* Writes the reason and the remedy for the user. */
void failure_explain(const struct failures *failures, const struct probe_wants *wants, struct probe_error *ret);

#endif

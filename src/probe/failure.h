/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why nothing could be attached, and what to do about it. */
#ifndef TCPVITALS_PROBE_FAILURE_H
#define TCPVITALS_PROBE_FAILURE_H

#include "probe/probe.h"
#include "probe/way.h"

#include <stdbool.h>

/* Of all ways that were tried. Negative errnos; 0: none yet. */
struct failures {
	int first;
	int best; /* of the best hook, what its least demanding way says: that others are missing is no reason */
	enum probe_hook best_hook;
};

void failures_note(struct failures *failures, const struct way *way, int error);

/* Whether any other way to attach would fail as this one did. */
bool failure_is_final(int error);

void failure_explain(const struct failures *failures, const struct probe_wants *wants, struct probe_error *ret);

#endif

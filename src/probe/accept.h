/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program that sees who accepts a connection: which of those in bpf/track/accept_programs.bpf.h. */
#ifndef TCPVITALS_PROBE_ACCEPT_H
#define TCPVITALS_PROBE_ACCEPT_H

#include "probe/probe.h"

#include <stdint.h>

struct vitals_bpf;

/* Whether the user asked for one of them by name. */
bool accept_is_demanded(const struct probe_wants *wants);

/*
 * Moves on from `accept` (zeros: from the beginning) to the next best way that the wants ask for and that this kernel
 * may admit, at last to nothing if they leave it open. 0, or a negative errno when there is no more.
 */
int accept_next(struct accept *accept, const struct probe_wants *wants);

/* Before `vitals` is loaded, and after. The second: 0 or a negative errno; give `accept` to accept_close(). */
void accept_prepare(const struct accept *accept, struct vitals_bpf *vitals, bool in_socket);
int accept_attach(struct accept *accept, const struct vitals_bpf *vitals);

/* After the object could not be loaded or attached: whether the hook was to blame. */
bool accept_is_blamed(const struct accept *accept);

/* Tells a person who asked for details that the way failed. */
void accept_report(const struct accept *accept, int error);

/* After loading: says what comes of it where the kernel refuses each way that could have been chosen. */
void accept_report_none(const struct accept *accept);

/* Whether the kernel tells all that the hook misses. */
bool accept_counts(const struct accept *accept);

/* How many connections were accepted without being seen, as far as that is known; still there after accept_close(). */
uint64_t accept_missed(const struct accept *accept);

void accept_close(struct accept *accept);

#endif

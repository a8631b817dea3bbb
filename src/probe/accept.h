/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The accept hook: the program of bpf/track/accept_programs.bpf.h that sees which process accepts a connection. Chooses
 * the best one that the kernel admits.
 */
#ifndef TCPVITALS_PROBE_ACCEPT_H
#define TCPVITALS_PROBE_ACCEPT_H

#include "probe/probe.h"

#include <stdint.h>

struct vitals_bpf;

/* Returns whether the user asked for a hook by name. */
bool accept_is_demanded(const struct probe_wants *wants);

/*
 * Moves `accept` (all zeros: none tried yet) to the next best hook that the wants allow and that this kernel may admit.
 * The last choice is no hook, if the wants do not demand one. Returns 0, or a negative errno if no choice is left.
 */
int accept_next(struct accept *accept, const struct probe_wants *wants);

/*
 * accept_prepare() is for before `vitals` is loaded, accept_attach() for after. accept_attach() returns 0 or a negative
 * errno; call accept_close() afterwards.
 */
void accept_prepare(const struct accept *accept, struct vitals_bpf *vitals, bool in_socket);
int accept_attach(struct accept *accept, const struct vitals_bpf *vitals);

/* Returns whether the hook caused the failure, after the object could not be loaded or attached. */
bool accept_is_blamed(const struct accept *accept);

/* Reports on stderr that the hook failed, for -v. */
void accept_report(const struct accept *accept, int error);

/* Reports on stderr the effect if the kernel refuses every hook that was allowed. Call it after loading. */
void accept_report_none(const struct accept *accept);

/* Returns whether the kernel counts all accepts that the hook misses. */
bool accept_counts(const struct accept *accept);

/*
 * Returns the number of connections that were accepted unseen, as far as the kernel counts them. Valid after
 * accept_close(), too.
 */
uint64_t accept_missed(const struct accept *accept);

void accept_close(struct accept *accept);

#endif

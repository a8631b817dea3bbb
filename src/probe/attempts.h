/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The calls of connect() that fail before SYN_SENT, which no state shows. Counted with -v, where the kernel admits
 * fexit programs: two more programs make the start slower.
 */
#ifndef TCPVITALS_PROBE_ATTEMPTS_H
#define TCPVITALS_PROBE_ATTEMPTS_H

#include "probe/probe.h"

struct vitals_bpf;

/* Chooses the programs, before `vitals` is loaded. */
void attempts_prepare(const struct probe_wants *wants, struct vitals_bpf *vitals);

/* With -v, reports on stderr how many calls in scope have failed, or that they are not counted. */
void attempts_report(const struct probe *probe);

#endif

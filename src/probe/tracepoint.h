/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The object for kernels without BTF: transitions from the classic tracepoint. */
#ifndef TCPVITALS_PROBE_TRACEPOINT_H
#define TCPVITALS_PROBE_TRACEPOINT_H

#include "probe/probe.h"

/* Loads and attaches the object. Returns 0 or a negative errno. Call tracepoint_close() afterwards, in both cases. */
int tracepoint_open(struct probe *ret);
void tracepoint_stop(struct probe *probe); /* the program ignores events from then on */
void tracepoint_detach(struct probe *probe);
void tracepoint_close(struct probe *probe);

#endif

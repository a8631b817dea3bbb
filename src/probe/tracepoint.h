/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The object for kernels without BTF: transitions from the classic tracepoint. */
#ifndef TCPVITALS_PROBE_TRACEPOINT_H
#define TCPVITALS_PROBE_TRACEPOINT_H

#include "probe/probe.h"

/* 0 or a negative errno. `ret` must be given to tracepoint_close(). */
int tracepoint_open(struct probe *ret);
void tracepoint_stop(struct probe *probe); /* the program begins nothing from now on */
void tracepoint_detach(struct probe *probe);
void tracepoint_close(struct probe *probe);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One switch for all programs, for the beginning and the end of tracing. */
#ifndef TCPVITALS_BPF_TRACK_STOP_H
#define TCPVITALS_BPF_TRACK_STOP_H

#include "bpf/kernel.bpf.h"

/*
 * The kernel attaches one program after another, and each at the many places of its tracepoint. Meanwhile one
 * transition of a socket shows and the next one does not. To detach is the same. So user space lets the programs run
 * when all are attached, and stops them at the end. User space then waits until no program is under way
 * (probe/grace.h), and detaches.
 *
 * All transitions of a socket happen under its lock. When one transition finds the switch turned, all later ones do,
 * too: the record of a socket has no gap.
 *
 * Only the first element is used. The others keep data that CPUs write out of its cache line.
 */
volatile __u32 stopped[16] __attribute__((aligned(64))) = {};

/* Called at the beginning of each program that records or counts: three instructions. */
static __always_inline bool is_stopped(void)
{
	return stopped[0];
}

#endif

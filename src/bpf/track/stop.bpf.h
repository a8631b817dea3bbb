/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The beginning and the end of tracing: one switch for all programs. The kernel attaches one program after another, and
 * each at the many places of its tracepoint: while it does so, one transition of a socket shows and the next one does
 * not. Detaching is the same. So user space lets the programs run when all are attached, stops them at the end, waits
 * until none is under way (probe/grace.h), and then detaches.
 *
 * All transitions of a socket happen under its lock. One that finds the switch turned is followed by no other that does
 * not: what is recorded of a socket has no gap.
 */
#ifndef TCPVITALS_BPF_TRACK_STOP_H
#define TCPVITALS_BPF_TRACK_STOP_H

#include "bpf/kernel.bpf.h"

/* The first one counts. The others keep what CPUs write out of its cache line. */
volatile __u32 stopped[16] __attribute__((aligned(64))) = {};

/* Three instructions, at the beginning of each program that records or counts. */
static __always_inline bool is_stopped(void)
{
	return stopped[0];
}

#endif

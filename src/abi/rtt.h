/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kinds of samples, and what is counted about them. */
#ifndef TCPVITALS_ABI_RTT_H
#define TCPVITALS_ABI_RTT_H

#include "abi/types.h"

/* Kinds of samples (docs/accuracy.md). */
enum rtt_sample {
	RTT_SRTT,      /* the smoothed value at each received segment in ESTABLISHED */
	RTT_RTT,       /* each RTT measurement of the kernel, once */
	RTT_MIN,       /* the windowed minimum, once per connection, at its end */
	RTT_HANDSHAKE, /* SYN to SYN-ACK as client, SYN-ACK to ACK as server, once per connection */
};

/*
 * The groups with the lowest numbers, usually the busy ones, have a histogram on each CPU for samples of segments. This
 * takes 100 KiB on each CPU. CPUs that share a histogram wait for each other's cache line: 200 ns with two CPUs.
 */
#define RTT_GROUPS_PER_CPU 32

/*
 * Samples of one connection that wait for its owner (bpf/rtt/pending.bpf.h). Samples that still wait at the end of
 * tracing count in `group`.
 */
#define PENDING_SOCKETS 8192
#define PENDING_MAX     16

struct pending {
	__u32 group; /* the group's number + 1; ~0: out of scope */
	__u32 count;
	__u64 sum_us; /* sum_us and mdev_sum: as in struct histogram */
	__u64 mdev_sum;
	__u16 slots[PENDING_MAX]; /* slots of a histogram */
};

_Static_assert(sizeof(struct pending) == 56, "struct pending is a map's value");

/* Counters, which only grow. */
struct rtt_counters {
	/*
	 * srtt: segments before the first measurement; rtt: connections without SACK; min, handshake: connections
	 * without a measurement.
	 */
	__u64 unmeasured;
	/* Samples without memory for their socket's storage: not taken, or not assigned to their own group. */
	__u64 storage_full;
	/* Samples before an accept that found no room to wait, and the listener's owner is out of scope: not taken. */
	__u64 unheld;
};

#endif

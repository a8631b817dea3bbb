/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The counters of each group of connections for the exporter, and how a time is added to a histogram. */
#ifndef TCPVITALS_BPF_METRICS_GROUP_H
#define TCPVITALS_BPF_METRICS_GROUP_H

#include "bpf/kernel.bpf.h"

#include "abi/metrics.h"
#include "abi/time_histogram.h"
#include "bpf/track/classify.bpf.h"

/* The counters of the groups with the lowest numbers: on each CPU, so that CPUs do not share a cache line. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, METRICS_GROUPS_PER_CPU);
	__type(key, __u32);
	__type(value, struct group_metrics);
} group_metrics_per_cpu SEC(".maps");

/* The counters of the other groups, by number. Mappable: user space reads it without a system call. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct group_metrics);
} group_metrics SEC(".maps");

/* Returns the counters of a group, by its number. */
static __always_inline struct group_metrics *metrics_of(__u32 group)
{
	if (group < METRICS_GROUPS_PER_CPU)
		return bpf_map_lookup_elem(&group_metrics_per_cpu, &group);
	return bpf_map_lookup_elem(&group_metrics, &group);
}

/* Returns NULL if the connection is out of scope. */
static __always_inline struct group_metrics *metrics_of_connection(struct tcp_sock *tp, struct conn *conn)
{
	__u32 group = group_of(tp, conn, false);

	return group == GROUP_OUT ? NULL : metrics_of(group - 1);
}

/* All adds are atomic, although most counters are this CPU's: the second of two programs may interrupt the first. */
static __always_inline void metrics_add(__u64 *counter, __u64 more)
{
	if (more)
		__sync_fetch_and_add(counter, more);
}

static __always_inline void metrics_add_time(struct time_histogram *histogram, __u64 ns)
{
	__u32 slot = time_slot(ns);

	if (!histogram || slot >= TIME_SLOTS)
		return;
	__sync_fetch_and_add(&histogram->slots[slot], 1);
	__sync_fetch_and_add(&histogram->sum_ns, ns);
}

#endif

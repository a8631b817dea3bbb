/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts samples of round-trip times in the histograms of the exporter. */
#ifndef TCPVITALS_BPF_METRICS_RTT_H
#define TCPVITALS_BPF_METRICS_RTT_H

#include "bpf/kernel.bpf.h"

#include "abi/metrics.h"
#include "bpf/metrics/count.bpf.h"

/* RTTs of the groups with the lowest numbers. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, METRICS_GROUPS_PER_CPU);
	__type(key, __u32);
	__type(value, struct time_histogram);
} group_rtt SEC(".maps");

/* Returns the histogram of a group, by its number. */
static __always_inline struct time_histogram *metrics_rtt_of(__u32 group)
{
	struct group_metrics *metrics;

	if (group < METRICS_GROUPS_PER_CPU)
		return bpf_map_lookup_elem(&group_rtt, &group);
	metrics = bpf_map_lookup_elem(&group_metrics, &group);
	return metrics ? &metrics->rtt : NULL;
}

#endif

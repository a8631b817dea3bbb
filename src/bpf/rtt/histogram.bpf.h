/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcprtt's per-CPU histograms, and how a sample is added to a histogram. */
#ifndef TCPVITALS_BPF_RTT_HISTOGRAM_H
#define TCPVITALS_BPF_RTT_HISTOGRAM_H

#include "bpf/kernel.bpf.h"

#include "abi/histogram.h"
#include "abi/time_histogram.h"
#include "bpf/track/emit.bpf.h"

const volatile bool rtt_in_ms = false; /* ticks of 1/1024 ms rather than 1 us */
const volatile bool rtt_sums = false;  /* also collect the sums that means need */

/*
 * The histograms of each CPU. Without groups, each of the two programs has one, because one program may interrupt the
 * other. With groups, each of the first groups has one, for the program that sees segments. Adds are not atomic unless
 * a program may interrupt itself: since 6.1 (05b24ff9b2cf) the kernel skips and counts such a run.
 */
const volatile bool rtt_may_nest = true;

enum {
	HISTOGRAM_OF_SAMPLES,
	HISTOGRAM_OF_STATES,
	HISTOGRAMS
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HISTOGRAMS); /* RTT_GROUPS_PER_CPU with groups */
	__type(key, __u32);
	__type(value, struct histogram);
} histograms SEC(".maps");

/*
 * The histograms of the groups, by number: one for all CPUs, with atomic adds. A per-CPU histogram takes 3 KiB per
 * group and CPU, so only the first groups have one (`histograms`). Measured: the atomics cost less than the second hash
 * lookup that a map of histograms needs.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct histogram);
} group_histograms SEC(".maps");

static __always_inline __u32 histogram_slot(__u64 us)
{
	if (emits & EMIT_METRICS)
		return time_slot(us * 1000);
	return slot_of(rtt_in_ms ? us * 1024 / 1000 : us);
}

static __always_inline void histogram_add(struct histogram *histogram, bool atomically, __u64 us, __u64 mdev)
{
	__u32 slot = histogram_slot(us);

	if (slot >= SLOT_COUNT)
		return; /* never: for the verifier */
	if (atomically) {
		__sync_fetch_and_add(&histogram->slots[slot], 1);
		if (rtt_sums) {
			__sync_fetch_and_add(&histogram->sum_us, us);
			__sync_fetch_and_add(&histogram->mdev_sum, mdev);
		}
	} else {
		histogram->slots[slot]++;
		if (rtt_sums) {
			histogram->sum_us += us;
			histogram->mdev_sum += mdev;
		}
	}
}

#endif

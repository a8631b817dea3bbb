/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Samples of connections that no process was seen accepting yet. Where groups or scope depend on the owner, the samples
 * wait here for the owner: a request often arrives before its reader.
 */
#ifndef TCPVITALS_BPF_RTT_PENDING_H
#define TCPVITALS_BPF_RTT_PENDING_H

#include "bpf/kernel.bpf.h"

#include "abi/histogram.h"
#include "abi/metrics.h"
#include "abi/rtt.h"
#include "bpf/rtt/histogram.bpf.h"

/* Key: the socket's address. Allocated in advance: 1 MiB. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PENDING_SOCKETS);
	__type(key, __u64);
	__type(value, struct pending);
} pending_samples SEC(".maps");

/* An unused member of pending.slots: no slot of a histogram. */
#define PENDING_NO_SLOT 0xffff

static const struct pending pending_empty = {.slots = {[0 ... PENDING_MAX - 1] = PENDING_NO_SLOT}};

static __always_inline struct pending *pending_find(const void *sk)
{
	__u64 key = (__u64)(unsigned long)sk;

	return bpf_map_lookup_elem(&pending_samples, &key);
}

static __always_inline void pending_forget(const void *sk)
{
	__u64 key = (__u64)(unsigned long)sk;

	bpf_map_delete_elem(&pending_samples, &key);
}

/*
 * Adds a sample. Returns false when there is no room. `group`: the connection's group by its listener's owner, which
 * counts if no better owner is found. `is_first`: no sample waits yet, but an earlier socket at this address may have
 * left some.
 */
static __always_inline bool pending_add(const void *sk, bool is_first, __u32 group, __u64 us, __u64 mdev)
{
	__u64 key = (__u64)(unsigned long)sk;
	struct pending *pending;
	__u32 at;

	if (is_first)
		bpf_map_update_elem(&pending_samples, &key, &pending_empty, BPF_ANY);
	pending = bpf_map_lookup_elem(&pending_samples, &key);
	if (!pending)
		return false;
	at = pending->count;
	if (at >= PENDING_MAX)
		return false;
	pending->group = group;
	pending->sum_us += us;
	pending->mdev_sum += mdev;
	pending->count = at + 1;
	/* Last, because the verifier follows the code after this once for each size. */
	pending->slots[at] = histogram_slot(us);
	return true;
}

/* The loop goes through all slots, used or not: the verifier follows each exit of a loop with all later code. */
static __noinline void pending_add_up(struct histogram *histogram, const struct pending *pending)
{
	for (__u32 i = 0; i < PENDING_MAX; i++) {
		__u32 slot = pending->slots[i];

		if (slot < SLOT_COUNT)
			__sync_fetch_and_add(&histogram->slots[slot], 1);
	}
	if (rtt_sums) {
		__sync_fetch_and_add(&histogram->sum_us, pending->sum_us);
		__sync_fetch_and_add(&histogram->mdev_sum, pending->mdev_sum);
	}
}

/* Adds the waiting samples to `histogram`, which CPUs share. NULL: the connection is out of scope. */
static __always_inline void pending_release(const void *sk, struct histogram *histogram)
{
	struct pending *pending = pending_find(sk);

	if (!pending)
		return;
	if (histogram)
		pending_add_up(histogram, pending);
	pending_forget(sk);
}

/* Adds them to the RTTs of a group of the exporter. */
static __noinline void pending_add_up_metrics(struct time_histogram *histogram, const struct pending *pending)
{
	for (__u32 i = 0; i < PENDING_MAX; i++) {
		__u32 slot = pending->slots[i];

		if (slot < TIME_SLOTS)
			__sync_fetch_and_add(&histogram->slots[slot], 1);
	}
	__sync_fetch_and_add(&histogram->sum_ns, pending->sum_us * 1000);
}

static __always_inline void pending_release_metrics(const void *sk, struct group_metrics *group)
{
	struct pending *pending = pending_find(sk);

	if (!pending)
		return;
	if (group)
		pending_add_up_metrics(&group->rtt, pending);
	pending_forget(sk);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts transitions instead of emitting rows (--summary). */
#ifndef TCPVITALS_BPF_STATES_SUMMARY_H
#define TCPVITALS_BPF_STATES_SUMMARY_H

#include "bpf/kernel.bpf.h"

#include "abi/summary.h"
#include "abi/transition.h"
#include "bpf/track/losses.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1); /* SUMMARY_KINDS_MAX with --summary */
	__type(key, struct summary_kind);
	__type(value, struct summary);
} summaries SEC(".maps");

static const struct summary summary_empty = {};

static __always_inline struct summary *summary_of(const struct transition *t)
{
	struct summary_kind kind = {.oldstate = t->oldstate, .newstate = t->newstate};
	struct summary *summary = bpf_map_lookup_elem(&summaries, &kind);

	if (summary)
		return summary;
	bpf_map_update_elem(&summaries, &kind, &summary_empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&summaries, &kind);
}

/* Atomic, although each CPU has its own value: the second program may interrupt the first. */
static __always_inline void summary_count(const struct transition *t)
{
	bool known = t->duration_ns != DURATION_UNKNOWN && !(t->flags & TRANSITION_AT_LEAST);
	struct summary *summary = summary_of(t);
	__u64 us = t->duration_ns / 1000;
	__u32 slot = slot_of(us);

	if (!summary || slot >= SLOT_COUNT) {
		count(&losses.summary_full);
		return;
	}
	if (!known) {
		__sync_fetch_and_add(&summary->unknown, 1);
		return;
	}
	__sync_fetch_and_add(&summary->times.slots[slot], 1);
	__sync_fetch_and_add(&summary->times.sum_us, us);
}

#endif

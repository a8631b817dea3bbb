/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Passes from the first to the second of two programs on a hook that nothing is to be stored of an event. */
#ifndef TCPVITALS_BPF_STATES_IGNORED_EVENT_H
#define TCPVITALS_BPF_STATES_IGNORED_EVENT_H

#include "bpf/kernel.bpf.h"

#include "bpf/track/losses.bpf.h"
#include "bpf/track/scope.bpf.h"

/*
 * The last event that the first program judged to be out of scope, or showed without memory for its socket. The second
 * program runs right after the first on the same CPU. An event in between (in a softirq) overwrites the entry, and the
 * second program then judges again.
 */
struct ignored_event {
	__u64 sk;
	int oldstate;
	int newstate; /* 0: none */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ignored_event);
} ignored_event SEC(".maps");

static __always_inline struct ignored_event *ignored_event_slot(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&ignored_event, &zero);
}

static __always_inline void ignore_event(struct sock *sk, int oldstate, int newstate)
{
	struct ignored_event *last = ignored_event_slot();

	if (!last)
		return;
	last->sk = (__u64)(unsigned long)sk;
	last->oldstate = oldstate;
	last->newstate = newstate;
}

static __always_inline bool is_ignored_event(struct sock *sk, int oldstate, int newstate)
{
	bool may_be = scope.by_socket || scope_may_exclude_unknown() || losses.unstored;
	struct ignored_event *last = may_be ? ignored_event_slot() : NULL;

	if (!last || last->sk != (__u64)(unsigned long)sk || last->oldstate != oldstate || last->newstate != newstate)
		return false;
	last->newstate = 0;
	return true;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the first of two programs on a hook tells the second one that an event is of no interest (tcpstates.bpf.c). */
#ifndef TCPVITALS_BPF_PASSED_OVER_H
#define TCPVITALS_BPF_PASSED_OVER_H

#include "bpf/kernel.bpf.h"

#include "bpf/scope.bpf.h"

/*
 * What the first program has judged to be out of scope, for the second one, which runs right after it on the same CPU:
 * the last such event. One that comes in between (in a softirq) takes the place; then the second program judges again.
 */
struct passed_over {
	__u64 sk;
	int oldstate;
	int newstate; /* 0: none */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct passed_over);
} passed_over SEC(".maps");

static __always_inline struct passed_over *last_passed_over(void)
{
	__u32 zero = 0;

	return scope.by_socket || scope_is_choosy() ? bpf_map_lookup_elem(&passed_over, &zero) : NULL;
}

static __always_inline void pass_over(struct sock *sk, int oldstate, int newstate)
{
	struct passed_over *last = last_passed_over();

	if (!last)
		return;
	last->sk = (__u64)(unsigned long)sk;
	last->oldstate = oldstate;
	last->newstate = newstate;
}

static __always_inline bool was_passed_over(struct sock *sk, int oldstate, int newstate)
{
	struct passed_over *last = last_passed_over();

	if (!last || last->sk != (__u64)(unsigned long)sk || last->oldstate != oldstate || last->newstate != newstate)
		return false;
	last->newstate = 0;
	return true;
}

#endif

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Measures the time of all programs that run at a tracepoint between two programs of ours, as a histogram. The kernel
 * runs programs in the order in which they were attached.
 *
 * The kernel's own account has only the sum of all runs of a program. On an emulated CPU, which waits for a real one,
 * that sum is mostly waiting.
 */
#include "bpf/kernel.bpf.h"

#include "abi/histogram.h"

struct bracket {
	__u64 begun_ns;         /* 0: not between the two */
	struct histogram taken; /* slots of nanoseconds */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bracket);
} brackets SEC(".maps");

static __always_inline struct bracket *bracket_here(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&brackets, &key);
}

static __always_inline int begin(void)
{
	struct bracket *bracket = bracket_here();

	if (bracket)
		bracket->begun_ns = bpf_ktime_get_ns();
	return 0;
}

/* A bracket that another one on this CPU interrupts is left out. */
static __always_inline int end(void)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct bracket *bracket = bracket_here();
	__u32 slot;

	if (!bracket || !bracket->begun_ns)
		return 0;
	slot = slot_of(now_ns - bracket->begun_ns);
	bracket->begun_ns = 0;
	if (slot < SLOT_COUNT)
		bracket->taken.slots[slot]++;
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(begin_state, struct sock *sk, int oldstate, int newstate)
{
	return begin();
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(end_state, struct sock *sk, int oldstate, int newstate)
{
	return end();
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(begin_segment, struct sock *sk)
{
	return begin();
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(end_segment, struct sock *sk)
{
	return end();
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

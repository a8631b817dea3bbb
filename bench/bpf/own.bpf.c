// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Does about as much work at a transition as tcpstates does, with memory that CPUs do not share. The benchmark measures
 * how much longer any program takes when more CPUs run.
 */
#include "bpf/kernel.bpf.h"

#include "abi/transition.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct transition);
} records SEC(".maps");

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(own_state, struct sock *sk, int oldstate, int newstate)
{
	__u32 key = 0;
	struct transition *t = bpf_map_lookup_elem(&records, &key);

	if (!t)
		return 0;
	*t = (struct transition){.skaddr = (__u64)(unsigned long)sk, .oldstate = oldstate, .newstate = newstate};
	t->cookie = bpf_get_socket_cookie(sk);
	bpf_get_current_comm(t->owner.comm, sizeof(t->owner.comm));
	t->time_ns = bpf_ktime_get_ns();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

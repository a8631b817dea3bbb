// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Empty programs, for the cost of any program on a hook. bench/modes/rtt.py and programs.py subtract that cost. */
#include "bpf/kernel.bpf.h"

SEC("tp_btf/tcp_probe")
int BPF_PROG(empty, struct sock *sk)
{
	return 0;
}

SEC("fentry/tcp_rcv_established")
int BPF_PROG(empty_fentry, struct sock *sk)
{
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(empty_state, struct sock *sk, int oldstate, int newstate)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What any program on the hook costs: bench/rtt subtracts it. */
#include "bpf/kernel.bpf.h"

SEC("tp_btf/tcp_probe")
int BPF_PROG(empty, struct sock *sk)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

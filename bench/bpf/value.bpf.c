// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The least work that a sample can be: reads the value, which may be in no cache yet. */
#include "bpf/kernel.bpf.h"

#include "bpf/read/sock.bpf.h"

/* The next read depends on the value, as in a sample: the processor would go on without it. */
const volatile __u64 somewhere[16] = {};

SEC("tp_btf/tcp_probe")
int BPF_PROG(value_alone, struct sock *sk)
{
	(void)somewhere[sock_cast_to_tcp(sk)->srtt_us & 15];
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

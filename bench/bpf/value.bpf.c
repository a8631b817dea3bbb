// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a sample takes at the very least: a look at the value, which may be in no cache yet. */
#include "bpf/kernel.bpf.h"

#include "bpf/sock.bpf.h"

SEC("tp_btf/tcp_probe")
int BPF_PROG(value_alone, struct sock *sk)
{
	__u32 srtt = sock_cast_to_tcp(sk)->srtt_us;

	/* the processor goes on before it has it, unless something is made of it */
	if (srtt == ~0U)
		bpf_ktime_get_ns();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

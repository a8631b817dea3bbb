// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One empty program of each kind that the tools use, to find out whether the kernel accepts it. */
#include "bpf/kernel.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} sockets SEC(".maps");

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(btf_state, struct sock *sk, int oldstate, int newstate)
{
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(btf_storage, struct sock *sk, int oldstate, int newstate)
{
	bpf_sk_storage_get(&sockets, sk, 0, 0);
	return 0;
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(btf_probe, struct sock *sk)
{
	return 0;
}

SEC("fentry/tcp_rcv_established")
int BPF_PROG(fentry_segment, struct sock *sk)
{
	return 0;
}

SEC("fexit/inet_csk_accept")
int BPF_PROG(fexit_accept, struct sock *sk)
{
	return 0;
}

SEC("kprobe/tcp_rcv_established")
int kprobe_segment(void *ctx)
{
	return 0;
}

SEC("kretprobe/inet_csk_accept")
int kretprobe_accept(void *ctx)
{
	return 0;
}

SEC("tracepoint/sock/inet_sock_set_state")
int classic_state(void *ctx)
{
	return 0;
}

SEC("iter/task_file")
int iter_files(struct bpf_iter__task_file *ctx)
{
	return 0;
}

SEC("iter/tcp")
int iter_tcp(struct bpf_iter__tcp *ctx)
{
	return 0;
}

SEC("iter/bpf_sk_storage_map")
int iter_storage(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

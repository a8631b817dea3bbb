// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The work of libbpf-tools' tcprtt for a sample, on the hook of our tcprtt. One hash for all CPUs has an entry for each
 * key. Atomics update an entry; sum and count only with -e.
 *
 * The fentry program of libbpf-tools reads only the smoothed round-trip time, with a helper. The kprobe program of
 * libbpf-tools, and that of bcc, also read both addresses, even if unused.
 */
#include "bpf/kernel.bpf.h"

#define MAX_ENTRIES 10240
#define MAX_SLOTS   27

struct hist {
	__u64 latency;
	__u64 cnt;
	__u32 slots[MAX_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENTRIES);
	__type(key, __u64);
	__type(value, struct hist);
} hists SEC(".maps");

static const struct hist zero = {};

static __always_inline struct hist *hist_of(__u64 key)
{
	struct hist *hist = bpf_map_lookup_elem(&hists, &key);

	if (hist)
		return hist;
	bpf_map_update_elem(&hists, &key, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&hists, &key);
}

static __always_inline __u32 log2_of(__u32 value)
{
	__u32 shift, result;

	result = (value > 0xffff) << 4;
	value >>= result;
	shift = (value > 0xff) << 3;
	value >>= shift;
	result |= shift;
	shift = (value > 0xf) << 2;
	value >>= shift;
	result |= shift;
	shift = (value > 0x3) << 1;
	value >>= shift;
	result |= shift;
	return result | value >> 1;
}

static __always_inline void sample(struct sock *sk, __u64 key, bool extended)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	struct hist *hist = hist_of(key);
	__u32 srtt, slot;

	if (!hist)
		return;
	srtt = BPF_CORE_READ(tp, srtt_us) >> 3;
	slot = log2_of(srtt);
	if (slot >= MAX_SLOTS)
		slot = MAX_SLOTS - 1;
	__sync_fetch_and_add(&hist->slots[slot], 1);
	if (extended) {
		__sync_fetch_and_add(&hist->latency, srtt);
		__sync_fetch_and_add(&hist->cnt, 1);
	}
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(peers_all, struct sock *sk)
{
	sample(sk, 0, false);
	return 0;
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(peers_all_e, struct sock *sk)
{
	sample(sk, 0, true);
	return 0;
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(peers_raddr, struct sock *sk)
{
	sample(sk, sk->__sk_common.skc_daddr, false);
	return 0;
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(peers_all_kprobe, struct sock *sk)
{
	__u32 laddr = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	__u32 raddr = BPF_CORE_READ(sk, __sk_common.skc_daddr);

	/* as if both were compared with a filter */
	barrier_var(laddr);
	barrier_var(raddr);
	sample(sk, 0, false);
	return 0;
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(peers_raddr_kprobe, struct sock *sk)
{
	__u32 laddr = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	__u32 raddr = BPF_CORE_READ(sk, __sk_common.skc_daddr);

	barrier_var(laddr);
	sample(sk, raddr, false);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs that take samples. User space loads at most one of four that see segments. For the samples of a
 * connection's beginning or end it loads one of two that see transitions (sample_state_*). sample_state_* runs after
 * the programs of states/programs.bpf.h, and uses the struct conn that they have filled in.
 */
#ifndef TCPVITALS_BPF_RTT_PROGRAMS_H
#define TCPVITALS_BPF_RTT_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "bpf/read/sock.bpf.h"
#include "bpf/rtt/sample.bpf.h"
#include "bpf/track/stop.bpf.h"

SEC("tp_btf/tcp_probe")
int BPF_PROG(sample_cast, struct sock *sk)
{
	if (!is_stopped())
		on_segment(sk, sock_cast_to_tcp(sk));
	return 0;
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(sample_call, struct sock *sk)
{
	struct tcp_sock *tp = is_stopped() ? NULL : bpf_skc_to_tcp_sock(sk);

	if (tp)
		on_segment(sk, tp);
	return 0;
}

SEC("fentry/tcp_rcv_established")
int BPF_PROG(sample_fentry, struct sock *sk)
{
	struct tcp_sock *tp = is_stopped() ? NULL : bpf_skc_to_tcp_sock(sk);

	if (tp)
		on_segment(sk, tp);
	return 0;
}

/*
 * For the smoothed value only, and without a struct conn: socket storage needs a pointer that the kernel vouches for.
 */
SEC("kprobe/tcp_rcv_established")
int BPF_KPROBE(sample_kprobe, struct sock *sk)
{
	if (!is_stopped())
		take_smoothed((struct tcp_sock *)sk, NULL, true);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(sample_state_cast, struct sock *sk, int oldstate, int newstate)
{
	if (!is_stopped() && sock_as_tcp(sk)->SOCK_BASE.sk_protocol == IPPROTO_TCP_NUM)
		sample_on_state(sock_cast_to_tcp(sk), rtt_remembers ? conn_of(sk) : NULL, oldstate, newstate);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(sample_state_call, struct sock *sk, int oldstate, int newstate)
{
	struct tcp_sock *tp = is_stopped() ? NULL : bpf_skc_to_tcp_sock(sk);

	if (tp)
		sample_on_state(tp, rtt_remembers ? conn_of(sk) : NULL, oldstate, newstate);
	if (conn_hash_outlives_close && newstate == STATE_CLOSE)
		conn_hash_forget((__u64)(unsigned long)sk);
	return 0;
}

#endif

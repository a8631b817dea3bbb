/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs that track states. User space loads one of three sets: with socket storage and a cast, with socket
 * storage and a helper call, or with a hash.
 */
#ifndef TCPVITALS_BPF_STATES_PROGRAMS_H
#define TCPVITALS_BPF_STATES_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "bpf/read/sock.bpf.h"
#include "bpf/states/record.bpf.h"
#include "bpf/track/stop.bpf.h"

/*
 * Each set has two programs on the same hook. The kernel skips a program that interrupts itself on a CPU: a timer
 * inside the program, then a softirq that closes a connection. The second program runs right after the first. When the
 * kernel skipped the first, the second finds the state not advanced, and does the first one's work.
 */

/*
 * Counts a socket that is destroyed without a seen transition to CLOSE: the kernel destroys closed sockets only.
 * destroy_storage stands before the other programs, because programs are attached in this order: it must see the end of
 * each socket that they store.
 */
static __always_inline void check_missed_end(struct sock *sk, const struct conn *conn)
{
	struct transition t = {};
	struct tcp_sock *tp;

	if (!conn || !conn->state || conn->state == STATE_CLOSE || !conn->since_ns)
		return;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp && transition_read(&t, tp, conn->state, STATE_CLOSE) == SCOPE_IN && scope_admits_role(conn->role) &&
	    scope_admits_owner(&conn->owner))
		count(&losses.unclosed);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(destroy_storage, struct sock *sk)
{
	struct conn_place *place;
	struct conn *conn;

	if (is_stopped())
		return 0;
	place = conn_place_of(sk);
	conn = place ? &place->conn : bpf_sk_storage_get(&conn_storage, sk, NULL, 0);
	accept_forget(sk);
	if (conn && conn->state == STATE_LISTEN)
		listener_forget((__u64)(unsigned long)sk);
	check_missed_end(sk, conn);
	if (emits & EMIT_METRICS && conn)
		metrics_move(conn, 0);
	conn_place_leave(place);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state_cast, struct sock *sk, int oldstate, int newstate)
{
	if (!is_stopped() && sock_as_tcp(sk)->SOCK_BASE.sk_protocol == IPPROTO_TCP_NUM)
		record_event(sk, sock_cast_to_tcp(sk), oldstate, newstate, true);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state_storage, struct sock *sk, int oldstate, int newstate)
{
	struct tcp_sock *tp = is_stopped() ? NULL : bpf_skc_to_tcp_sock(sk);

	if (tp)
		record_event(sk, tp, oldstate, newstate, true);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state_hash, struct sock *sk, int oldstate, int newstate)
{
	struct tcp_sock *tp = is_stopped() ? NULL : bpf_skc_to_tcp_sock(sk);

	if (tp)
		record_event(sk, tp, oldstate, newstate, false);
	return 0;
}

/* Whether the first program has recorded the transition. */
static __always_inline bool is_recorded(struct sock *sk, int oldstate, int newstate)
{
	struct conn_place *place = conn_place_of(sk);
	struct conn *stored;

	if (place && transition_was_recorded(&place->conn, oldstate, newstate))
		return true;
	stored = bpf_sk_storage_get(&conn_storage, sk, NULL, 0);
	if (!stored || !transition_was_recorded(stored, oldstate, newstate))
		return false;
	/* At the same moment the seeding program has given the listener a place. */
	conn_place_leave(place);
	return true;
}

/* The cast also spares the verifier work (owner_leader_comm()). */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(recover_cast, struct sock *sk, int oldstate, int newstate)
{
	if (is_stopped() || is_ignored_event(sk, oldstate, newstate) || is_recorded(sk, oldstate, newstate))
		return 0;
	if (sock_as_tcp(sk)->SOCK_BASE.sk_protocol == IPPROTO_TCP_NUM)
		record_recovered(sk, sock_cast_to_tcp(sk), oldstate, newstate, true);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(recover_storage, struct sock *sk, int oldstate, int newstate)
{
	struct tcp_sock *tp;

	if (is_stopped() || is_ignored_event(sk, oldstate, newstate) || is_recorded(sk, oldstate, newstate))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp)
		record_recovered(sk, tp, oldstate, newstate, true);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(recover_hash, struct sock *sk, int oldstate, int newstate)
{
	struct tcp_sock *tp;
	struct conn *conn;

	if (is_stopped() || is_ignored_event(sk, oldstate, newstate))
		return 0;
	conn = conn_hash_find(sk);
	/* The hash forgets a socket at its CLOSE: a socket that is still there has missed it. */
	if (conn ? transition_was_recorded(conn, oldstate, newstate) : newstate == STATE_CLOSE)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp)
		record_recovered(sk, tp, oldstate, newstate, false);
	return 0;
}

/* Collects the mean RTT of whole connections, and counts zero windows. As for the other programs, the kernel has locked
 * the socket. */
SEC("tp_btf/tcp_probe")
int BPF_PROG(sample_rtt, struct sock *sk)
{
	struct tcp_sock *tp = is_stopped() ? NULL : bpf_skc_to_tcp_sock(sk);
	struct life *life = tp ? life_find(sk) : NULL;
	__u32 us = tp ? tp->srtt_us >> 3 : 0;

	if (!life)
		return 0;
	life_look_at_window(life, tp);
	if (!us)
		return 0;
	life->rtt_sum_us += us;
	life->rtt_samples++;
	return 0;
}

#endif

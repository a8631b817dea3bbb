// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcpstates on kernels with BTF. One of three ways is loaded: socket storage where the kernel has it, with a cast or a
 * helper call, else a hash.
 */
#include "bpf/kernel.bpf.h"

#include "bpf/accept.bpf.h"
#include "bpf/accept_programs.bpf.h"
#include "bpf/conn_hash.bpf.h"
#include "bpf/conn_table.bpf.h"
#include "bpf/iterator_programs.bpf.h"
#include "bpf/life.bpf.h"
#include "bpf/look.bpf.h"
#include "bpf/passed_over.bpf.h"
#include "bpf/sock.bpf.h"
#include "bpf/transition.bpf.h"

/*
 * Each way has two programs on the same hook. The kernel skips a program that interrupts itself on a CPU (a timer
 * inside it, then a softirq that closes a connection); the second one, which runs right after the first, finds the
 * state not advanced and does the first one's work.
 */

/*
 * Out of scope. A used socket begins a connection that will not be followed, or a child has a copy of its listener's
 * conn: what is stored is history then. And what was held back until the port is known need not be shown.
 */
static __always_inline void forget_state(struct sock *sk, int oldstate, int newstate)
{
	/* Before 6.15 a child's remote address comes after its birth. */
	bool was_held = oldstate == STATE_SYN_RECV ||
			(scope.by_lport && (oldstate == STATE_SYN_SENT || oldstate == STATE_LISTEN));
	struct conn *conn;

	if (!was_held && !owner_is_begin(oldstate, newstate) && !owner_is_birth(oldstate, newstate))
		return;
	conn = conn_find(sk);
	if (!conn)
		return;
	conn->since_ns = 0;
	conn->state = STATE_CLOSE; /* nobody waits for its end */
	transition_drop_held(conn);
}

/*
 * The kernel destroys closed sockets only. Out of scope is a child whose birth went unseen, too: in storage it still
 * has what its listener remembered. In front of the others, since programs are attached in this order: what these
 * remember is to be forgotten.
 */
static __always_inline void look_for_missed_end(struct sock *sk, const struct conn *conn)
{
	struct transition t = {};
	struct tcp_sock *tp;

	if (!conn || !conn->state || conn->state == STATE_CLOSE || !conn->since_ns)
		return;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp && look(&t, tp, conn->state, STATE_CLOSE) == SCOPE_IN && scope_admits_role(conn->role) &&
	    scope_admits_owner(&conn->owner))
		__sync_fetch_and_add(&losses.unclosed, 1);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(destroy_storage, struct sock *sk)
{
	struct conn_place *place = conn_place_of(sk);

	accept_forget(sk);
	look_for_missed_end(sk, place ? &place->conn : bpf_sk_storage_get(&conn_storage, sk, NULL, 0));
	conn_place_leave(place);
	return 0;
}

/* Whether nothing is remembered of the socket, and need not be. */
static __always_inline bool ignores(struct sock *sk, const struct transition *t, struct tcp_sock *tp)
{
	return scope_is_choosy() && !conn_find(sk) && !transition_is_worth(t, sock_context(t, tp));
}

/*
 * A function that the verifier looks at once, whatever memory `conn` is in: both programs, and all their ways, lead
 * here. It says at once how much stack it uses: where one way has come to a point with more of it than another, 6.18's
 * verifier may look for a value of the one on the other's ("verifier bug: stack slot 15, total slots 0").
 */
__noinline int record(struct conn *conn, struct transition *t, int verdict, int context)
{
	asm volatile("*(u64 *)(r10 - 192) = %0" ::"r"(verdict));
	if (conn && t)
		transition_record(conn, t, verdict, context);
	return 0;
}

static __always_inline void record_in_storage(struct sock *sk, struct tcp_sock *tp, int oldstate, int newstate)
{
	struct transition t;
	enum scope_verdict verdict = look(&t, tp, oldstate, newstate);
	struct conn *conn;

	if (verdict == SCOPE_OUT) {
		forget_state(sk, oldstate, newstate);
		pass_over(sk, oldstate, newstate);
		return;
	}
	if (ignores(sk, &t, tp)) {
		pass_over(sk, oldstate, newstate);
		return;
	}
	look_closer(&t, tp);
	conn = conn_make(sk, tp, &t);
	t.cookie = cookie_of(sk);
	if (conn) {
		conn->cookie = t.cookie;
		t.netns = netns_of(conn, tp);
		accept_take_owner(&conn->owner, &t);
		record(conn, &t, verdict, sock_context(&t, tp));
	} else {
		t.netns = sock_netns(tp, false);
		transition_record_unstored(&t, verdict);
	}
	if (transition_silent)
		life_follow(sk, tp, &t, verdict, conn);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state_cast, struct sock *sk, int oldstate, int newstate)
{
	if (sock_as_tcp(sk)->SOCK_BASE.sk_protocol == IPPROTO_TCP_NUM)
		record_in_storage(sk, sock_cast_to_tcp(sk), oldstate, newstate);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state_storage, struct sock *sk, int oldstate, int newstate)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (tp)
		record_in_storage(sk, tp, oldstate, newstate);
	return 0;
}

static __always_inline void recover_in_storage(struct sock *sk, struct tcp_sock *tp, int oldstate, int newstate)
{
	enum scope_verdict verdict;
	struct transition t;
	struct conn *conn;

	verdict = look(&t, tp, oldstate, newstate);
	if (verdict == SCOPE_OUT) {
		forget_state(sk, oldstate, newstate);
		return;
	}
	if (ignores(sk, &t, tp))
		return;
	conn = conn_find(sk);
	/* Once memory was short, a socket without storage may be one whose row the first program has shown without. */
	if (!conn && !losses.unstored)
		conn = conn_make(sk, tp, &t);
	if (!conn) {
		__sync_fetch_and_add(&losses.unrecovered, 1);
		return;
	}
	look_closer(&t, tp);
	t.cookie = cookie_of(sk);
	conn->cookie = t.cookie;
	t.netns = netns_of(conn, tp);
	accept_take_owner(&conn->owner, &t);
	__sync_fetch_and_add(&losses.recovered, 1);
	record(conn, &t, verdict, sock_context(&t, tp));
	conn->turned = 0;
	if (transition_silent)
		life_follow(sk, tp, &t, verdict, true);
}

/* Whether the first program has been here. */
static __always_inline bool is_recorded(struct sock *sk, int oldstate, int newstate)
{
	struct conn_place *place = conn_place_of(sk);
	struct conn *stored;

	if (place && transition_was_recorded(&place->conn, oldstate, newstate))
		return true;
	stored = bpf_sk_storage_get(&conn_storage, sk, NULL, 0);
	if (!stored || !transition_was_recorded(stored, oldstate, newstate))
		return false;
	/* In the same moment the seeding program has given the listener a place. */
	conn_place_leave(place);
	return true;
}

/* Cast, for the verifier's sake, too (owner_leader_comm()). */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(recover_cast, struct sock *sk, int oldstate, int newstate)
{
	if (was_passed_over(sk, oldstate, newstate) || is_recorded(sk, oldstate, newstate))
		return 0;
	if (sock_as_tcp(sk)->SOCK_BASE.sk_protocol == IPPROTO_TCP_NUM)
		recover_in_storage(sk, sock_cast_to_tcp(sk), oldstate, newstate);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(recover_storage, struct sock *sk, int oldstate, int newstate)
{
	struct tcp_sock *tp;

	if (was_passed_over(sk, oldstate, newstate) || is_recorded(sk, oldstate, newstate))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp)
		recover_in_storage(sk, tp, oldstate, newstate);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state_hash, struct sock *sk, int oldstate, int newstate)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct transition t;
	enum scope_verdict verdict;

	if (!tp)
		return 0;
	verdict = look(&t, tp, oldstate, newstate);
	if (verdict == SCOPE_OUT) {
		conn_hash_drop_held(&t);
		pass_over(sk, oldstate, newstate);
		return 0;
	}
	if (conn_hash_ignores(&t, sock_context(&t, tp))) {
		pass_over(sk, oldstate, newstate);
		return 0;
	}
	look_closer(&t, tp);
	/* 5.10 has no helper that would make one: 0 unless somebody asked for SO_COOKIE. */
	t.cookie = tp->SOCK_COMMON.skc_cookie.counter;
	t.netns = sock_netns(tp, false);
	conn_hash_record(&t, verdict, sock_context(&t, tp));
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(recover_hash, struct sock *sk, int oldstate, int newstate)
{
	__u64 key = (__u64)(unsigned long)sk;
	enum scope_verdict verdict;
	struct transition t;
	struct tcp_sock *tp;
	struct conn *conn;

	if (was_passed_over(sk, oldstate, newstate))
		return 0;
	conn = bpf_map_lookup_elem(&conn_hash, &key);
	/* The hash forgets a socket at its CLOSE: one that is still there has missed it. */
	if (conn ? transition_was_recorded(conn, oldstate, newstate) : newstate == STATE_CLOSE)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	verdict = look(&t, tp, oldstate, newstate);
	if (verdict == SCOPE_OUT || conn_hash_ignores(&t, sock_context(&t, tp)))
		return 0;
	/* Once the hash was full, room may have come since the first program has shown the row without. */
	if (!conn && losses.unstored) {
		__sync_fetch_and_add(&losses.unrecovered, 1);
		return 0;
	}
	look_closer(&t, tp);
	t.cookie = tp->SOCK_COMMON.skc_cookie.counter;
	t.netns = sock_netns(tp, false);
	conn_hash_recover(&t, verdict, sock_context(&t, tp));
	return 0;
}

/* For the mean RTT of whole connections. The kernel calls it with the socket locked, as it does the others. */
SEC("tp_btf/tcp_probe")
int BPF_PROG(sample_rtt, struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct life *life = tp ? bpf_sk_storage_get(&life_storage, sk, NULL, 0) : NULL;
	__u32 us = tp ? tp->srtt_us >> 3 : 0;

	if (!life || !us)
		return 0;
	life->rtt_sum_us += us;
	life->rtt_samples++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

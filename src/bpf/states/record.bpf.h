/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Handles a transition: reads the socket, finds its struct conn, records. For the first of two programs on the hook,
 * and for the second, when the kernel has skipped the first (states/programs.bpf.h).
 */
#ifndef TCPVITALS_BPF_STATES_RECORD_H
#define TCPVITALS_BPF_STATES_RECORD_H

#include "bpf/kernel.bpf.h"

#include "bpf/metrics/count.bpf.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/states/ignored_event.bpf.h"
#include "bpf/states/life.bpf.h"
#include "bpf/states/transition.bpf.h"
#include "bpf/states/transition_read.bpf.h"
#include "bpf/track/accept.bpf.h"
#include "bpf/track/conn_any.bpf.h"
#include "bpf/track/listener.bpf.h"
#include "bpf/track/listener_queue.bpf.h"
#include "bpf/track/mptcp.bpf.h"

/*
 * Finds or makes the struct conn. `in_socket`, a constant: the value of conn_in_socket. Only a constant helps where
 * 5.10 refuses a call even in code that is never reached.
 */
static __always_inline struct conn *record_make(struct sock *sk, struct tcp_sock *tp, const struct transition *t,
						bool in_socket)
{
	struct conn *conn;

	if (in_socket)
		return conn_make(sk, tp, t);
	conn = conn_hash_make(t);
	if (conn && state_is_birth(t->oldstate, t->newstate))
		listener_inherit(conn, tp);
	return conn;
}

/*
 * Forgets a socket that is out of scope. When such a socket begins a connection, the stored data is of an earlier one.
 * A row that was held until its port is known need not be shown.
 */
static __always_inline void record_forget(struct sock *sk, int oldstate, int newstate)
{
	/* Before 6.15 a child gets its remote address after its birth. */
	bool was_held = oldstate == STATE_SYN_RECV ||
			(scope.by_lport && (oldstate == STATE_SYN_SENT || oldstate == STATE_LISTEN));
	struct conn *conn;

	if (!was_held && !state_is_begin(oldstate, newstate))
		return;
	conn = conn_of(sk);
	if (!conn)
		return;
	transition_drop_held(conn);
	conn->since_ns = 0;
	conn->state = STATE_CLOSE; /* check_missed_end() expects no end */
	if (!conn_in_socket)
		conn_hash_forget((__u64)(unsigned long)sk);
}

static __always_inline enum sock_context context_of(const struct transition *t, struct tcp_sock *tp)
{
	return owner_is_walker() ? CONTEXT_ANY : sock_context_of(t, tp);
}

/* Whether the socket has no struct conn and needs none. */
static __always_inline bool record_ignores(struct sock *sk, const struct transition *t, struct tcp_sock *tp)
{
	return scope_may_exclude_unknown() && !conn_of(sk) && !transition_needs_conn(t, context_of(t, tp));
}

/*
 * A global function: the verifier verifies it once, whatever memory `conn` is in. All paths of both programs call it.
 *
 * The function claims its stack at once. Two paths may reach a point with different amounts of stack in use. 6.18's
 * verifier may then look for a value of one path on the stack of the other ("verifier bug: stack slot 15, total slots
 * 0").
 */
__noinline int record_transition(struct conn *conn, struct transition *t, int verdict, int context)
{
	asm volatile("*(u64 *)(r10 - 192) = %0" ::"r"(verdict));
	if (conn && t)
		transition_record(conn, t, verdict, context);
	return 0;
}

/* Records a transition that is in scope. `conn` is NULL when there is no memory. */
static __always_inline void record_known(struct sock *sk, struct tcp_sock *tp, struct transition *t, struct conn *conn,
					 enum scope_verdict verdict, bool in_socket)
{
	/* 5.10 has no helper that makes a cookie: 0 unless a process has asked for SO_COOKIE. */
	t->cookie = in_socket ? cookie_of(sk) : tp->SOCK_COMMON.skc_cookie.counter;
	if (conn) {
		conn->cookie = t->cookie;
		t->netns = netns_of(conn, tp);
		accept_take_owner(conn, t);
		accept_check(conn, tp);
		if (listener_queues_count() && t->newstate == STATE_LISTEN &&
		    listener_queue_begin(tp, t->time_ns, t->cookie))
			count(&losses.storage_full);
		mptcp_follow(conn, tp, t);
		/* Before 5.13 a global function takes no pointer. */
		if (in_socket)
			record_transition(conn, t, verdict, context_of(t, tp));
		else
			transition_record(conn, t, verdict, context_of(t, tp));
	} else {
		t->netns = sock_netns(tp, false);
		transition_record_unstored(t, verdict);
		ignore_event(sk, t->oldstate, t->newstate);
	}
	if (emits & EMIT_CONNECTIONS && in_socket)
		life_follow(sk, tp, t, verdict, conn);
	if (emits & EMIT_METRICS && in_socket && conn)
		metrics_follow(sk, tp, t, conn,
			       verdict == SCOPE_IN &&
				       scope_admits_row(t, cause_of_connection(t->cause, t->oldstate), conn->role));
	if (!in_socket && t->newstate == STATE_CLOSE && !conn_hash_outlives_close)
		conn_hash_forget(t->skaddr);
}

/*
 * Counts a birth at the listener. First of all: a listener may be in scope although its children are not, by their own
 * addresses.
 */
static __always_inline void record_birth(struct tcp_sock *tp, int oldstate, int newstate)
{
	if (listener_queues_count() && state_is_birth(oldstate, newstate))
		listener_queue_count(listener_of(tp));
}

/* The work of the first program. */
static __always_inline void record_event(struct sock *sk, struct tcp_sock *tp, int oldstate, int newstate,
					 bool in_socket)
{
	enum scope_verdict verdict;
	struct transition t;

	record_birth(tp, oldstate, newstate);
	verdict = transition_read(&t, tp, oldstate, newstate);
	if (verdict == SCOPE_OUT)
		record_forget(sk, oldstate, newstate);
	if (verdict == SCOPE_OUT || record_ignores(sk, &t, tp)) {
		ignore_event(sk, oldstate, newstate);
		return;
	}
	transition_read_rest(&t, tp);
	record_known(sk, tp, &t, record_make(sk, tp, &t, in_socket), verdict, in_socket);
}

/* The work of the second program, when the kernel has skipped the first. */
static __always_inline void record_recovered(struct sock *sk, struct tcp_sock *tp, int oldstate, int newstate,
					     bool in_socket)
{
	enum scope_verdict verdict;
	struct transition t;
	struct conn *conn;

	record_birth(tp, oldstate, newstate);
	verdict = transition_read(&t, tp, oldstate, newstate);
	if (verdict == SCOPE_OUT)
		record_forget(sk, oldstate, newstate);
	if (verdict == SCOPE_OUT || record_ignores(sk, &t, tp))
		return;
	transition_read_rest(&t, tp);
	conn = record_make(sk, tp, &t, in_socket);
	if (!conn) {
		count(&losses.unrecovered);
		return;
	}
	count(&losses.recovered);
	record_known(sk, tp, &t, conn, verdict, in_socket);
	conn->self_transition = 0;
}

#endif

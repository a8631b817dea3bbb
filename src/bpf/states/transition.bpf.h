/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a transition does to what is remembered of its socket, and the rows that come of it. All transitions of one
 * socket happen under its lock, so nothing here needs to be atomic.
 */
#ifndef TCPVITALS_BPF_STATES_TRANSITION_H
#define TCPVITALS_BPF_STATES_TRANSITION_H

#include "bpf/kernel.bpf.h"

#include "abi/emit.h"
#include "abi/transition.h"
#include "bpf/states/ring.bpf.h"
#include "bpf/states/summary.bpf.h"
#include "bpf/track/conn.bpf.h"
#include "bpf/track/listener.bpf.h"
#include "bpf/track/losses.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/process.bpf.h"
#include "bpf/track/scope.bpf.h"

/* In since_ns, whose nanoseconds are even: the state is older than that, it was found then. */
#define SINCE_AT_LEAST 1ULL

/*
 * The seeding program has found the socket. It does not hold its lock: what a transition has told already stays.
 * `atomically`, a constant: 5.10 refuses an atomic exchange; there a transition in the same moment may be overwritten,
 * and the next one's duration is a lower bound.
 */
static __always_inline void transition_seed(struct conn *conn, bool atomically)
{
	__u64 now_ns = bpf_ktime_get_ns();

	if (atomically)
		__sync_val_compare_and_swap(&conn->since_ns, 0, now_ns | SINCE_AT_LEAST);
	else if (!conn->since_ns)
		conn->since_ns = now_ns | SINCE_AT_LEAST;
	if (!conn->owned_ns)
		conn->owned_ns = now_ns;
}

/* Whether since_ns is about the old state: else a transition was missed. A child was never in its listener's state. */
static __always_inline bool transition_knows_since(__u64 since_ns, __u8 state, const struct transition *t)
{
	if (!since_ns || state_is_birth(t->oldstate, t->newstate))
		return false;
	return state == t->oldstate || (!state && since_ns & SINCE_AT_LEAST);
}

/* A transition that nobody saw. What the scope had no interest in (since_ns is 0 then) is none. */
static __always_inline bool transition_is_gap(const struct conn *conn, const struct transition *t)
{
	return conn->state && conn->state != t->oldstate && conn->since_ns && !state_is_birth(t->oldstate, t->newstate);
}

/* The time in the old state; then the clock of the new one starts. A transition to itself lets the clock run on. */
static __always_inline void transition_advance(struct conn *conn, struct transition *t)
{
	__u64 since_ns = *(volatile __u64 *)&conn->since_ns; /* once: the seeding program may be at work */
	bool known = transition_knows_since(since_ns, conn->state, t);

	if (!(t->flags & TRANSITION_TIMED)) {
		t->duration_ns = DURATION_UNKNOWN;
		if (known)
			t->duration_ns = t->time_ns > since_ns ? t->time_ns - (since_ns & ~SINCE_AT_LEAST) : 0;
		/* That state goes on without a socket. */
		if (known && (since_ns & SINCE_AT_LEAST || t->cause == CAUSE_FIN_WAIT2_ORPHAN))
			t->flags |= TRANSITION_AT_LEAST;
	}
	conn->turned = t->oldstate == t->newstate;
	if (!conn->turned)
		*(volatile __u64 *)&conn->since_ns = t->time_ns & ~SINCE_AT_LEAST;
	else if (!known)
		*(volatile __u64 *)&conn->since_ns = 0;
	/* Last: a look reads it first (stuck.bpf.h). */
	*(volatile __u8 *)&conn->state = t->newstate;
}

/* enum emit */
const volatile __u32 emits = 0;

static __always_inline bool emits_transitions(void)
{
	return emits & (EMIT_ROWS | EMIT_COUNTS);
}

static __always_inline void transition_emit(const struct transition *t, __u8 role)
{
	struct transition *record;
	void *ring;

	if (!emits_transitions() || !scope_admits_row(t, t->cause, role))
		return;
	if (emits & EMIT_COUNTS)
		summary_count(t);
	if (!(emits & EMIT_ROWS))
		return;
	ring = ring_here();
	record = ring_reserve(ring, sizeof(*record));
	if (!record)
		return;
	*record = *t;
	ring_submit(ring, record);
}

/* The row before `t`, with the addresses that are known now. */
static __always_inline void transition_emit_held(struct conn *conn, const struct transition *t)
{
	struct transition held = *t;

	held.time_ns = conn->since_ns;
	held.duration_ns = conn->held_ns;
	held.cause = CAUSE_NONE;
	held.flags = 0;
	held.syn_retrans = SYN_RETRANS_NONE;
	held.oldstate = conn->held_old;
	held.newstate = conn->state;
	owner_copy(&held.owner, &conn->owner);
	held.conn_seq = conn->conn_seq;
	transition_emit(&held, conn->role);
}

static __always_inline void transition_drop_held(struct conn *conn)
{
	if (conn->held)
		__sync_fetch_and_add(&losses.held, -1);
	conn->held = 0;
}

/* `t` is the first transition after the held one, unless one between them was missed: it may be another connection's.
 */
static __always_inline void transition_settle_held(struct conn *conn, const struct transition *t,
						   enum scope_verdict verdict)
{
	if (!conn->held)
		return;
	if (state_is_begin(t->oldstate, t->newstate))
		count(&losses.held_lost);
	else if (verdict == SCOPE_IN)
		transition_emit_held(conn, t);
	transition_drop_held(conn);
}

/*
 * For a scope that is choosy (scope_needs_row()), and a socket of which nothing is remembered: whether something ought
 * to be from now on. A listener, or a connection that has just come in, may be accepted by any process and user.
 */
static __noinline bool transition_is_worth(const struct transition *t, enum sock_context context)
{
	__u8 role = scope_role(t, ROLE_UNKNOWN);
	struct owner owner = {};

	/* Its role shows at its beginning only: one that is out has to be known, unless unknown ones are out, too. */
	if (!scope_admits_role(role))
		return scope_admits_role(ROLE_UNKNOWN);
	/* SYN_RECV: its birth went unseen. */
	if (t->newstate == STATE_LISTEN || state_is_birth(t->oldstate, t->newstate) || t->oldstate == STATE_SYN_RECV)
		return true;
	if (!scope_admits_uid(t->uid))
		return false;
	if (scope_admits_unknown_owner())
		return true;
	owner_transition(&owner, t->oldstate, t->newstate, context);
	return scope_admits_owner(&owner);
}

/* A listener's owner is kept for its children. */
static __always_inline void transition_note_listener(const struct conn *conn, const struct transition *t)
{
	if (t->newstate == STATE_LISTEN)
		listener_store(t->skaddr, &conn->owner, t->cookie);
	else if (t->oldstate == STATE_LISTEN && !state_is_birth(t->oldstate, t->newstate))
		listener_forget(t->skaddr);
}

/* `t` has everything that the socket itself tells; owner, duration and sequence come from here. */
static __always_inline void transition_record(struct conn *conn, struct transition *t, enum scope_verdict verdict,
					      enum sock_context context)
{
	transition_settle_held(conn, t, verdict);
	if (state_is_begin(t->oldstate, t->newstate))
		conn_begin(conn);
	if (transition_is_gap(conn, t) && scope_admits_owner(&conn->owner))
		count(&losses.gaps);
	process_refresh_name(conn);
	if (!conn->borrowed)
		owner_transition(&conn->owner, t->oldstate, t->newstate, context);
	conn->owner_turn++;
	if (state_is_birth(t->oldstate, t->newstate) || state_is_begin(t->oldstate, t->newstate) ||
	    context == CONTEXT_PROCESS)
		conn->owned_ns = t->time_ns;
	transition_note_listener(conn, t);
	transition_advance(conn, t);
	owner_copy(&t->owner, &conn->owner);
	t->conn_seq = conn->conn_seq;
	t->mptcp_token = conn->mptcp_token;
	if (scope.roles)
		conn->role = scope_role(t, conn->role);

	if (verdict == SCOPE_IN) {
		transition_emit(t, conn->role);
	} else if (verdict == SCOPE_HOLD && emits_transitions() && scope_admits_row(t, t->cause, conn->role)) {
		conn->held = 1;
		count(&losses.held);
		conn->held_old = t->oldstate;
		conn->held_ns = t->duration_ns;
	}
}

/* For the second program: whether the first one has been here. */
static __always_inline bool transition_was_recorded(struct conn *conn, int oldstate, int newstate)
{
	bool turned = conn->turned;

	if (oldstate != newstate)
		return conn->state == newstate;
	conn->turned = 0;
	return turned;
}

/* No memory for a struct conn: the row is shown without what only that could tell. */
static __always_inline void transition_record_unstored(struct transition *t, enum scope_verdict verdict)
{
	count(&losses.unstored);
	if (!(t->flags & TRANSITION_TIMED))
		t->duration_ns = DURATION_UNKNOWN;
	/* Without rows of its own, once for a connection. */
	if (emits_transitions() || state_is_birth(t->oldstate, t->newstate) || state_is_begin(t->oldstate, t->newstate))
		scope_count_unremembered();
	if (!emits_transitions())
		return;
	if (verdict == SCOPE_IN || (verdict == SCOPE_HOLD && state_is_birth(t->oldstate, t->newstate)))
		transition_emit(t, scope_role(t, ROLE_UNKNOWN));
	else if (verdict == SCOPE_HOLD)
		count(&losses.held); /* for good: nothing will know of it when the port does */
}

#endif

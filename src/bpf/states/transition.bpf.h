/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Applies a transition to the struct conn of its socket, and emits the rows. All transitions of one socket happen under
 * its lock, so they need no atomic access among themselves.
 */
#ifndef TCPVITALS_BPF_STATES_TRANSITION_H
#define TCPVITALS_BPF_STATES_TRANSITION_H

#include "bpf/kernel.bpf.h"

#include "abi/transition.h"
#include "bpf/states/ring.bpf.h"
#include "bpf/states/summary.bpf.h"
#include "bpf/track/conn.bpf.h"
#include "bpf/track/emit.bpf.h"
#include "bpf/track/listener.bpf.h"
#include "bpf/track/losses.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/process.bpf.h"
#include "bpf/track/scope.bpf.h"

/* A bit of since_ns, which is even otherwise: the state is older than since_ns, when it was found. */
#define SINCE_AT_LEAST 1ULL

/*
 * The time of an event, even like since_ns. If it were not, a row's time and the since_ns that is kept of it could be
 * 1 ns apart, and sometimes be shown as two microseconds.
 */
static __always_inline __u64 transition_now(void)
{
	return bpf_ktime_get_ns() & ~SINCE_AT_LEAST;
}

/*
 * The seeding program has found the socket, without its lock: data that a transition has stored stays.
 *
 * `atomically`, a constant: 5.10 refuses an atomic exchange. There, a transition at the same moment may be overwritten,
 * and the duration of the next one is a lower bound.
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

/*
 * Whether since_ns is about the old state; if not, a transition was missed. A child was never in its listener's state.
 */
static __always_inline bool transition_knows_since(__u64 since_ns, __u8 state, const struct transition *t)
{
	if (!since_ns || state_is_birth(t->oldstate, t->newstate))
		return false;
	return state == t->oldstate || (!state && since_ns & SINCE_AT_LEAST);
}

/* Whether a transition before `t` was missed. A transition that was out of scope is none: since_ns is 0 then. */
static __always_inline bool transition_is_gap(const struct conn *conn, const struct transition *t)
{
	return conn->state && conn->state != t->oldstate && conn->since_ns && !state_is_birth(t->oldstate, t->newstate);
}

/*
 * Computes the time in the old state, then starts the clock of the new one. A transition to the same state lets the
 * clock run on.
 */
static __always_inline void transition_advance(struct conn *conn, struct transition *t)
{
	__u64 since_ns = *(volatile __u64 *)&conn->since_ns; /* read once: the seeding program may write it */
	bool known = transition_knows_since(since_ns, conn->state, t);

	if (!(t->flags & TRANSITION_TIMED)) {
		t->duration_ns = DURATION_UNKNOWN;
		if (known)
			t->duration_ns = t->time_ns > since_ns ? t->time_ns - (since_ns & ~SINCE_AT_LEAST) : 0;
		/* FIN_WAIT2 goes on without a socket. */
		if (known && (since_ns & SINCE_AT_LEAST || t->cause == CAUSE_FIN_WAIT2_ORPHAN))
			t->flags |= TRANSITION_AT_LEAST;
	}
	conn->self_transition = t->oldstate == t->newstate;
	if (!conn->self_transition)
		*(volatile __u64 *)&conn->since_ns = t->time_ns;
	else if (!known)
		*(volatile __u64 *)&conn->since_ns = 0;
	/* Last: a scan reads it first (stuck.bpf.h). */
	*(volatile __u8 *)&conn->state = t->newstate;
}

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

/* Emits the held row, the one before `t`, with the addresses that are known now. */
static __always_inline void transition_emit_held(struct conn *conn, const struct transition *t)
{
	struct transition held = *t;

	held.time_ns = conn->since_ns;
	held.duration_ns = conn->held_duration_ns;
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

/*
 * Emits or drops the held row. `t` is the first transition after the held one, unless one between them was missed: then
 * `t` may belong to another connection.
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
 * Whether a socket without a struct conn needs one from now on, for a scope with scope_may_exclude_unknown(). Any
 * process and user may accept a connection of a listener, or a connection that has just arrived.
 */
static __noinline bool transition_needs_conn(const struct transition *t, enum sock_context context)
{
	__u8 role = scope_role(t, ROLE_UNKNOWN);
	struct owner owner = {};

	/*
	 * The role shows only at the beginning. An excluded role must be stored, unless the scope excludes unknown
	 * roles, too.
	 */
	if (!scope_admits_role(role))
		return scope_admits_role(ROLE_UNKNOWN);
	/* SYN_RECV: the birth of the connection went unseen. */
	if (t->newstate == STATE_LISTEN || state_is_birth(t->oldstate, t->newstate) || t->oldstate == STATE_SYN_RECV)
		return true;
	if (!scope_admits_uid(t->uid))
		return false;
	if (scope_admits_unknown_owner())
		return true;
	owner_transition(&owner, t->oldstate, t->newstate, context);
	return scope_admits_owner(&owner);
}

/* Stores a listener's owner for its children, until the listener ends. */
static __always_inline void transition_note_listener(const struct conn *conn, const struct transition *t)
{
	if (t->newstate == STATE_LISTEN)
		listener_store(t->skaddr, &conn->owner, t->cookie);
	else if (t->oldstate == STATE_LISTEN && !state_is_birth(t->oldstate, t->newstate))
		listener_forget(t->skaddr);
}

/* Records a transition. `t` has all fields of the socket; owner, duration and conn_seq are filled in here. */
static __always_inline void transition_record(struct conn *conn, struct transition *t, enum scope_verdict verdict,
					      enum sock_context context)
{
	transition_settle_held(conn, t, verdict);
	if (state_is_begin(t->oldstate, t->newstate))
		conn_begin(conn);
	if (transition_is_gap(conn, t) && scope_admits_owner(&conn->owner))
		count(&losses.gaps);
	/* The listener's process lives: listener_inherit(). */
	if (state_is_birth(t->oldstate, t->newstate))
		conn->owned_ns = t->time_ns;
	process_refresh_name(conn);
	if (!conn->borrowed)
		owner_transition(&conn->owner, t->oldstate, t->newstate, context);
	conn->owner_turn++;
	if (state_is_begin(t->oldstate, t->newstate) || context == CONTEXT_PROCESS)
		conn->owned_ns = t->time_ns;
	transition_note_listener(conn, t);
	transition_advance(conn, t);
	owner_copy(&t->owner, &conn->owner);
	t->conn_seq = conn->conn_seq;
	t->mptcp_token = conn->mptcp_token;
	if (tracks_roles)
		conn->role = scope_role(t, conn->role);

	if (verdict == SCOPE_IN) {
		transition_emit(t, conn->role);
	} else if (verdict == SCOPE_HOLD && emits_transitions() && scope_admits_row(t, t->cause, conn->role)) {
		conn->held = 1;
		count(&losses.held);
		conn->held_old = t->oldstate;
		conn->held_duration_ns = t->duration_ns;
	}
}

/* For the second program: whether the first program has recorded the transition. */
static __always_inline bool transition_was_recorded(struct conn *conn, int oldstate, int newstate)
{
	bool self_transition = conn->self_transition;

	if (oldstate != newstate)
		return conn->state == newstate;
	conn->self_transition = 0;
	return self_transition;
}

/* Emits a row when there is no memory for a struct conn: the row has no data from a struct conn. */
static __always_inline void transition_record_unstored(struct transition *t, enum scope_verdict verdict)
{
	count(&losses.unstored);
	if (!(t->flags & TRANSITION_TIMED))
		t->duration_ns = DURATION_UNKNOWN;
	/* Without rows, counted once for each connection. */
	if (emits_transitions() || state_is_birth(t->oldstate, t->newstate) || state_is_begin(t->oldstate, t->newstate))
		scope_count_unremembered();
	if (!emits_transitions())
		return;
	if (verdict == SCOPE_IN || (verdict == SCOPE_HOLD && state_is_birth(t->oldstate, t->newstate)))
		transition_emit(t, scope_role(t, ROLE_UNKNOWN));
	else if (verdict == SCOPE_HOLD)
		count(&losses.held); /* never less again: without a struct conn, no row waits for the port */
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is remembered of a socket between two of its transitions, and what a transition does to it. All transitions of
 * one socket happen under its lock, so nothing here needs to be atomic.
 */
#ifndef TCPVITALS_BPF_CONN_H
#define TCPVITALS_BPF_CONN_H

#include "bpf/kernel.bpf.h"

#include "abi/tcp_state.h"
#include "abi/transition.h"
#include "bpf/owner.bpf.h"
#include "bpf/ring.bpf.h"
#include "bpf/scope.bpf.h"

/* One per socket, counted against net.core.optmem_max: keep it small. */
struct conn {
	__u64 since_ns; /* when `state` was entered, 0 when unknown */
	__u64 held_ns;  /* the held row's duration */
	struct owner owner;
	__u32 conn_seq;
	__u8 state;    /* 0 when none has been seen yet */
	__u8 held;     /* the last row has not been shown: its addresses were not known */
	__u8 held_old; /* the held row's old state; its new one is `state` */
	__u8 pad;
};

/* How far the current task can be trusted to be the owner. */
enum conn_context {
	CONTEXT_ANY,     /* whoever the CPU happened to run */
	CONTEXT_PROCESS, /* the process that is using the socket */
};

static __always_inline bool conn_is_birth(const struct transition *t)
{
	return t->oldstate == STATE_LISTEN && t->newstate == STATE_SYN_RECV;
}

static __always_inline void conn_update_owner(struct conn *conn, const struct transition *t, enum conn_context context)
{
	if (conn_is_birth(t)) {
		/* It is a clone of the listener's, or new. */
		owner_inherit(&conn->owner);
		conn->conn_seq = 0;
	} else if (t->oldstate == STATE_CLOSE && (t->newstate == STATE_SYN_SENT || t->newstate == STATE_LISTEN)) {
		owner_begin(&conn->owner, t->newstate == STATE_LISTEN ? OWNER_LISTEN : OWNER_CONNECT);
		if (conn->state)
			conn->conn_seq++;
	} else if (context == CONTEXT_PROCESS) {
		owner_use(&conn->owner);
	}
}

/* The time in the old state; then the clock of the new one starts. A transition to itself lets the clock run on. */
static __always_inline __u64 conn_advance(struct conn *conn, const struct transition *t)
{
	/* A state that is not the one last seen: a transition was missed. A child was never in its listener's state. */
	bool known = conn->since_ns && conn->state == t->oldstate && !conn_is_birth(t);
	__u64 duration = known ? t->time_ns - conn->since_ns : DURATION_UNKNOWN;

	if (t->oldstate != t->newstate)
		conn->since_ns = t->time_ns;
	else if (!known)
		conn->since_ns = 0;
	conn->state = t->newstate;
	return duration;
}

static __always_inline void conn_emit(const struct transition *t)
{
	struct transition *record = ring_reserve(sizeof(*record));

	if (!record)
		return;
	*record = *t;
	ring_submit(record);
}

/* The row before `t`, with the addresses that are known now. */
static __always_inline void conn_emit_held(const struct conn *conn, const struct transition *t)
{
	struct transition held = *t;

	held.time_ns = conn->since_ns;
	held.duration_ns = conn->held_ns;
	held.oldstate = conn->held_old;
	held.newstate = conn->state;
	held.owner = conn->owner;
	held.conn_seq = conn->conn_seq;
	conn_emit(&held);
}

/* `t` has everything that the socket itself tells; owner, duration and sequence come from here. */
static __always_inline void conn_transition(struct conn *conn, struct transition *t, enum scope_verdict verdict,
					    enum conn_context context)
{
	if (conn->held && verdict == SCOPE_IN && conn->state == t->oldstate && !conn_is_birth(t))
		conn_emit_held(conn, t);
	conn->held = 0;

	conn_update_owner(conn, t, context);
	t->duration_ns = conn_advance(conn, t);
	t->owner = conn->owner;
	t->conn_seq = conn->conn_seq;

	if (verdict == SCOPE_IN) {
		conn_emit(t);
	} else if (verdict == SCOPE_HOLD) {
		conn->held = 1;
		conn->held_old = t->oldstate;
		conn->held_ns = t->duration_ns;
	}
}

/* No memory for a struct conn: the row is shown without what only that could tell. */
static __always_inline void conn_transition_unstored(struct transition *t, enum scope_verdict verdict)
{
	__sync_fetch_and_add(&losses.storage_full, 1);
	t->duration_ns = DURATION_UNKNOWN;
	if (verdict == SCOPE_IN || (verdict == SCOPE_HOLD && conn_is_birth(t)))
		conn_emit(t);
}

#endif

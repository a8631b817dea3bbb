/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Collects data of a connection while it lives, and emits the record at its end (tcpstates -c). */
#ifndef TCPVITALS_BPF_STATES_LIFE_H
#define TCPVITALS_BPF_STATES_LIFE_H

#include "bpf/kernel.bpf.h"

#include "abi/connection.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/states/connection.bpf.h"
#include "bpf/states/ring.bpf.h"
#include "bpf/states/transition.bpf.h"
#include "bpf/track/conn_table.bpf.h"
#include "bpf/track/emit.bpf.h"
#include "bpf/track/losses.bpf.h"
#include "bpf/track/scope.bpf.h"

/* For sockets that have a place in conn_table. Key: the number of that place. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 << CONN_TABLE_BITS);
	__type(key, __u32);
	__type(value, struct life);
} life_table SEC(".maps");

/* For other sockets: socket storage beside conn_storage. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct life);
} life_storage SEC(".maps");

/* Returns NULL when the socket has no struct life. */
static __always_inline struct life *life_find(struct sock *sk)
{
	struct life *life = conn_beside_place(&life_table, sk);

	return life ? life : bpf_sk_storage_get(&life_storage, sk, NULL, 0);
}

/* Finds or makes the socket's struct life; NULL: no memory. */
static __always_inline struct life *life_make(struct sock *sk)
{
	struct life *life = conn_beside_place(&life_table, sk);

	return life ? life : sock_storage_make(&life_storage, sk);
}

/* The seeding programs have found the socket: its RTT samples have a place from now on. */
static __always_inline void life_seed(struct sock *sk)
{
	if (emits & EMIT_CONNECTIONS && sock_as_tcp(sk)->SOCK_COMMON.skc_state != STATE_LISTEN)
		sock_storage_make(&life_storage, sk);
}

static __always_inline void life_begin(struct life *life, const struct transition *t, struct tcp_sock *tp)
{
	bool is_child = state_is_birth(t->oldstate, t->newstate);

	__builtin_memset(life, 0, sizeof(*life));
	if (!is_child)
		connection_read_base(&life->base, tp);
	life->start_ns = t->time_ns;
	life->syn_retrans = SYN_RETRANS_NONE;
	life->role = is_child ? ROLE_SERVER : ROLE_CLIENT;
}

/* Adds a transition, whose duration is computed. */
static __always_inline void life_add(struct life *life, const struct transition *t)
{
	bool known = t->duration_ns != DURATION_UNKNOWN;

	if (!life->start_ns && known) {
		life->start_ns = t->time_ns - t->duration_ns;
		life->is_old = 1;
	}
	/* After a transition to the same state, the clock runs on: its duration is the time so far. */
	if (known && t->oldstate != t->newstate && t->oldstate < CONNECTION_STATES)
		life->in_state_ns[t->oldstate] += t->duration_ns;
	if (t->syn_retrans != SYN_RETRANS_NONE)
		life->syn_retrans = t->syn_retrans;
}

static const struct life life_unknown = {};

/* `life` is NULL when there is no memory for it. */
static __always_inline void life_emit(const struct life *life, const struct transition *t, struct tcp_sock *tp)
{
	void *ring = ring_here();
	struct connection *record = ring_reserve(ring, sizeof(*record));

	if (!record)
		return;
	record->end = *t;
	record->life = life ? *life : life_unknown;
	connection_read(record, tp);
	ring_submit(ring, record);
}

/* A segment arrives. The kernel takes the window from it after this look. */
static __always_inline void life_look_at_window(struct life *life, struct tcp_sock *tp)
{
	bool closed = !tp->snd_wnd;

	life->zero_windows += closed && !life->window_closed;
	life->window_closed = closed;
}

/*
 * Follows a connection through a complete transition: with a struct conn, duration and owner are known, too. A
 * listener's own transitions belong to no connection. Not inlined: Linux 6.1 allows a program and all functions that
 * are called at one moment 512 bytes of stack.
 */
static __noinline int life_follow(struct sock *sk, struct tcp_sock *tp, const struct transition *t,
				  enum scope_verdict verdict, struct conn *conn)
{
	bool begins = state_is_birth(t->oldstate, t->newstate) || state_is_begin(t->oldstate, t->newstate);
	struct life *life;

	if (t->newstate == STATE_LISTEN || (t->oldstate == STATE_LISTEN && !begins))
		return 0;
	if (t->oldstate == STATE_CLOSE && t->newstate == STATE_CLOSE)
		return 0; /* ss -K closes a listener twice */
	life = life_make(sk);
	if (begins) {
		if (life)
			life_begin(life, t, tp);
		if (conn)
			conn->life_missed = !life;
		return 0;
	}
	if (life && conn && life->role == ROLE_UNKNOWN)
		life->role = conn->role; /* its listener was found at the start */
	if (life)
		life_add(life, t);
	/* The last segment in ESTABLISHED has not been looked at yet. */
	if (life && t->oldstate == STATE_ESTABLISHED)
		life_look_at_window(life, tp);
	if (t->newstate != STATE_CLOSE)
		return 0;
	if (verdict == SCOPE_IN &&
	    scope_admits_row(t, cause_of_connection(t->cause, t->oldstate), life ? life->role : ROLE_UNKNOWN)) {
		/* Without a struct conn, the connection was counted when it began. */
		if (conn && (!life || conn->life_missed))
			count(&losses.storage_full);
		life_emit(life, t, tp);
	}
	if (life)
		life->start_ns = 0; /* the socket may begin another connection */
	return 0;
}

#endif

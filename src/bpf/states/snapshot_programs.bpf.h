/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads all open connections at one moment. User space reads the records from the iterator itself. */
#ifndef TCPVITALS_BPF_STATES_SNAPSHOT_PROGRAMS_H
#define TCPVITALS_BPF_STATES_SNAPSHOT_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "abi/connection.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/states/connection.bpf.h"
#include "bpf/states/life.bpf.h"
#include "bpf/states/transition.bpf.h"
#include "bpf/states/transition_read.bpf.h"
#include "bpf/track/conn_any.bpf.h"
#include "bpf/track/scope.bpf.h"

/* A record is too large for the stack. One iterator runs at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct connection);
} snapshot_record SEC(".maps");

/* The time in the state so far, and what a transition would have of the socket's struct conn. */
static __always_inline void snapshot_read_conn(struct transition *t, struct conn *conn)
{
	__u64 since_ns = conn->since_ns;

	transition_read_conn(t, conn);
	if (!since_ns || (conn->state && conn->state != t->newstate))
		return;
	t->duration_ns = t->time_ns > since_ns ? t->time_ns - (since_ns & ~SINCE_AT_LEAST) : 0;
	if (since_ns & SINCE_AT_LEAST)
		t->flags |= TRANSITION_AT_LEAST;
}

/* Returns whether there is one. */
static __always_inline bool snapshot_copy_life(struct life *life, struct sock *sk)
{
	struct life *known = emits & EMIT_CONNECTIONS ? life_find(sk) : NULL;

	*life = known ? *known : life_unknown;
	return known;
}

/* Adds the state that the connection is in: as if it left it now. */
static __always_inline void snapshot_add_state(struct life *life, bool known, const struct transition *t)
{
	bool timed = t->duration_ns != DURATION_UNKNOWN;

	if (known && !life->start_ns && timed) {
		life->start_ns = t->time_ns - t->duration_ns;
		life->is_old = 1;
		life->syn_retrans = SYN_RETRANS_NONE;
	}
	if (timed && t->newstate < CONNECTION_STATES)
		life->in_state_ns[t->newstate] += t->duration_ns;
}

/*
 * Visits all sockets of a network namespace. Since 6.5 the kernel has locked the socket. Before, a transition may run
 * meanwhile: it writes struct conn, then struct life. They are read in the other order, so that no state counts twice.
 */
SEC("iter/tcp")
int take_snapshot(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct tcp_sock *tp = common ? bpf_skc_to_tcp_sock(common) : NULL;
	struct sock *sk = (struct sock *)tp;
	struct connection *record;
	struct transition t;
	struct conn *conn;
	__u32 zero = 0;
	bool has_life;
	__u8 state;

	if (!tp)
		return 0;
	owner_note_walker();
	state = tp->SOCK_COMMON.skc_state;
	barrier_var(state); /* read once */
	if (state == STATE_CLOSE || state == STATE_LISTEN || transition_read(&t, tp, state, state) != SCOPE_IN)
		return 0;
	t.time_ns = transition_now();
	t.duration_ns = DURATION_UNKNOWN;
	t.flags = TRANSITION_SCAN;
	t.syn_retrans = SYN_RETRANS_NONE;
	record = bpf_map_lookup_elem(&snapshot_record, &zero);
	if (!record)
		return 0;
	has_life = snapshot_copy_life(&record->life, sk);
	barrier();
	conn = conn_find(sk);
	if (conn) {
		snapshot_read_conn(&t, conn);
		if (record->life.role == ROLE_UNKNOWN)
			record->life.role = conn->role;
	}
	snapshot_add_state(&record->life, has_life, &t);
	if (!scope_admits_row(&t, CAUSE_NONE, record->life.role))
		return 0;
	t.cookie = cookie_of(sk);
	t.netns = sock_netns(tp, false);
	record->end = t;
	connection_read(record, tp);
	bpf_seq_write(ctx->meta->seq, record, sizeof(*record));
	return 0;
}

#endif

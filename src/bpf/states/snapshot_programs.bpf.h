/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads all open connections and listeners at one moment. User space reads the records from the iterator itself. */
#ifndef TCPVITALS_BPF_STATES_SNAPSHOT_PROGRAMS_H
#define TCPVITALS_BPF_STATES_SNAPSHOT_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "abi/snapshot.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/states/transition.bpf.h"
#include "bpf/states/transition_read.bpf.h"
#include "bpf/track/conn_any.bpf.h"
#include "bpf/track/process.bpf.h"
#include "bpf/track/scope.bpf.h"

static __always_inline void snapshot_read_socket(struct snapshot *record, struct tcp_sock *tp)
{
	record->bytes_sent = tp->bytes_sent;
	record->bytes_acked = tp->bytes_acked;
	record->bytes_received = tp->bytes_received;
	record->segs_out = tp->segs_out;
	record->segs_in = tp->segs_in;
	record->retransmits = tp->total_retrans;
	record->srtt_us = tp->srtt_us >> 3;
	record->recv_queue = tp->rcv_nxt - tp->copied_seq;
	record->send_queue = tp->write_seq - tp->snd_una;
}

static __always_inline void snapshot_read_listener(struct snapshot *record, struct tcp_sock *tp)
{
	record->recv_queue = tp->SOCK_BASE.sk_ack_backlog;
	record->send_queue = tp->SOCK_BASE.sk_max_ack_backlog;
}

static __always_inline void snapshot_read_conn(struct snapshot *record, struct conn *conn, __u8 state)
{
	__u64 since_ns = conn->since_ns;

	record->role = conn->role;
	record->conn_seq = conn->conn_seq;
	if (conn->state && conn->state != state)
		return;
	record->since_ns = since_ns & ~SINCE_AT_LEAST;
	record->flags = since_ns & SINCE_AT_LEAST ? SNAPSHOT_SINCE_AT_LEAST : 0;
}

/* Visits all sockets of a network namespace. */
SEC("iter/tcp")
int take_snapshot(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct tcp_sock *tp = common ? bpf_skc_to_tcp_sock(common) : NULL;
	struct sock *sk = (struct sock *)tp;
	struct snapshot record = {};
	struct transition t;
	struct conn *conn;
	__u8 state;

	if (!tp)
		return 0;
	owner_note_walker();
	state = tp->SOCK_COMMON.skc_state;
	barrier_var(state); /* read once */
	if (state == STATE_CLOSE || transition_read(&t, tp, state, state) != SCOPE_IN)
		return 0;
	conn = conn_find(sk);
	if (conn) {
		owner_copy(&t.owner, &conn->owner);
		if (process_names_show)
			process_apply_name(&t.owner, conn->owned_ns);
		snapshot_read_conn(&record, conn, state);
	}
	if (!scope_admits_row(&t, CAUSE_NONE, record.role))
		return 0;
	record.time_ns = bpf_ktime_get_ns();
	record.cookie = cookie_of(sk);
	record.owner = t.owner;
	__builtin_memcpy(record.laddr, t.laddr, sizeof(record.laddr));
	__builtin_memcpy(record.raddr, t.raddr, sizeof(record.raddr));
	record.netns = sock_netns(tp, false);
	record.ifindex = t.ifindex;
	record.lport = t.lport;
	record.rport = t.rport;
	record.ip_version = t.ip_version;
	record.state = state;
	if (state == STATE_LISTEN)
		snapshot_read_listener(&record, tp);
	else
		snapshot_read_socket(&record, tp);
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

#endif

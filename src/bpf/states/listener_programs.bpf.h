/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads all listeners at one moment. User space reads the records from the iterator itself. */
#ifndef TCPVITALS_BPF_STATES_LISTENER_PROGRAMS_H
#define TCPVITALS_BPF_STATES_LISTENER_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "abi/listener.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/read/syn_cookies.bpf.h"
#include "bpf/states/transition.bpf.h"
#include "bpf/states/transition_read.bpf.h"
#include "bpf/track/conn_hash.bpf.h"
#include "bpf/track/conn_table.bpf.h"
#include "bpf/track/listener.bpf.h"
#include "bpf/track/listener_queue.bpf.h"
#include "bpf/track/process.bpf.h"
#include "bpf/track/scope.bpf.h"
#include "bpf/track/tick.bpf.h"

static const struct listener_record no_listener = {};

/* The owner of a listener that found no room in `listeners` is that of its struct conn, if it has one. */
static __always_inline void take_owner(struct owner *ret, struct tcp_sock *tp, bool in_socket)
{
	struct known_listener *known = listener_copy_owner(ret, (__u64)(unsigned long)tp);
	struct conn *conn;

	if (known) {
		if (process_names_show)
			process_apply_name(ret, known->identity);
		return;
	}
	conn = in_socket ? conn_find((struct sock *)tp) : conn_hash_find(tp);
	if (!conn)
		return;
	owner_copy(ret, &conn->owner);
	if (process_names_show)
		process_apply_name(ret, conn->owned_ns);
}

/* Whether the listener is in scope. `t` has its fields and its owner. */
static __always_inline bool take_admits(const struct transition *t)
{
	if (scope_admits_row(t, CAUSE_NONE, ROLE_SERVER))
		return true;
	/* A command has begun all its listeners, in sight of the programs. */
	if (!scope.tree.tgid && scope_cannot_judge(t, ROLE_SERVER))
		listener_walk.unjudged++;
	return false;
}

/* Returns false if the listener began after the moment of the walk. */
static __always_inline bool take_queue(struct listener_record *record, struct tcp_sock *tp)
{
	struct listener_queue *queue = listener_queue_visit(tp, record->socket.cookie);

	if (queue && queue->since_ns > listener_walk.time_ns)
		return false;
	record->backlog = tp->SOCK_BASE.sk_ack_backlog;
	record->limit = tp->SOCK_BASE.sk_max_ack_backlog;
	record->drops = tp->SOCK_BASE.sk_drops.counter;
	record->syn_recv = tp->inet_conn.icsk_accept_queue.qlen.counter;
	record->syn_cookies = syn_cookies_allowed(tp);
	record->syn_cookie_age_ns = syn_cookie_age_ns(tp, tick_ns);
	if (!queue)
		return true;
	record->since_ns = queue->since_ns;
	record->queued = queue->queued;
	record->backlog_before = queue->backlog;
	record->drops_before = queue->drops;
	record->highest = listener_queue_take_highest(queue, record->backlog);
	return true;
}

/*
 * The kernel visits listeners first. Each other socket makes an empty record: so the read ends soon, and user space
 * reads no further (probe/snapshot.c).
 */
static __always_inline void take_listener(struct bpf_iter__tcp *ctx, bool in_socket)
{
	struct sock_common *common = ctx->sk_common;
	struct listener_record record = {};
	struct tcp_sock *tp;
	__u8 state;

	if (!common)
		return;
	owner_note_walker();
	state = common->skc_state;
	barrier_var(state); /* read once */
	if (state != STATE_LISTEN) {
		if (state != STATE_CLOSE)
			bpf_seq_write(ctx->meta->seq, &no_listener, sizeof(no_listener));
		return;
	}
	tp = bpf_skc_to_tcp_sock(common);
	if (!tp || transition_read(&record.socket, tp, STATE_LISTEN, STATE_LISTEN) != SCOPE_IN)
		return;
	record.socket.time_ns = listener_walk.time_ns;
	record.socket.duration_ns = DURATION_UNKNOWN;
	record.socket.flags = TRANSITION_SCAN;
	record.socket.syn_retrans = SYN_RETRANS_NONE;
	take_owner(&record.socket.owner, tp, in_socket);
	if (!take_admits(&record.socket))
		return;
	record.socket.cookie = in_socket ? cookie_of((struct sock *)tp) : tp->SOCK_COMMON.skc_cookie.counter;
	record.socket.netns = sock_netns(tp, false);
	if (take_queue(&record, tp))
		bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
}

/* Visits the listeners of a network namespace. */
SEC("iter/tcp")
int take_listeners(struct bpf_iter__tcp *ctx)
{
	take_listener(ctx, true);
	return 0;
}

/* The same for kernels without socket storage. */
SEC("iter/tcp")
int take_listeners_hash(struct bpf_iter__tcp *ctx)
{
	take_listener(ctx, false);
	return 0;
}

#endif

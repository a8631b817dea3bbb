/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs of the exporter: retransmissions, resets, and the walk through all sockets. */
#ifndef TCPVITALS_BPF_METRICS_PROGRAMS_H
#define TCPVITALS_BPF_METRICS_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "abi/metrics.h"
#include "abi/stuck.h"
#include "bpf/metrics/count.bpf.h"
#include "bpf/metrics/group.bpf.h"
#include "bpf/metrics/listeners.bpf.h"
#include "bpf/metrics/meter.bpf.h"
#include "bpf/read/retransmission.bpf.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/track/classify.bpf.h"
#include "bpf/track/scope.bpf.h"
#include "bpf/track/stop.bpf.h"

/* A listener has no remote address: where groups depend on that, it has none. */
static __always_inline struct group_metrics *group_of_socket(struct sock *sk, struct tcp_sock *tp)
{
	if (tp->SOCK_COMMON.skc_state == STATE_LISTEN && classify_fields & GROUP_FIELD_ADDRESSES && !is_scoped)
		return metrics_of(GROUP_OTHER);
	return metrics_of_connection(tp, conn_find(sk));
}

static __always_inline void count_retransmitted(struct sock *sk, const struct sk_buff *skb)
{
	struct tcp_sock *tp = is_stopped() ? NULL : bpf_skc_to_tcp_sock(sk);
	struct group_metrics *group = tp ? group_of_socket(sk, tp) : NULL;
	__u32 kind;

	if (!group)
		return;
	kind = retransmission_kind(tp);
	if (kind == RETRANSMISSION_SYN)
		__sync_fetch_and_add(&group->syn_retransmitted, 1);
	else if (kind == RETRANSMISSION_SYN_ACK)
		__sync_fetch_and_add(&group->syn_ack_retransmitted, 1);
	else if (kind < RETRANSMISSIONS)
		__sync_fetch_and_add(&group->retransmitted[kind], retransmission_segments(skb));
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(count_retransmission, struct sock *sk, struct sk_buff *skb)
{
	count_retransmitted(sk, skb);
	return 0;
}

/* Since 6.17 (ad892e912b84): the tracepoint also fires for a retransmission that the kernel could not make. */
SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(count_retransmission_err, struct sock *sk, struct sk_buff *skb, int err)
{
	if (!err)
		count_retransmitted(sk, skb);
	return 0;
}

SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(count_syn_ack, struct sock *sk)
{
	struct tcp_sock *tp = is_stopped() ? NULL : bpf_skc_to_tcp_sock(sk);
	struct group_metrics *group = tp ? group_of_socket(sk, tp) : NULL;

	if (group)
		__sync_fetch_and_add(&group->syn_ack_retransmitted, 1);
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(count_reset_received, struct sock *sk)
{
	struct tcp_sock *tp = is_stopped() ? NULL : bpf_skc_to_tcp_sock(sk);
	struct group_metrics *group = tp ? group_of_socket(sk, tp) : NULL;

	if (group)
		__sync_fetch_and_add(&group->resets_received, 1);
	return 0;
}

/*
 * A reset may have no socket, as an answer to a segment that belongs to no connection; or a small one, in TIME_WAIT.
 * Such resets have no group.
 */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(count_reset_sent, struct sock *sk)
{
	struct tcp_sock *tp = is_stopped() || !sk ? NULL : bpf_skc_to_tcp_sock(sk);
	struct group_metrics *group;

	if (is_stopped())
		return 0;
	if (tp)
		group = group_of_socket(sk, tp);
	else
		group = is_scoped ? NULL : metrics_of(GROUP_OTHER);
	if (group)
		__sync_fetch_and_add(&group->resets_sent, 1);
	return 0;
}

const volatile struct stuck_settings metrics_stuck = {};

struct metrics_walk walk = {};

/* Sockets between two bytes of a walk: some milliseconds. */
#define WALK_STEP 2048

static __always_inline void walk_note_port(__u16 port)
{
	walk.local_ports[(port >> 6) & 1023] |= 1ULL << (port & 63);
}

/* A full socket. All its members are stable: the iterator holds its lock. */
static __always_inline void walk_visit(struct sock *sk, struct tcp_sock *tp, __u8 state)
{
	struct conn *conn = conn_find(sk);
	__u64 now_ns = walk.time_ns;
	struct group_metrics *group;
	struct meter *meter;

	if (state == STATE_CLOSE)
		return;
	if (!conn) {
		walk.unremembered += stranger_is_in_scope(tp);
		return;
	}
	/* A listener makes no group. */
	group = state != STATE_LISTEN || is_scoped ? metrics_of_connection(tp, conn) : NULL;
	if (!group && (state != STATE_LISTEN || is_scoped))
		return;
	/* Older than the tool. */
	if (!conn->counted)
		metrics_move(conn, state);
	if (state == STATE_LISTEN) {
		listeners_add(tp, conn, walk.number);
		return;
	}
	if (!group)
		return;
	/* A socket older than the tool has no stored state before its first transition. */
	if (metrics_stuck.states >> (state & 15) & 1 && (!conn->state || conn->state == state) && conn->since_ns &&
	    now_ns > conn->since_ns + metrics_stuck.longer_ns)
		walk.stuck[state & (METRICS_STATES - 1)]++;
	meter = meter_find(sk);
	if (meter) {
		meter_count(meter, tp, group, bpf_ktime_get_ns());
		return;
	}
	meter = meter_make(sk);
	if (meter)
		meter_begin_older(meter, tp, state, now_ns);
	else
		count(&losses.storage_full);
}

/*
 * Visits all sockets of a network namespace. User space runs it once for each. In between it writes a byte, which has
 * no meaning: it ends a read() of one byte, so that a long walk keeps nothing else waiting.
 */
SEC("iter/tcp")
int walk_metrics(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct tcp_sock *tp;
	__u8 state;

	if (!common)
		return 0;
	owner_note_walker();
	if (++walk.visited % WALK_STEP == 0)
		bpf_seq_write(ctx->meta->seq, &walk.visited, 1);
	state = common->skc_state;
	walk_note_port(common->skc_num);
	if (state == STATE_TIME_WAIT || state == STATE_NEW_SYN_RECV) {
		walk.minor[state & (METRICS_STATES - 1)]++;
		return 0;
	}
	tp = bpf_skc_to_tcp_sock(common);
	if (tp)
		walk_visit((struct sock *)tp, tp, state);
	return 0;
}

#endif

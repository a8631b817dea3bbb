/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Emits a record for each segment that the kernel sends again (tcpstates --retransmits). */
#ifndef TCPVITALS_BPF_STATES_RETRANSMISSION_PROGRAMS_H
#define TCPVITALS_BPF_STATES_RETRANSMISSION_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "abi/retransmission.h"
#include "bpf/read/retransmission.bpf.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/states/ring.bpf.h"
#include "bpf/states/transition.bpf.h"
#include "bpf/states/transition_read.bpf.h"
#include "bpf/track/accept.bpf.h"
#include "bpf/track/conn_any.bpf.h"
#include "bpf/track/listener.bpf.h"
#include "bpf/track/netns.bpf.h"
#include "bpf/track/process.bpf.h"
#include "bpf/track/scope.bpf.h"
#include "bpf/track/stop.bpf.h"

/* Emits the record if its socket is in scope, of which the addresses have been judged. Completes `socket`. */
static __always_inline void retransmission_emit(struct retransmission *found, struct tcp_sock *tp, __u8 role)
{
	struct transition *t = &found->socket;
	struct retransmission *record;
	void *ring;

	t->flags = TRANSITION_SCAN;
	t->syn_retrans = SYN_RETRANS_NONE;
	t->duration_ns = DURATION_UNKNOWN;
	if (!scope_admits_row(t, CAUSE_NONE, role))
		return;
	t->time_ns = transition_now();
	t->netns = sock_netns(tp, false);
	ring = ring_here();
	record = ring_reserve(ring, sizeof(*record));
	if (!record)
		return;
	*record = *found;
	ring_submit(ring, record);
}

/*
 * Reads the owner of a connection, and returns its role. The caller has locked the socket; without a struct conn the
 * owner is unknown.
 */
static __always_inline __u8 retransmission_read_conn(struct transition *t, struct sock *sk)
{
	struct conn *conn = conn_of(sk);

	if (!conn)
		return scope_role(t, ROLE_UNKNOWN);
	accept_claim(conn, (__u64)(unsigned long)sk);
	transition_read_conn(t, conn);
	return scope_role(t, conn->role);
}

/* Reads a socket of a connection, and its part of the record. Returns whether it is in scope by itself. */
static __always_inline bool retransmission_read(struct retransmission *found, struct sock *sk, struct tcp_sock *tp)
{
	__u8 state = tp->SOCK_COMMON.skc_state;

	barrier_var(state); /* read once */
	if (transition_read(&found->socket, tp, state, state) != SCOPE_IN)
		return false;
	/* 5.10 has no helper that makes a cookie. */
	found->socket.cookie = conn_in_socket ? cookie_of(sk) : tp->SOCK_COMMON.skc_cookie.counter;
	found->total = tp->total_retrans;
	return true;
}

static __always_inline void retransmission_of_segment(struct sock *sk, const struct sk_buff *skb)
{
	struct tcp_sock *tp = is_stopped() ? NULL : bpf_skc_to_tcp_sock(sk);
	struct retransmission found = {};
	__u32 kind;

	if (!tp || !retransmission_read(&found, sk, tp))
		return;
	kind = retransmission_kind(tp);
	found.kind = retransmission_kind_is_sure(tp, kind) ? kind : RETRANSMISSION_UNKNOWN;
	found.seq = retransmission_seq(skb);
	found.bytes = skb->len;
	found.segments = retransmission_segments(skb);
	retransmission_emit(&found, tp, retransmission_read_conn(&found.socket, sk));
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(emit_retransmission, struct sock *sk, struct sk_buff *skb)
{
	retransmission_of_segment(sk, skb);
	return 0;
}

/* Since 6.17 (ad892e912b84): the tracepoint also fires for a retransmission that the kernel could not make. */
SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(emit_retransmission_err, struct sock *sk, struct sk_buff *skb, int err)
{
	if (!err)
		retransmission_of_segment(sk, skb);
	return 0;
}

/*
 * Reads the request of a connection that is not established, and returns whether it is in scope. A request begins with
 * a struct sock_common, as a socket does. The later connection inherits the request's cookie.
 */
static __always_inline bool retransmission_read_request(struct transition *t, struct request_sock *request,
							struct tcp_sock *listener)
{
	struct tcp_sock *same = (struct tcp_sock *)request;

	t->skaddr = (__u64)(unsigned long)request;
	t->oldstate = t->newstate = STATE_SYN_RECV;
	sock_read_addresses(t, same, 0, true, false);
	t->lport = sock_lport(same, true, false);
	t->rport = sock_rport(same, true);
	t->ifindex = sock_ifindex(same, true);
	t->uid = listener->SOCK_BASE.sk_uid.val;
	t->netns = sock_netns(listener, false);
	if (scope.numbers[SCOPE_NETNS] && !netns_in_scope(listener, false))
		return false;
	if (scope_judge(t) != SCOPE_IN)
		return false;
	t->cookie = conn_in_socket ? bpf_get_socket_cookie(request) : request->__req_common.skc_cookie.counter;
	return true;
}

/* The owner of a connection that is not accepted yet is the listener's. */
static __always_inline void retransmission_read_listener(struct transition *t, struct sock *listener)
{
	if (!listener_copy_owner(&t->owner, (__u64)(unsigned long)listener))
		return;
	if (process_names_show)
		process_apply_name(&t->owner, bpf_ktime_get_ns());
	owner_inherit(&t->owner);
}

/* `sk` is the listener. With TCP Fast Open it is the socket of the connection, which a process may have accepted. */
SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(emit_syn_ack, struct sock *sk, struct request_sock *request)
{
	struct tcp_sock *tp = is_stopped() ? NULL : bpf_skc_to_tcp_sock(sk);
	struct retransmission found = {};
	__u8 role = ROLE_SERVER;

	if (!tp)
		return 0;
	found.kind = RETRANSMISSION_SYN_ACK;
	found.seq = BPF_CORE_READ((struct tcp_request_sock *)request, snt_isn);
	found.segments = 1;
	if (tp->SOCK_COMMON.skc_state != STATE_LISTEN) {
		if (!retransmission_read(&found, sk, tp))
			return 0;
		role = retransmission_read_conn(&found.socket, sk);
	} else {
		if (!retransmission_read_request(&found.socket, request, tp))
			return 0;
		retransmission_read_listener(&found.socket, sk);
		found.total = request->num_retrans + 1; /* counted after this */
	}
	retransmission_emit(&found, tp, role);
	return 0;
}

#endif

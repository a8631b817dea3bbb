/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads a socket at a transition, and decides whether the socket is in scope. */
#ifndef TCPVITALS_BPF_STATES_TRANSITION_READ_H
#define TCPVITALS_BPF_STATES_TRANSITION_READ_H

#include "bpf/kernel.bpf.h"

#include "abi/tcp_state.h"
#include "bpf/read/cause.bpf.h"
#include "bpf/read/handshake.bpf.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/states/transition.bpf.h"
#include "bpf/track/conn.bpf.h"
#include "bpf/track/netns.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/process.bpf.h"
#include "bpf/track/scope.bpf.h"

/*
 * Whether the socket is out of scope by its ports alone, before the rest is read. A port of 0 is unknown or absent, and
 * decides nothing.
 */
static __always_inline bool is_out_by_ports(struct tcp_sock *tp, int newstate)
{
	__u16 lport = scope.by_lport ? sock_lport(tp, false, newstate == STATE_CLOSE) : 0;
	__u16 rport = scope.by_rport ? sock_rport(tp, false) : 0;

	return (lport && !scope_has_port(&scope.lports, lport)) || (rport && !scope_has_port(&scope.rports, rport));
}

/*
 * Reads the socket, and returns whether it is in scope. If the ports exclude it, `t` has only its address and its
 * states. The callers leave SCTP and MPTCP sockets alone, for which the helper returns NULL as `tp`.
 */
static __always_inline enum scope_verdict transition_read(struct transition *t, struct tcp_sock *tp, int oldstate,
							  int newstate)
{
	if ((scope.by_lport || scope.by_rport) && is_out_by_ports(tp, newstate)) {
		t->skaddr = (__u64)(unsigned long)tp;
		t->oldstate = oldstate;
		t->newstate = newstate;
		return SCOPE_OUT;
	}
	sock_read(t, tp, oldstate, newstate);
	if (scope.zones)
		t->netns = sock_netns(tp, false);
	if (scope.numbers[SCOPE_NETNS] && !netns_in_scope(tp, false))
		return SCOPE_OUT;
	t->uid = tp->SOCK_INET.sk.sk_uid.val;
	return scope_judge(t);
}

/* Reads the rest of a socket that is in scope. */
static __always_inline void transition_read_rest(struct transition *t, struct tcp_sock *tp)
{
	t->time_ns = transition_now();
	t->syn_retrans = SYN_RETRANS_NONE;
	if (!(emits & (EMIT_ROWS | EMIT_COUNTS | EMIT_CONNECTIONS | EMIT_METRICS)))
		return;
	if (is_zero(t->newstate ^ STATE_CLOSE))
		t->cause = cause_read(tp, t->oldstate);
	if (handshake_ends(t))
		handshake_read(t, tp);
}

/*
 * Fills in what a struct conn has for a record that is no transition: the owner, with the current name of its process,
 * and the identity of the connection.
 */
static __always_inline void transition_read_conn(struct transition *t, struct conn *conn)
{
	owner_copy(&t->owner, &conn->owner);
	if (process_names_show)
		process_apply_name(&t->owner, conn->owned_ns);
	t->conn_seq = conn->conn_seq;
	t->mptcp_token = conn->mptcp_token;
}

/*
 * Returns the inode number of the socket's network namespace, which a socket keeps. The number is read once, because it
 * lies beside a counter that each new or destroyed socket on any CPU changes. To read it each time took 35 ns with two
 * CPUs at work.
 */
static __always_inline __u32 netns_of(struct conn *conn, struct tcp_sock *tp)
{
	if (!conn->netns)
		conn->netns = sock_netns(tp, false);
	return conn->netns;
}

#endif

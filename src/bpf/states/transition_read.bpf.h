/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs read of a socket at a transition, and whether it is in scope. */
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
#include "bpf/track/scope.bpf.h"

/* By its ports alone, before the rest is read. A port of 0 is not known yet, or there is none: that tells nothing. */
static __always_inline bool is_out_by_ports(struct tcp_sock *tp, int newstate)
{
	__u16 lport = scope.by_lport ? sock_lport(tp, false, newstate == STATE_CLOSE) : 0;
	__u16 rport = scope.by_rport ? sock_rport(tp, false) : 0;

	return (lport && !scope_has_port(&scope.lports, lport)) || (rport && !scope_has_port(&scope.rports, rport));
}

/* What the socket tells (of one that is out, only which it is), and whether it is of interest. The callers have left
 * SCTP and MPTCP sockets alone: for these, `tp` is NULL. */
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

/* The rest of what the socket tells, for those of interest. */
static __always_inline void transition_read_rest(struct transition *t, struct tcp_sock *tp)
{
	t->time_ns = bpf_ktime_get_ns();
	t->syn_retrans = SYN_RETRANS_NONE;
	if (!(emits & (EMIT_ROWS | EMIT_COUNTS | EMIT_CONNECTIONS)))
		return;
	if (is_zero(t->newstate ^ STATE_CLOSE))
		t->cause = cause_read(tp, t->oldstate);
	if (handshake_ends(t))
		handshake_read(t, tp);
}

/*
 * A socket keeps its network namespace. Its number lies beside a count that each socket made or destroyed on any CPU
 * changes: to read it again each time took 35 ns, with two CPUs at work.
 */
static __always_inline __u32 netns_of(struct conn *conn, struct tcp_sock *tp)
{
	if (!conn->netns)
		conn->netns = sock_netns(tp, false);
	return conn->netns;
}

#endif

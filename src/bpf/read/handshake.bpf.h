/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the data that a socket shows about its handshake. */
#ifndef TCPVITALS_BPF_READ_HANDSHAKE_H
#define TCPVITALS_BPF_READ_HANDSHAKE_H

#include "bpf/kernel.bpf.h"

#include "abi/tcp_state.h"
#include "abi/transition.h"

/* Whether the transition ends a handshake, successful or not. */
static __always_inline bool handshake_ends(const struct transition *t)
{
	return is_zero((t->oldstate ^ STATE_SYN_SENT) * (t->oldstate ^ STATE_SYN_RECV) |
		       (t->newstate ^ STATE_ESTABLISHED) * (t->newstate ^ STATE_CLOSE));
}

/*
 * Returns 1 for a connection without a handshake, else 0. connect() in repair mode (TCP_REPAIR) makes such a
 * connection, with a SYN_SENT of a few microseconds.
 */
static __always_inline __u64 handshake_is_left_out(const struct transition *t, struct tcp_sock *tp)
{
	__u64 in_repair = BPF_CORE_READ_BITFIELD(tp, repair);

	barrier_var(in_repair);
	return in_repair & is_zero((t->oldstate ^ STATE_SYN_SENT) | (t->newstate ^ STATE_ESTABLISHED));
}

/*
 * Fills in the retransmissions and the duration of a handshake.
 *
 * A child that is not accepted yet is in SYN_RECV for the few microseconds in which the kernel makes it. The real
 * SYN_RECV was a request socket's, which has no transitions. The duration of the real SYN_RECV is the socket's first
 * RTT sample, SYN-ACK to ACK (tcp_synack_rtt_meas()).
 *
 * With a SYN cookie there is no sample. When the SYN-ACK was sent again, there is a sample only with timestamps. That
 * sample is in whole milliseconds, and belongs to one of the SYN-ACKs: not the duration of the handshake.
 */
static __always_inline void handshake_read(struct transition *t, struct tcp_sock *tp)
{
	__u64 left_out = handshake_is_left_out(t, tp);
	__u32 retrans = tp->total_retrans;

	t->syn_retrans = (retrans < SYN_RETRANS_NONE ? retrans : SYN_RETRANS_NONE - 1) | -left_out;
	t->flags |= TRANSITION_TIMED * left_out;
	t->duration_ns = -left_out; /* DURATION_UNKNOWN */
	if (is_zero((t->oldstate ^ STATE_SYN_RECV) | (t->newstate ^ STATE_ESTABLISHED)) &&
	    !tp->inet_conn.icsk_inet.sk.sk_socket) {
		__u64 us = tp->srtt_us >> 3;

		t->flags |= TRANSITION_TIMED;
		t->duration_ns = us * 1000 | -(is_zero(us) | (is_zero(retrans) ^ 1)); /* or DURATION_UNKNOWN */
	}
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads what a socket and a segment show when the kernel sends the segment again. */
#ifndef TCPVITALS_BPF_READ_RETRANSMISSION_H
#define TCPVITALS_BPF_READ_RETRANSMISSION_H

#include "bpf/kernel.bpf.h"

#include "abi/retransmission.h"
#include "abi/tcp_state.h"
#include "bpf/read/sock.bpf.h"

/* enum tcp_ca_state */
#define CA_RECOVERY 3
#define CA_LOSS     4

/* ICSK_TIME_LOSS_PROBE, a value of icsk_pending */
#define PENDING_LOSS_PROBE 5

/*
 * Returns an enum retransmission_kind, never RETRANSMISSION_UNKNOWN. The loss probe's timer is the only one that
 * resends outside of recovery. A socket in SYN_RECV has sent a SYN, and its peer another one at the same time: both
 * answer with a SYN-ACK.
 */
static __always_inline __u32 retransmission_kind(struct tcp_sock *tp)
{
	__u8 ca_state = BPF_CORE_READ_BITFIELD(tp, inet_conn.icsk_ca_state);
	__u8 state = tp->SOCK_COMMON.skc_state;

	if (state == STATE_SYN_SENT)
		return RETRANSMISSION_SYN;
	if (state == STATE_SYN_RECV)
		return RETRANSMISSION_SYN_ACK;
	if (ca_state == CA_LOSS)
		return RETRANSMISSION_TIMEOUT;
	return ca_state < CA_RECOVERY && tp->inet_conn.icsk_pending == PENDING_LOSS_PROBE ? RETRANSMISSION_PROBE
											  : RETRANSMISSION_FAST;
}

/*
 * Whether `kind` is sure. The kernel also sends again when a path turns out to take only smaller packets, or when the
 * server did not take the data of a Fast Open: in CA_LOSS, where a timeout leads, too, but with nothing to undo
 * (tcp_simple_retransmit(), and tcp_non_congestion_loss_retransmit() since 6.5). A timeout during CWR has nothing to
 * undo either.
 */
static __always_inline bool retransmission_kind_is_sure(struct tcp_sock *tp, __u32 kind)
{
	if (kind == RETRANSMISSION_TIMEOUT)
		return tp->undo_marker || tp->inet_conn.icsk_retransmits;
	return kind != RETRANSMISSION_FAST || BPF_CORE_READ_BITFIELD(tp, inet_conn.icsk_ca_state) == CA_RECOVERY;
}

/* Returns the segments of a buffer, as RetransSegs counts them (tcp_skb_pcount()). */
static __always_inline __u32 retransmission_segments(const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = (const struct tcp_skb_cb *)skb->cb;
	__u16 segments = 0;

	bpf_core_read(&segments, sizeof(segments), &cb->tcp_gso_segs);
	return segments ? segments : 1;
}

/* Returns the sequence number of the first byte of a buffer. */
static __always_inline __u32 retransmission_seq(const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = (const struct tcp_skb_cb *)skb->cb;
	__u32 seq = 0;

	bpf_core_read(&seq, sizeof(seq), &cb->seq);
	return seq;
}

#endif

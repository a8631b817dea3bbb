/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A retransmission: its kind, and its record as it crosses the ring buffer (EMIT_RETRANSMISSIONS). */
#ifndef TCPVITALS_ABI_RETRANSMISSION_H
#define TCPVITALS_ABI_RETRANSMISSION_H

#include "abi/transition.h"
#include "abi/types.h"

/* Why the kernel sends a segment again. */
enum retransmission_kind {
	/* of data or a FIN: RETRANSMISSIONS kinds */
	RETRANSMISSION_FAST,    /* the peer's acknowledgements show the loss */
	RETRANSMISSION_TIMEOUT, /* the retransmission timer has expired, or did before the other losses were sent again
				 */
	RETRANSMISSION_PROBE,   /* a tail loss probe (RFC 8985, section 7) */
	/* of a handshake: the timer has expired, or the peer sent its own segment again */
	RETRANSMISSION_SYN,
	RETRANSMISSION_SYN_ACK,
	RETRANSMISSION_UNKNOWN,
	RETRANSMISSION_KINDS
};

#define RETRANSMISSIONS (RETRANSMISSION_PROBE + 1)

struct retransmission {
	/*
	 * The connection at that moment: owner, addresses, and its state as oldstate and newstate (TRANSITION_SCAN). A
	 * connection that is not established has no socket of its own on the server's side: then skaddr is that of the
	 * request, and the state is SYN_RECV.
	 */
	struct transition socket;
	__u32 seq;      /* of the first byte, as in the segment; host byte order */
	__u32 bytes;    /* payload */
	__u32 segments; /* as RetransSegs counts them; at least 1 */
	__u32 total;    /* segments that the connection has sent again so far, these included (tcpi_total_retrans) */
	__u8 kind;      /* enum retransmission_kind */
	__u8 pad[7];
};

_Static_assert(sizeof(struct retransmission) == 152, "struct retransmission crosses the ring buffer");

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The record of tcpstates -c: a whole connection, seen from one of its ends. */
#ifndef TCPVITALS_ABI_CONNECTION_H
#define TCPVITALS_ABI_CONNECTION_H

#include "abi/tcp_state.h"
#include "abi/transition.h"
#include "abi/types.h"

#define CONNECTION_STATES (STATE_CLOSING + 1) /* indexed by enum tcp_state */

enum connection_role {
	ROLE_UNKNOWN, /* older than the tool */
	ROLE_CLIENT,  /* called connect() */
	ROLE_SERVER,  /* child of a listener */
	ROLES
};

/* Data collected while the connection lives. Times are in ns, RTTs in us. */
struct life {
	__u64 start_ns; /* CLOCK_MONOTONIC, at the entry to SYN_SENT or SYN_RECV; 0: unknown */
	__u64 in_state_ns[CONNECTION_STATES];
	__u64 rtt_sum_us;  /* sum of the smoothed RTT at each segment received in ESTABLISHED */
	__u32 rtt_samples; /* number of RTTs in rtt_sum_us */
	__u8 role;         /* enum connection_role */
	__u8 is_old;       /* bool: older than the tool; start_ns is when it was found */
	__u8 syn_retrans;  /* as in struct transition */
	__u8 pad;
};

struct connection {
	struct transition end; /* the transition to CLOSE: owner, addresses, cause */
	struct life life;
	__u64 bytes_sent;     /* payload, retransmissions included (tcpi_bytes_sent) */
	__u64 bytes_acked;    /* in sequence numbers: SYN and FIN count (tcpi_bytes_acked) */
	__u64 bytes_received; /* tcpi_bytes_received */
	__u32 segs_out;
	__u32 segs_in;
	__u32 retransmits; /* segments, SYNs included (tcpi_total_retrans) */
	__u32 srtt_us;     /* 0 without a measurement */
	__u32 min_rtt_us;  /* minimum of the last 300 s; ~0 without a measurement */
	__u32 pad;
};

_Static_assert(sizeof(struct connection) == 128 + 120 + 24 + 24, "struct connection crosses the ring buffer");

#endif

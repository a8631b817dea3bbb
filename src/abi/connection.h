/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A whole connection, seen from one of its ends: at its end (EMIT_CONNECTIONS, tcpstates -c), or so far, while it is
 * open (EMIT_SNAPSHOTS).
 */
#ifndef TCPVITALS_ABI_CONNECTION_H
#define TCPVITALS_ABI_CONNECTION_H

#include "abi/tcp_state.h"
#include "abi/transition.h"
#include "abi/types.h"

#define CONNECTION_STATES (STATE_CLOSING + 1) /* indexed by enum tcp_state */

/* min_rtt_us without a measurement */
#define MIN_RTT_UNKNOWN (~0U)

/* rto_count, rto_recoveries and rto_ms before Linux 6.7, which does not count them */
#define RTO_UNKNOWN (~0U)

/* ssthresh of a connection that has never left slow start (TCP_INFINITE_SSTHRESH) */
#define SSTHRESH_INFINITE 0x7fffffffU

/* TCP_CA_NAME_MAX of the kernel, the terminating NUL included. */
#define CONGESTION_NAME_LEN 16

enum connection_role {
	ROLE_UNKNOWN, /* older than the tool */
	ROLE_CLIENT,  /* called connect() */
	ROLE_SERVER,  /* child of a listener */
	ROLES
};

/* The kernel's chronographs of a sender (enum tcp_chrono - 1). One runs at a time, while there is data to send. */
enum chrono {
	CHRONO_BUSY,        /* data is on its way, or waits for the congestion window */
	CHRONO_RWND,        /* the peer's receive window is full */
	CHRONO_SEND_BUFFER, /* SO_SNDBUF is full */
	CHRONOS
};

/* Bits of connection.options. The first four: agreed in the handshake. */
enum {
	CONNECTION_SACK = 1 << 0,
	CONNECTION_TIMESTAMPS = 1 << 1,
	CONNECTION_WINDOW_SCALING = 1 << 2,
	CONNECTION_ECN = 1 << 3,
	CONNECTION_RATE_APP_LIMITED = 1 << 4, /* the delivery rate was measured while there was little to send */
};

/* Values that a socket keeps from its earlier connections, when this one began. */
struct life_base {
	__u32 chronos[CHRONOS]; /* in jiffies */
	__u32 lost;
	__u32 rate_delivered;
	__u32 rate_interval_us;
	__u32 pad;
};

/* Data collected while the connection lives. Times are in ns, RTTs in us. */
struct life {
	__u64 start_ns; /* CLOCK_MONOTONIC, at the entry to SYN_SENT or SYN_RECV; 0: unknown */
	__u64 in_state_ns[CONNECTION_STATES];
	__u64 rtt_sum_us;   /* sum of the smoothed RTT at each segment received in ESTABLISHED */
	__u32 rtt_samples;  /* number of RTTs in rtt_sum_us */
	__u8 role;          /* enum connection_role */
	__u8 is_old;        /* bool: older than the tool; start_ns is when it was found */
	__u8 syn_retrans;   /* as in struct transition */
	__u8 window_closed; /* bool: the peer's receive window was zero at the last look */
	__u32 zero_windows; /* number of times the peer's receive window became zero in ESTABLISHED */
	struct life_base base;
};

struct connection {
	/*
	 * The transition to CLOSE: owner, addresses, cause. Of an open connection: its state, as a scan finds it
	 * (TRANSITION_SCAN), with the time in it so far.
	 */
	struct transition end;
	struct life life;
	__u64 bytes_sent;         /* payload, retransmissions included (tcpi_bytes_sent) */
	__u64 bytes_acked;        /* in sequence numbers: SYN and FIN count (tcpi_bytes_acked) */
	__u64 bytes_received;     /* tcpi_bytes_received */
	__u64 bytes_retrans;      /* payload (tcpi_bytes_retrans) */
	__u64 chrono_ns[CHRONOS]; /* a multiple of the kernel's tick, 1 to 10 ms; the running one included */
	__u32 segs_out;
	__u32 segs_in;
	__u32 retransmits;    /* segments, SYNs included (tcpi_total_retrans) */
	__u32 srtt_us;        /* 0 without a measurement */
	__u32 min_rtt_us;     /* minimum of the last 300 s; MIN_RTT_UNKNOWN without a measurement */
	__u32 rcv_rtt_us;     /* the receiver's own estimate (tcpi_rcv_rtt); 0 without a measurement */
	__u32 lost;           /* segments that the sender took for lost, retransmitted ones included (tcp_sock.lost) */
	__u32 dsack_dups;     /* segments that the peer had twice, by its DSACKs (tcpi_dsack_dups): spurious ones */
	__u32 reord_seen;     /* times that ACKs came in another order (tcpi_reord_seen) */
	__u32 delivered;      /* segments delivered (tcpi_delivered) */
	__u32 delivered_ce;   /* of them, those with the mark of ECN (tcpi_delivered_ce) */
	__u32 rto_count;      /* retransmission timeouts, SYN's included (tcpi_total_rto), or RTO_UNKNOWN; as below */
	__u32 rto_recoveries; /* tcpi_total_rto_recoveries */
	__u32 rto_ms;         /* time in them, in ms, the running one included (tcpi_total_rto_time) */
	__u32 rate_delivered; /* segments of the last measurement of the delivery rate; 0: none */
	__u32 rate_interval_us;
	__u32 cwnd;       /* in segments */
	__u32 ssthresh;   /* in segments, or SSTHRESH_INFINITE */
	__u32 mss;        /* bytes of payload in a full segment (tcpi_snd_mss) */
	__u32 recv_queue; /* as ss(8) shows them: bytes not read, and not acknowledged */
	__u32 send_queue;
	__u32 options;                        /* bits CONNECTION_ */
	char congestion[CONGESTION_NAME_LEN]; /* name of the congestion control; untrusted bytes up to the first NUL */
};

_Static_assert(sizeof(struct life) == 152, "struct life is a map's value");
_Static_assert(sizeof(struct connection) == 128 + 152 + 56 + 88 + 16, "struct connection crosses the ring buffer");

#endif

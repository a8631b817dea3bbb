/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The record of one transition of a TCP socket, as it crosses the ring buffer. */
#ifndef TCPVITALS_ABI_TRANSITION_H
#define TCPVITALS_ABI_TRANSITION_H

#include "abi/cause.h"
#include "abi/owner.h"
#include "abi/types.h"

/* duration_ns of a state that began before tracing, or whose beginning was missed */
#define DURATION_UNKNOWN (~0ULL)

/* uid when the kernel does not report the socket's */
#define UID_UNKNOWN (~0U)

/* syn_retrans of a transition that ends no handshake */
#define SYN_RETRANS_NONE 255

/* Bits of transition.flags. */
enum {
	TRANSITION_AT_LEAST = 1 << 0, /* duration_ns is a lower bound: the state began unseen, or still goes on */
	TRANSITION_TIMED = 1 << 1,    /* duration_ns is not the time between two transitions */
	TRANSITION_SCAN = 1 << 2,     /* no transition: a scan found the socket in this state (EMIT_SCANS) */
};

struct transition {
	__u64 skaddr;      /* address of struct sock */
	__u64 cookie;      /* SO_COOKIE, 0 when the kernel does not report it */
	__u64 time_ns;     /* when it happened, CLOCK_MONOTONIC */
	__u64 duration_ns; /* time spent in oldstate, or DURATION_UNKNOWN; see TRANSITION_AT_LEAST */
	struct owner owner;
	__u8 laddr[16];  /* network byte order; an IPv4 address takes the first four bytes, the rest is zero */
	__u8 raddr[16];  /* the same */
	__u32 netns;     /* inode number of the network namespace, 0 when unknown */
	__u32 conn_seq;  /* 0 for the socket's first connection, one more for each reuse after a disconnect */
	__u32 uid;       /* the socket's, as ss -e shows it, in the initial user namespace; or UID_UNKNOWN */
	__u16 lport;     /* host byte order, 0 while unbound */
	__u16 rport;     /* host byte order, 0 for a listener */
	__u8 ip_version; /* 4 or 6; IPv4 over an AF_INET6 socket is 4 */
	__u8 oldstate;   /* enum tcp_state */
	__u8 newstate;   /* enum tcp_state */
	__u8 cause;      /* enum cause, at a transition to CLOSE */
	__u8 flags;
	/* Retransmitted SYNs or SYN-ACKs, 254 for more, where the handshake ends; else SYN_RETRANS_NONE. */
	__u8 syn_retrans;
	__u8 pad[2];
	__u32 ifindex;     /* interface that the socket is bound to: the zone of a link-local address; 0: unknown */
	__u32 mptcp_token; /* token of the MPTCP connection of this path (subflow), host byte order; 0: none */
};

_Static_assert(sizeof(struct transition) == 128, "struct transition crosses the ring buffer");

#endif

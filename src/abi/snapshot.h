/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The record of an open connection or a listener at one moment (EMIT_SNAPSHOTS). */
#ifndef TCPVITALS_ABI_SNAPSHOT_H
#define TCPVITALS_ABI_SNAPSHOT_H

#include "abi/owner.h"
#include "abi/types.h"

/* Bits of snapshot.flags. */
enum {
	SNAPSHOT_SINCE_AT_LEAST = 1 << 0, /* since_ns is when the state was found: it began before */
};

struct snapshot {
	__u64 time_ns;  /* of the snapshot, CLOCK_MONOTONIC */
	__u64 since_ns; /* when the state was entered, CLOCK_MONOTONIC; 0: unknown; see SNAPSHOT_SINCE_AT_LEAST */
	__u64 cookie;   /* SO_COOKIE, 0 when the kernel does not report it */
	struct owner owner;
	__u8 laddr[16]; /* network byte order; an IPv4 address takes the first four bytes, the rest is zero */
	__u8 raddr[16];
	__u64 bytes_sent; /* payload, retransmissions included (tcpi_bytes_sent); 0 for a listener, as all below */
	__u64 bytes_acked;
	__u64 bytes_received;
	__u32 segs_out;
	__u32 segs_in;
	__u32 retransmits; /* segments, SYNs included (tcpi_total_retrans) */
	__u32 srtt_us;     /* 0 without a measurement */
	/* As ss(8) shows them: bytes not read, and not acknowledged; of a listener: accept queue, and its limit. */
	__u32 recv_queue;
	__u32 send_queue;
	__u32 conn_seq; /* as in struct transition */
	__u32 netns;    /* inode number of the network namespace */
	__u32 ifindex;  /* the zone of a link-local address; 0: unknown */
	__u16 lport;    /* host byte order */
	__u16 rport;    /* host byte order, 0 for a listener */
	__u8 ip_version;
	__u8 state; /* enum tcp_state */
	__u8 role;  /* enum connection_role */
	__u8 flags;
	__u8 pad[4];
};

_Static_assert(sizeof(struct snapshot) == 160, "struct snapshot is read by user space");

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The accept queue of a listening socket, as a walk finds it (EMIT_LISTENERS, tcpstates --listeners). */
#ifndef TCPVITALS_ABI_LISTENER_H
#define TCPVITALS_ABI_LISTENER_H

#include "abi/transition.h"
#include "abi/types.h"

/* net.ipv4.tcp_syncookies could not be read */
#define SYN_COOKIES_UNKNOWN 255

/* syn_cookie_age_ns of a listener that has never sent a SYN cookie, and where the age is unknown */
#define SYN_COOKIE_NEVER       (~0ULL)
#define SYN_COOKIE_AGE_UNKNOWN (~0ULL - 1)

struct listener_record {
	/*
	 * Owner and address; TRANSITION_SCAN, both states are LISTEN, without a duration. time_ns is that of the walk.
	 * skaddr 0: no listener follows.
	 */
	struct transition socket;
	/*
	 * When the tool began to count at this listener, CLOCK_MONOTONIC: at listen(), or at the first walk that found
	 * it. 0: it does not count, for lack of memory.
	 */
	__u64 since_ns;
	__u64 queued;            /* connections that have entered the accept queue since since_ns */
	__u64 syn_cookie_age_ns; /* since the last SYN cookie, exact to a second; or one of the above */
	__u32 backlog;           /* in the accept queue now (sk_ack_backlog): Recv-Q of ss -l */
	__u32 backlog_before;    /* at since_ns */
	__u32 limit;             /* Send-Q of ss -l; the queue is full when it has one more */
	__u32 highest;           /* longest accept queue since the walk before, or since since_ns; 0 without since_ns */
	__u32 drops;             /* sk_drops: dropped at this socket, a counter that wraps around */
	__u32 drops_before;      /* at since_ns */
	__u32 syn_recv;          /* handshakes that are not complete: request sockets */
	__u8 syn_cookies;        /* net.ipv4.tcp_syncookies of its network namespace, or SYN_COOKIES_UNKNOWN */
	__u8 pad[3];
};

/* One walk through all listeners. User space writes time_ns and number before it, and the program counts. */
struct listener_walk {
	__u64 time_ns;  /* CLOCK_MONOTONIC */
	__u32 number;   /* of the walk, from 1 */
	__u32 unjudged; /* of this walk: listeners that are perhaps in scope: the owner is unknown */
};

_Static_assert(sizeof(struct listener_record) == 128 + 24 + 28 + 4, "struct listener_record is read from an iterator");

#endif

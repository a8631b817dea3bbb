/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tcprtt's kernel side and user space agree on besides the histogram: kinds of samples and groups. */
#ifndef TCPVITALS_ABI_RTT_H
#define TCPVITALS_ABI_RTT_H

#include "abi/owner.h"
#include "abi/types.h"

/* What is one sample (docs/accuracy.md). */
enum rtt_sample {
	RTT_SRTT,      /* the smoothed value at each received segment in ESTABLISHED */
	RTT_RTT,       /* each measurement the kernel made, once */
	RTT_MIN,       /* the windowed minimum, once per connection, at its end */
	RTT_HANDSHAKE, /* SYN to SYN-ACK as client, SYN-ACK to ACK as server, once per connection */
};

/* In this order: addresses, ports, what the owner tells (group_key() and fields_asked() ask for ranges). */
enum rtt_by {
	RTT_BY_NOTHING,
	RTT_BY_LADDR,
	RTT_BY_RADDR,
	RTT_BY_LPORT,
	RTT_BY_RPORT,
	RTT_BY_PID,
	RTT_BY_COMM,
	RTT_BY_CGROUP,
	RTT_BY_NETNS,
	RTT_BY_PREFIX, /* of the remote address */
	RTT_BY_CONN,   /* each connection, by its socket; both addresses take both parts of the key */
};

#define RTT_BY_MAX 2

/* Bits: what the scope and the grouping ask of a socket. To read everything would take longer than all the rest. */
enum rtt_field {
	RTT_FIELD_ADDRESSES = 1 << 0,
	RTT_FIELD_LPORT = 1 << 1,
	RTT_FIELD_RPORT = 1 << 2,
	RTT_FIELD_NETNS = 1 << 3,
	RTT_FIELD_UID = 1 << 4,
	RTT_FIELD_IFINDEX = 1 << 5,
};

/* conn_seq of a connection whose socket is not remembered */
#define CONN_SEQ_UNKNOWN (~0U)

/*
 * Who is in a group; all of it zero that the grouping does not use. A part holds an address (network byte order, IPv4
 * in the first four bytes), a comm, or a number in host byte order in its first bytes (__u16 port, __u32 pid or netns,
 * __u64 cgroup id).
 */
struct rtt_key {
	__u16 lport __attribute__((aligned(8))); /* RTT_BY_CONN only, host byte order; the addresses are the parts */
	__u16 rport;
	__u8 ip_version;  /* where a part is an address: 4 or 6 */
	__u8 owner_known; /* where a part is about the owner: 0 when nobody knows who it is */
	__u8 pad[2];
	/* RTT_BY_CONN, and where a part is a link-local address or a prefix of some: its zone, 0 when not known */
	__u32 netns
		__attribute__((aligned(8))); /* inode number: two namespaces may have the same addresses and ports */
	__u32 ifindex;
	__u8 part[RTT_BY_MAX][16];
	/* RTT_BY_CONN only: one may begin with the addresses and ports of one that is over */
	__u64 cookie;   /* the socket's, 0 when the kernel does not tell */
	__u32 conn_seq; /* as in struct transition, or CONN_SEQ_UNKNOWN */
	__u8 more_pad[4];
};

_Static_assert(sizeof(struct rtt_key) == 64, "struct rtt_key is a map's key");

#define RTT_KEY_WORDS (sizeof(struct rtt_key) / sizeof(__u64))

/* How much of it the map keeps: what the grouping does not use at the end is left out. In bytes, whole words. */
static inline __u32 rtt_key_size(enum rtt_by first, enum rtt_by second)
{
	return first == RTT_BY_CONN ? sizeof(struct rtt_key) : second ? 48 : 32;
}

/* The histogram of what found no room among the groups; the others count from 1. */
#define RTT_GROUP_OTHER 0

/*
 * The groups with the lowest numbers, which busy ones get as a rule, have a histogram on each CPU for what segments
 * tell, 100 KiB there: CPUs that count in the same one wait for each other's cache line, 200 ns with two of them.
 */
#define RTT_GROUPS_PER_CPU 32

/* log2 of how many groups each CPU remembers the numbers of. */
#define RTT_RECENT_BITS 9

/*
 * Samples of one connection that wait for its owner to be known (bpf/rtt/pending.bpf.h). What is left at the end counts
 * in `group`.
 */
#define PENDING_SOCKETS 8192
#define PENDING_MAX     16

struct pending {
	__u32 group; /* its number + 1; ~0: out of scope */
	__u32 count;
	__u64 sum_us; /* these two as in struct histogram */
	__u64 mdev_sum;
	__u16 slots[PENDING_MAX]; /* of a histogram */
};

_Static_assert(sizeof(struct pending) == 56, "struct pending is a map's value");

/* They only grow. */
struct rtt_counters {
	__u64 unmeasured; /* srtt: segments before the first measurement; rtt: connections without SACK; min, handshake:
			     connections without one */
	__u64 storage_full; /* samples not taken, or not told apart, for lack of memory for the socket's storage */
};

#endif

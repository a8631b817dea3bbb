/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kinds of samples and groups: with the histogram, the interface between tcprtt's BPF side and user space. */
#ifndef TCPVITALS_ABI_RTT_H
#define TCPVITALS_ABI_RTT_H

#include "abi/owner.h"
#include "abi/types.h"

/* Kinds of samples (docs/accuracy.md). */
enum rtt_sample {
	RTT_SRTT,      /* the smoothed value at each received segment in ESTABLISHED */
	RTT_RTT,       /* each RTT measurement of the kernel, once */
	RTT_MIN,       /* the windowed minimum, once per connection, at its end */
	RTT_HANDSHAKE, /* SYN to SYN-ACK as client, SYN-ACK to ACK as server, once per connection */
};

/* The order matters: addresses, ports, owner. group_key() and fields_asked() test ranges. */
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
	RTT_BY_CONN,   /* each connection, by its socket; its addresses take both parts of the key */
};

#define RTT_BY_MAX 2

/*
 * Bits: fields of a socket that the scope and the grouping need. Reading all fields would take longer than all the
 * rest.
 */
enum rtt_field {
	RTT_FIELD_ADDRESSES = 1 << 0,
	RTT_FIELD_LPORT = 1 << 1,
	RTT_FIELD_RPORT = 1 << 2,
	RTT_FIELD_NETNS = 1 << 3,
	RTT_FIELD_UID = 1 << 4,
	RTT_FIELD_IFINDEX = 1 << 5,
};

/* conn_seq of a connection that has no struct conn */
#define CONN_SEQ_UNKNOWN (~0U)

/*
 * Key of a group. Members that the grouping does not use are zero. A part holds an address (network byte order, IPv4 in
 * the first four bytes), a comm, or a number in its first bytes. Numbers are in host byte order: __u16 port, __u32 pid
 * or netns, __u64 cgroup id.
 */
struct rtt_key {
	__u16 lport __attribute__((aligned(8))); /* RTT_BY_CONN only, host byte order; also rport */
	__u16 rport;
	__u8 ip_version;  /* 4 or 6, where a part is an address */
	__u8 owner_known; /* bool, where a part is about the owner: the owner is known */
	__u8 pad[2];
	/* The zone, for RTT_BY_CONN and where a part is a link-local address or a prefix of such. 0: unknown. */
	__u32 netns
		__attribute__((aligned(8))); /* inode number: two namespaces may have the same addresses and ports */
	__u32 ifindex;
	__u8 part[RTT_BY_MAX][16];
	/* RTT_BY_CONN only: a new connection may have the addresses and ports of an ended one. */
	__u64 cookie;   /* SO_COOKIE, 0 when the kernel does not report it */
	__u32 conn_seq; /* as in struct transition, or CONN_SEQ_UNKNOWN */
	__u8 more_pad[4];
};

_Static_assert(sizeof(struct rtt_key) == 64, "struct rtt_key is a map's key");

#define RTT_KEY_WORDS (sizeof(struct rtt_key) / sizeof(__u64))

/*
 * Returns the size of a key in the map, in bytes, whole words. The map leaves out the end that the grouping does not
 * use.
 */
static inline __u32 rtt_key_size(enum rtt_by first, enum rtt_by second)
{
	return first == RTT_BY_CONN ? sizeof(struct rtt_key) : second ? 48 : 32;
}

/* The group of samples that found no room in another group. Other groups count from 1. */
#define RTT_GROUP_OTHER 0

/*
 * The groups with the lowest numbers, usually the busy ones, have a histogram on each CPU for samples of segments. This
 * takes 100 KiB on each CPU. CPUs that share a histogram wait for each other's cache line: 200 ns with two CPUs.
 */
#define RTT_GROUPS_PER_CPU 32

/* log2 of the number of groups that each CPU remembers (group_recent). */
#define RTT_RECENT_BITS 9

/*
 * Samples of one connection that wait for its owner (bpf/rtt/pending.bpf.h). Samples that still wait at the end of
 * tracing count in `group`.
 */
#define PENDING_SOCKETS 8192
#define PENDING_MAX     16

struct pending {
	__u32 group; /* the group's number + 1; ~0: out of scope */
	__u32 count;
	__u64 sum_us; /* sum_us and mdev_sum: as in struct histogram */
	__u64 mdev_sum;
	__u16 slots[PENDING_MAX]; /* slots of a histogram */
};

_Static_assert(sizeof(struct pending) == 56, "struct pending is a map's value");

/* Counters, which only grow. */
struct rtt_counters {
	/*
	 * srtt: segments before the first measurement; rtt: connections without SACK; min, handshake: connections
	 * without a measurement.
	 */
	__u64 unmeasured;
	/* Samples without memory for their socket's storage: not taken, or not assigned to their own group. */
	__u64 storage_full;
	/* Samples before an accept that found no room to wait, and the listener's owner is out of scope: not taken. */
	__u64 unheld;
};

#endif

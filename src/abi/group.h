/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Groups of connections: by which fields they are told apart, and the key of a group. */
#ifndef TCPVITALS_ABI_GROUP_H
#define TCPVITALS_ABI_GROUP_H

#include "abi/types.h"

/* The order matters: addresses, ports, owner. group_key() and fields_asked() test ranges. */
enum group_by {
	GROUP_BY_NOTHING,
	GROUP_BY_LADDR,
	GROUP_BY_RADDR,
	GROUP_BY_LPORT,
	GROUP_BY_RPORT,
	GROUP_BY_PID,
	GROUP_BY_COMM,
	GROUP_BY_CGROUP,
	GROUP_BY_NETNS,
	GROUP_BY_PORT, /* the listening side's */
	GROUP_BY_ROLE,
	GROUP_BY_PREFIX, /* of the remote address */
	GROUP_BY_CONN,   /* each connection, by its socket; its addresses take both parts of the key */
};

#define GROUP_BY_MAX 2

/* For GROUP_BY_PORT: words for several ports. Other values are a port. */
#define GROUP_PORT_EPHEMERAL 0x10000U /* all in the range of ephemeral ports */
#define GROUP_PORT_UNKNOWN   0x10001U /* which side listens is unknown */

/*
 * Bits: fields of a socket that the scope and the grouping need. Reading all fields would take longer than all the
 * rest.
 */
enum group_field {
	GROUP_FIELD_ADDRESSES = 1 << 0,
	GROUP_FIELD_LPORT = 1 << 1,
	GROUP_FIELD_RPORT = 1 << 2,
	GROUP_FIELD_NETNS = 1 << 3,
	GROUP_FIELD_UID = 1 << 4,
	GROUP_FIELD_IFINDEX = 1 << 5,
};

/* conn_seq of a connection that has no struct conn */
#define CONN_SEQ_UNKNOWN (~0U)

/*
 * Key of a group. Members that the grouping does not use are zero. A part holds an address (network byte order, IPv4 in
 * the first four bytes), a comm, or a number in its first bytes. Numbers are in host byte order: __u16 lport or rport,
 * __u32 pid, netns, port or role, __u64 cgroup id.
 */
struct group_key {
	__u16 lport __attribute__((aligned(8))); /* GROUP_BY_CONN only, host byte order; also rport */
	__u16 rport;
	__u8 ip_version;  /* 4 or 6, where a part is an address */
	__u8 owner_known; /* bool, where a part is about the owner: the owner is known */
	__u8 pad[2];
	/* The zone, for GROUP_BY_CONN and where a part is a link-local address or a prefix of such. 0: unknown. */
	__u32 netns
		__attribute__((aligned(8))); /* inode number: two namespaces may have the same addresses and ports */
	__u32 ifindex;
	__u8 part[GROUP_BY_MAX][16];
	/* GROUP_BY_CONN only: a new connection may have the addresses and ports of an ended one. */
	__u64 cookie;   /* SO_COOKIE, 0 when the kernel does not report it */
	__u32 conn_seq; /* as in struct transition, or CONN_SEQ_UNKNOWN */
	__u8 more_pad[4];
};

_Static_assert(sizeof(struct group_key) == 64, "struct group_key is a map's key");

#define GROUP_KEY_WORDS (sizeof(struct group_key) / sizeof(__u64))

/*
 * Returns the size of a key in the map, in bytes, whole words. The map leaves out the end that the grouping does not
 * use.
 */
static inline __u32 group_key_size(enum group_by first, enum group_by second)
{
	return first == GROUP_BY_CONN ? sizeof(struct group_key) : second ? 48 : 32;
}

/* The group of samples that found no room in another group. Other groups count from 1. */
#define GROUP_OTHER 0

/* log2 of the number of groups that each CPU remembers (group_recent). */
#define GROUP_RECENT_BITS 9

#endif

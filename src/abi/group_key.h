/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Computes the key of a connection's group. Pure functions, compiled for both sides: the same connection has one key.
 */
#ifndef TCPVITALS_ABI_GROUP_KEY_H
#define TCPVITALS_ABI_GROUP_KEY_H

#include "abi/connection.h"
#include "abi/group.h"
#include "abi/transition.h"
#include "abi/types.h"

/* The settings of a grouping. A constant of the loaded programs. */
struct group_settings {
	/* For GROUP_BY_PREFIX: the bits of an address to keep, in network byte order. */
	__u64 mask_v4[2];
	__u64 mask_v6[2];
	/* The range of ephemeral ports (net.ipv4.ip_local_port_range). */
	__u16 ephemeral_first, ephemeral_last;
	__u8 by[GROUP_BY_MAX]; /* enum group_by */
	__u8 pad[2];
};

_Static_assert(sizeof(struct group_settings) == 40, "struct group_settings is a constant of the programs");

/* `volatile`: on the BPF side the settings are in a section that user space fills. */
#define GROUP_SETTINGS const volatile struct group_settings
#define GROUP_INLINE   static inline __attribute__((always_inline))

GROUP_INLINE int group_is_ephemeral(GROUP_SETTINGS *settings, __u16 port)
{
	return port >= settings->ephemeral_first && port <= settings->ephemeral_last;
}

/*
 * Returns the port of the side that listens, or one of the words for several ports. Ports of one kind are one value,
 * because there may be thousands.
 */
GROUP_INLINE __u32 group_port(GROUP_SETTINGS *settings, const struct transition *t, __u8 role)
{
	int is_server = role == ROLE_SERVER || (role == ROLE_UNKNOWN && group_is_ephemeral(settings, t->rport));
	int is_client = role == ROLE_CLIENT || (role == ROLE_UNKNOWN && group_is_ephemeral(settings, t->lport));
	__u16 port = is_server ? t->lport : t->rport;

	if (is_server == is_client || !port)
		return GROUP_PORT_UNKNOWN;
	return group_is_ephemeral(settings, port) ? GROUP_PORT_EPHEMERAL : port;
}

/* Words of addresses, names and keys, whose members are arrays of bytes: aligned, and of any type. */
typedef __u64 __attribute__((__may_alias__)) group_u64;
typedef __u32 __attribute__((__may_alias__)) group_u32;
typedef __u16 __attribute__((__may_alias__)) group_u16;

/* Stores the value of one word in its part of the key. */
GROUP_INLINE void group_key_add(group_u64 part[2], __u8 by, GROUP_SETTINGS *settings, const struct transition *t,
				const struct owner *owner, __u8 role)
{
	const group_u64 *laddr = (const group_u64 *)t->laddr, *raddr = (const group_u64 *)t->raddr;
	const group_u64 *comm = (const group_u64 *)owner->comm;
	const volatile __u64 *mask = t->ip_version == 4 ? settings->mask_v4 : settings->mask_v6;

	switch (by) {
	case GROUP_BY_LADDR:
		part[0] = laddr[0];
		part[1] = laddr[1];
		break;
	case GROUP_BY_RADDR:
		part[0] = raddr[0];
		part[1] = raddr[1];
		break;
	case GROUP_BY_PREFIX:
		part[0] = raddr[0] & mask[0];
		part[1] = raddr[1] & mask[1];
		break;
	case GROUP_BY_COMM:
		part[0] = comm[0];
		part[1] = comm[1];
		break;
	case GROUP_BY_LPORT:
		*(group_u16 *)part = t->lport;
		break;
	case GROUP_BY_RPORT:
		*(group_u16 *)part = t->rport;
		break;
	case GROUP_BY_PID:
		*(group_u32 *)part = owner->pid;
		break;
	case GROUP_BY_CGROUP:
		part[0] = owner->cgroup_id;
		break;
	case GROUP_BY_NETNS:
		*(group_u32 *)part = t->netns;
		break;
	case GROUP_BY_PORT:
		*(group_u32 *)part = group_port(settings, t, role);
		break;
	case GROUP_BY_ROLE:
		*(group_u32 *)part = role;
		break;
	}
}

GROUP_INLINE int group_is_by(__u8 by, __u8 first, __u8 last)
{
	return by >= first && by <= last;
}

GROUP_INLINE int group_is_by_address(__u8 by)
{
	return group_is_by(by, GROUP_BY_LADDR, GROUP_BY_RADDR) || by == GROUP_BY_PREFIX;
}

/* A constant of 16 bits in network byte order. */
#define GROUP_BE16(value) ((__u16)(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? (value) >> 8 | (value) << 8 : (value)))

/*
 * Returns 0 if the address that `by` names is in fe80::/10, and the prefix has no other addresses. Meaningful for IPv6
 * only. Without a branch on the address.
 */
GROUP_INLINE __u32 group_link_local_difference(__u8 by, GROUP_SETTINGS *settings, const struct transition *t)
{
	const __u8 *address = by == GROUP_BY_LADDR ? t->laddr : t->raddr;
	const __u16 ten_bits = GROUP_BE16(0xffc0);

	if (!group_is_by_address(by) ||
	    (by == GROUP_BY_PREFIX && (*(const volatile group_u16 *)settings->mask_v6 & ten_bits) != ten_bits))
		return 1;
	return (*(const group_u16 *)address & ten_bits) ^ GROUP_BE16(0xfe80);
}

/* Fills in a zeroed key, but for the zone. Of `t`, only what the grouping is by. */
GROUP_INLINE void group_key(struct group_key *key, GROUP_SETTINGS *settings, const struct transition *t,
			    const struct owner *owner, __u8 role)
{
	group_u64 *parts = (group_u64 *)key->part;
	__u8 first = settings->by[0], second = settings->by[1];

	if (group_is_by(first, GROUP_BY_LADDR, GROUP_BY_RADDR) || group_is_by(second, GROUP_BY_LADDR, GROUP_BY_RADDR) ||
	    group_is_by(first, GROUP_BY_PREFIX, GROUP_BY_CONN) || group_is_by(second, GROUP_BY_PREFIX, GROUP_BY_PREFIX))
		key->ip_version = t->ip_version;
	if (group_is_by(first, GROUP_BY_PID, GROUP_BY_CGROUP) || group_is_by(second, GROUP_BY_PID, GROUP_BY_CGROUP))
		key->owner_known = owner->source != OWNER_UNKNOWN;
	if (first == GROUP_BY_CONN) {
		first = GROUP_BY_LADDR;
		second = GROUP_BY_RADDR;
		key->lport = t->lport;
		key->rport = t->rport;
		key->cookie = t->cookie;
		key->conn_seq = t->conn_seq;
	}
	group_key_add(parts, first, settings, t, owner, role);
	group_key_add(parts + 2, second, settings, t, owner, role);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The listeners that are older than the tool, by namespace, port and address, which their children have in common with
 * them. At start-up, the map shows which older connections are children of a listener, and who owns the children in an
 * accept queue.
 */
#ifndef TCPVITALS_BPF_TRACK_OLD_LISTENER_H
#define TCPVITALS_BPF_TRACK_OLD_LISTENER_H

#include "bpf/kernel.bpf.h"

#include "abi/connection.h"
#include "abi/transition.h"
#include "bpf/track/conn.bpf.h"
#include "bpf/track/listener.bpf.h"
#include "bpf/track/owner.bpf.h"

struct old_listener_key {
	__u32 netns;
	__u16 lport;
	__u16 pad;
	__u64 laddr[2]; /* 0: any address */
};

/* Several listeners of different processes share the port (SO_REUSEPORT): no address tells whose child it is. */
#define OLD_LISTENER_SEVERAL 0

/* Value: the listener's address, of several ones of the same process one of them; or OLD_LISTENER_SEVERAL. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* 4096 where it is used */
	__type(key, struct old_listener_key);
	__type(value, __u64);
} old_listeners SEC(".maps");

static __always_inline void old_listener_key(struct old_listener_key *key, const struct transition *t)
{
	key->netns = t->netns;
	key->lport = t->lport;
	key->pad = 0;
	__builtin_memcpy(key->laddr, t->laddr, sizeof(key->laddr));
}

/* Whether both listeners are known to have the same owner. */
static __always_inline bool old_listener_is_same(__u64 first, __u64 second)
{
	struct known_listener *a = bpf_map_lookup_elem(&listeners, &first);
	struct known_listener *b = bpf_map_lookup_elem(&listeners, &second);

	return a && b && a->owner.pid == b->owner.pid;
}

/* Adds the listener of `t`, which has all fields of the socket. Its owner is stored already, if it is known. */
static __always_inline void old_listener_add(const struct transition *t)
{
	struct old_listener_key key;
	__u64 *other, address = t->skaddr;

	old_listener_key(&key, t);
	other = bpf_map_lookup_elem(&old_listeners, &key);
	if (other && *other != address && !old_listener_is_same(*other, address))
		address = OLD_LISTENER_SEVERAL;
	bpf_map_update_elem(&old_listeners, &key, &address, BPF_ANY);
}

/* Returns the address of the listener of the connection `t`, or OLD_LISTENER_SEVERAL; NULL: there is none. */
static __always_inline __u64 *old_listener_find(const struct transition *t)
{
	struct old_listener_key key;
	__u64 *listener;

	old_listener_key(&key, t);
	listener = bpf_map_lookup_elem(&old_listeners, &key);
	if (listener)
		return listener;
	key.laddr[0] = key.laddr[1] = 0;
	return bpf_map_lookup_elem(&old_listeners, &key);
}

/* Stores the role of a connection older than the tool, and its owner while it waits in the accept queue. */
static __always_inline void old_listener_seed(struct conn *conn, const struct transition *t, bool is_waiting)
{
	__u64 *address = old_listener_find(t);
	struct known_listener *listener;

	if (!address)
		return;
	conn->role = ROLE_SERVER;
	conn->group = 0; /* may depend on the role */
	listener = bpf_map_lookup_elem(&listeners, address);
	if (!listener || !is_waiting || conn->owner.source != OWNER_UNKNOWN)
		return;
	conn->listener = *address;
	conn->listener_cookie = listener->cookie;
	owner_inherit_from(&conn->owner, &listener->owner);
}

#endif

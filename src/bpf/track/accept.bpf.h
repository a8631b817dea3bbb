/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An owner on its way from a kretprobe, whose pointers open no socket storage, to the socket's next transition or
 * sample: one for each connection that nothing has happened to since it was accepted. Goes with the socket at the
 * latest. Allocated in advance, as conn_hash is: about 7 MiB.
 */
#ifndef TCPVITALS_BPF_TRACK_ACCEPT_H
#define TCPVITALS_BPF_TRACK_ACCEPT_H

#include "bpf/kernel.bpf.h"

#include "abi/transition.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/track/conn.bpf.h"
#include "bpf/track/listener.bpf.h"
#include "bpf/track/losses.bpf.h"
#include "bpf/track/mptcp.bpf.h"
#include "bpf/track/owner.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64); /* address of struct sock */
	__type(value, struct owner);
} accepted SEC(".maps");

/* Whether the kretprobe is attached. */
const volatile bool accept_by_kretprobe = false;

/* Whether each accept() shows, but for one that was under way when the program was attached, or is missed otherwise. */
const volatile bool accept_sees_all = false;

/* A connection that a process has, and nobody was seen accepting. Before a transition, with the socket locked. */
static __always_inline void accept_check(struct conn *conn, struct tcp_sock *tp)
{
	/* Of an MPTCP connection, only the first path is accepted. */
	if (!accept_sees_all || !conn->listener || conn->mptcp_token || !owner_is_guess(&conn->owner) ||
	    conn->accept_missed || !tp->SOCK_BASE.sk_socket)
		return;
	conn->accept_missed = 1;
	count(&losses.accept_missed);
}

/* What the kretprobe has left for the socket at `address`, which is locked, unless its owner is known already. */
static __always_inline void accept_claim(struct conn *conn, __u64 address)
{
	struct owner *left;

	if (!accept_by_kretprobe || !owner_is_guess(&conn->owner))
		return;
	left = bpf_map_lookup_elem(&accepted, &address);
	if (!left)
		return;
	conn->owner = *left;
	conn->owner_turn++;
	listener_learn(conn, &conn->owner, true);
	mptcp_lend(conn);
	bpf_map_delete_elem(&accepted, &address);
}

/* Before a transition makes something else of the owner. A new child may have an old one's address. */
static __always_inline void accept_take_owner(struct conn *conn, const struct transition *t)
{
	if (accept_by_kretprobe && state_is_birth(t->oldstate, t->newstate))
		bpf_map_delete_elem(&accepted, &t->skaddr);
	else
		accept_claim(conn, t->skaddr);
}

/* The socket goes: one that was closed before it was accepted has no more transitions. */
static __always_inline void accept_forget(struct sock *sk)
{
	__u64 key = (__u64)(unsigned long)sk;

	if (accept_by_kretprobe)
		bpf_map_delete_elem(&accepted, &key);
}

#endif

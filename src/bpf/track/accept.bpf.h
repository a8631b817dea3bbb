/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Carries an owner from the kretprobe on inet_csk_accept() to the socket's next transition or sample. A pointer of a
 * kretprobe gives no access to socket storage, so the owner waits in a map.
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

/*
 * One entry for each accepted connection without a later transition or sample. An entry goes with its socket at the
 * latest. Allocated in advance, as conn_hash is: about 7 MiB.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64); /* address of struct sock */
	__type(value, struct owner);
} accepted SEC(".maps");

/* Whether the kretprobe is attached. */
const volatile bool accept_by_kretprobe = false;

/* Whether the program sees each accept(), except one under way at the attachment, and except events that are missed. */
const volatile bool accept_sees_all = false;

/*
 * Counts a connection that a process has although no process was seen accepting it. Called before a transition, with
 * the socket locked.
 */
static __always_inline void accept_check(struct conn *conn, struct tcp_sock *tp)
{
	/* Only the first path of an MPTCP connection is accepted. */
	if (!accept_sees_all || !conn->listener || conn->mptcp_token || !owner_is_guess(&conn->owner) ||
	    conn->accept_missed || !tp->SOCK_BASE.sk_socket)
		return;
	conn->accept_missed = 1;
	count(&losses.accept_missed);
}

/*
 * Takes the owner that the kretprobe has stored for the socket at `address`, unless the owner is known already. The
 * socket is locked.
 */
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

/* Called before a transition changes the owner. A new child may have the address of an earlier socket. */
static __always_inline void accept_take_owner(struct conn *conn, const struct transition *t)
{
	if (accept_by_kretprobe && state_is_birth(t->oldstate, t->newstate))
		bpf_map_delete_elem(&accepted, &t->skaddr);
	else
		accept_claim(conn, t->skaddr);
}

/* Called when the socket is destroyed: a socket that was closed before it was accepted has no more transitions. */
static __always_inline void accept_forget(struct sock *sk)
{
	__u64 key = (__u64)(unsigned long)sk;

	if (accept_by_kretprobe)
		bpf_map_delete_elem(&accepted, &key);
}

#endif

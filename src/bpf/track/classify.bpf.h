/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds out whether a connection is in scope, and its group. The struct conn keeps the answer. */
#ifndef TCPVITALS_BPF_TRACK_CLASSIFY_H
#define TCPVITALS_BPF_TRACK_CLASSIFY_H

#include "bpf/kernel.bpf.h"

#include "abi/group.h"
#include "abi/transition.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/track/conn_any.bpf.h"
#include "bpf/track/group.bpf.h"
#include "bpf/track/netns.bpf.h"
#include "bpf/track/process.bpf.h"
#include "bpf/track/scope.bpf.h"

const volatile bool is_grouped = false;
const volatile bool is_scoped = false;           /* the scope may exclude a connection */
const volatile bool uses_owner = false;          /* the owner decides about a connection's group or scope */
const volatile __u32 classify_fields = 0;        /* enum group_field */
const volatile bool classify_at_close = false;   /* a connection may be classified at its transition to CLOSE */
const volatile bool classify_by_segment = false; /* only the program that sees segments classifies (group_recent) */

static __always_inline void read_asked_fields(struct transition *t, struct tcp_sock *tp, bool probed)
{
	__u32 fields = classify_fields;

	if (fields & GROUP_FIELD_ADDRESSES)
		sock_read_addresses(t, tp, 0, probed, true);
	if (fields & GROUP_FIELD_LPORT)
		t->lport = sock_lport(tp, probed, classify_at_close);
	if (fields & GROUP_FIELD_RPORT)
		t->rport = sock_rport(tp, probed);
	if (fields & GROUP_FIELD_NETNS)
		t->netns = sock_netns(tp, probed);
	if (fields & GROUP_FIELD_IFINDEX)
		t->ifindex = sock_ifindex(tp, probed);
	if (fields & GROUP_FIELD_UID)
		t->uid = SOCK_GET(probed, tp, SOCK_INET.sk.sk_uid.val);
}

static __always_inline bool in_scope(struct tcp_sock *tp, const struct transition *t, const struct owner *owner,
				     __u8 role, bool probed)
{
	if (!is_scoped)
		return true;
	if (scope.numbers[SCOPE_NETNS] && !netns_in_scope(tp, probed))
		return false;
	if (scope.by_socket && !scope_admits_socket(t))
		return false;
	return scope_admits_role(role) && scope_admits_uid(t->uid) && scope_admits_owner(owner);
}

/* Whether a socket without a struct conn is in scope, as far as that can be told without owner and role. */
static __always_inline bool stranger_is_in_scope(struct tcp_sock *tp)
{
	struct transition t = {};
	struct owner nobody = {};

	if (!is_scoped)
		return true;
	read_asked_fields(&t, tp, false);
	return in_scope(tp, &t, &nobody, ROLE_UNKNOWN, false);
}

/* Fills in the identity of a connection: cookie and conn_seq, as in struct transition. `conn` may be NULL. */
static __always_inline void read_connection(struct transition *t, struct tcp_sock *tp, const struct conn *conn)
{
	if (grouping.by[0] != GROUP_BY_CONN)
		return;
	/*
	 * Without socket storage, a socket has a cookie only if a process asked, perhaps in the middle of the
	 * connection.
	 */
	if (conn_in_socket)
		t->cookie = tp->SOCK_COMMON.skc_cookie.counter;
	t->conn_seq = conn ? conn->conn_seq : CONN_SEQ_UNKNOWN;
}

/* Returns the number of the connection's group + 1 (1 when there are no groups), or GROUP_OUT. `conn` may be NULL. */
static __always_inline __u32 classify(struct tcp_sock *tp, const struct conn *conn, const struct owner *owner,
				      bool probed)
{
	__u8 role = conn ? conn->role : ROLE_UNKNOWN;
	struct transition t = {};

	read_asked_fields(&t, tp, probed);
	read_connection(&t, tp, conn);
	if (!in_scope(tp, &t, owner, role, probed))
		return GROUP_OUT;
	if (!is_grouped)
		return 1;
	return group_number(&t, owner, role, tp, probed, classify_by_segment) + 1;
}

/* User space adds one when it has taken numbers away from groups: look each group up again. */
__u32 group_epoch = 0;

/* Whether `conn` still has the right group: the owner is the same, and user space has ended no group since. */
static __always_inline bool classify_is_kept(const struct conn *conn, __u8 turn)
{
	return conn->group && conn->group_epoch == (*(volatile __u32 *)&group_epoch & GROUP_EPOCHS) &&
	       (!uses_owner || conn->group_turn == turn);
}

/*
 * Returns what classify() returns, and keeps the group until the owner changes. The group of a connection without an
 * owner is not kept: the seeding may find the owner soon. `owner_turn` is read first, because another CPU may write the
 * owner meanwhile.
 */
static __always_inline __u32 classify_once(struct tcp_sock *tp, struct conn *conn)
{
	struct owner owner;
	__u32 group, epoch;
	__u8 turn;

	if (uses_owner)
		process_refresh_name(conn);
	turn = *(volatile __u8 *)&conn->owner_turn;
	epoch = *(volatile __u32 *)&group_epoch;
	if (classify_is_kept(conn, turn))
		return conn->group == GROUP_KEPT_OUT ? GROUP_OUT : conn->group;
	owner_copy(&owner, &conn->owner);
	group = classify(tp, conn, &owner, false);
	conn->group_turn = turn;
	conn->group_epoch = epoch;
	conn->group = uses_owner && owner.source == OWNER_UNKNOWN ? 0 : group;
	return group;
}

/*
 * Returns the group of a transition that is in scope, by its number + 1. The transition has all fields of the socket,
 * so nothing is read again.
 */
static __always_inline __u32 classify_transition(struct tcp_sock *tp, struct conn *conn, const struct transition *t)
{
	__u8 turn = *(volatile __u8 *)&conn->owner_turn;
	__u32 group;

	if (!is_grouped)
		return 1;
	if (classify_is_kept(conn, turn) && conn->group != GROUP_KEPT_OUT)
		return conn->group;
	group = group_number(t, &t->owner, conn->role, tp, false, false) + 1;
	conn->group_turn = turn;
	conn->group_epoch = *(volatile __u32 *)&group_epoch;
	conn->group = uses_owner && t->owner.source == OWNER_UNKNOWN ? 0 : group;
	return group;
}

/*
 * Returns the number of the group + 1, or GROUP_OUT. `conn` is NULL when the caller remembers no sockets, or when there
 * is no memory.
 */
static __always_inline __u32 group_of(struct tcp_sock *tp, struct conn *conn, bool probed)
{
	if (conn && !probed)
		return classify_once(tp, conn);
	if (is_scoped || is_grouped) {
		struct owner nobody = {};

		return classify(tp, NULL, &nobody, probed);
	}
	return 1;
}

#endif

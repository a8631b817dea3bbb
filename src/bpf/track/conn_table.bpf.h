/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a struct conn is kept: in a table by the socket's address as long as there is a place, else in the socket's own
 * storage. To make, clone and free that takes 1.6 us for a connection, a sixth of all that its transitions took; a
 * place in the table takes two atomic operations. Sockets that were there before the tool, but for listening ones, are
 * in storage: they are met once, and there may be many.
 *
 * The socket's lock protects the place as it does the storage.
 */
#ifndef TCPVITALS_BPF_TRACK_CONN_TABLE_H
#define TCPVITALS_BPF_TRACK_CONN_TABLE_H

#include "bpf/kernel.bpf.h"

#include "bpf/read/sock.bpf.h"
#include "bpf/track/conn.bpf.h"
#include "bpf/track/listener.bpf.h"
#include "bpf/track/losses.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/scope.bpf.h"

#define CONN_TABLE_BITS 14

/* All that a transition reads is in its first cache line. */
struct conn_place {
	__u64 sk; /* 0: free */
	struct conn conn;
} __attribute__((aligned(128)));

/* A socket's place is one of two, side by side. */
struct conn_pair {
	struct conn_place places[2];
};

/* Mappable, as only that has its values aligned. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << CONN_TABLE_BITS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct conn_pair);
} conn_table SEC(".maps");

/* Not for --stuck, which goes over all storage. */
const volatile bool conn_in_table = false;

/* Set when all sockets have been looked at that are older than we are. */
bool older_are_known = false;

/* By half of the address. The verifier lets nobody calculate with a whole one; this moves half of it. */
static __always_inline __u32 conn_pair_index(const void *sk)
{
	__u32 low;

	asm volatile("%0 = %1" : "=w"(low) : "w"((__u32)(unsigned long)sk));
	return (low >> 6) * 0x9e3779b1u >> (32 - CONN_TABLE_BITS);
}

static __always_inline struct conn_pair *conn_pair_of(const void *sk)
{
	__u32 index;

	if (!conn_in_table)
		return NULL;
	index = conn_pair_index(sk);
	return bpf_map_lookup_elem(&conn_table, &index);
}

/* The second one, if `second`. Calculated, lest the verifier follow all the rest once for each of the two. */
static __always_inline struct conn_place *conn_place_at(struct conn_pair *pair, bool second)
{
	return &pair->places[(second + opaque_zero(pair->places[0].sk)) & 1];
}

static __always_inline struct conn_place *conn_place_of(const void *sk)
{
	struct conn_pair *pair = conn_pair_of(sk);
	struct conn_place *place;

	if (!pair)
		return NULL;
	place = conn_place_at(pair, pair->places[0].sk != (__u64)(unsigned long)sk);
	return place->sk == (__u64)(unsigned long)sk ? place : NULL;
}

/* Whether the socket has a place, and its number among all. */
static __always_inline bool conn_place_number(const void *sk, __u32 *ret)
{
	struct conn_pair *pair = conn_pair_of(sk);
	bool second;

	if (!pair)
		return false;
	second = pair->places[0].sk != (__u64)(unsigned long)sk;
	*ret = conn_pair_index(sk) * 2 + second;
	return conn_place_at(pair, second)->sk == (__u64)(unsigned long)sk;
}

/* One that it has from now on, all zero; NULL when there is no room, or another socket was faster. */
static __always_inline struct conn_place *conn_place_new(const void *sk)
{
	struct conn_pair *pair = conn_pair_of(sk);
	struct conn_place *place;

	if (!pair)
		return NULL;
	place = conn_place_at(pair, pair->places[0].sk);
	if (place->sk || __sync_val_compare_and_swap(&place->sk, 0, (__u64)(unsigned long)sk))
		return NULL;
	return place;
}

/*
 * The socket goes; NULL is nothing to be done. What is free is all zero, before somebody else can take it: also on CPUs
 * that would write in another order.
 */
static __always_inline void conn_place_leave(struct conn_place *place)
{
	if (!place)
		return;
	__builtin_memset(&place->conn, 0, sizeof(place->conn));
	__sync_lock_test_and_set(&place->sk, 0);
}

/* NULL if nothing is remembered of the socket. */
static __always_inline struct conn *conn_find(struct sock *sk)
{
	struct conn_place *place = conn_place_of(sk);

	return place ? &place->conn : bpf_sk_storage_get(&conn_storage, sk, NULL, 0);
}

/*
 * What was left behind by a socket at the same address, whose end went unseen: nothing is there when a child is born,
 * and a socket that nobody has asked for its cookie is new. Until 6.15 a child's cookie is set after its birth.
 */
static __always_inline bool conn_is_left_over(const struct conn *conn, struct sock *sk, const struct transition *t)
{
	__u64 cookie = sock_as_tcp(sk)->SOCK_COMMON.skc_cookie.counter;
	__u64 is_new = state_is_birth(t->oldstate, t->newstate) |
		       (state_is_begin(t->oldstate, t->newstate) & is_zero(cookie | cookie >> 32));
	__u64 is_same = is_zero(conn->cookie) | is_zero(conn->cookie ^ cookie) | is_zero(t->oldstate ^ STATE_SYN_RECV);

	return is_new | (is_same ^ 1);
}

/* The socket's, made if need be; NULL is lack of memory. */
static __always_inline struct conn *conn_make(struct sock *sk, struct tcp_sock *tp, const struct transition *t)
{
	bool is_birth = state_is_birth(t->oldstate, t->newstate);
	struct conn_place *place = conn_place_of(sk);
	struct conn *conn;

	if (place && !conn_is_left_over(&place->conn, sk, t))
		return &place->conn;
	conn_place_leave(place);
	conn = bpf_sk_storage_get(&conn_storage, sk, NULL, 0);
	if (conn)
		return conn;
	/* It was born a moment ago, and that went unseen. (A transparent proxy's port may bring it into scope just
	 * now.) */
	if (t->oldstate == STATE_SYN_RECV && older_are_known && !scope.by_lport)
		count(&losses.gaps);
	place = is_birth || state_is_begin(t->oldstate, t->newstate) ? conn_place_new(sk) : NULL;
	conn = place ? &place->conn : sock_storage_make(&conn_storage, sk);
	if (conn && is_birth)
		listener_inherit(conn, tp);
	return conn;
}

/* Finds or makes that of a socket that is older than the tool. Its lock need not be held. */
static __always_inline struct conn *conn_make_older(struct sock *sk)
{
	struct conn *conn = conn_find(sk);
	struct conn_place *place;

	if (conn)
		return conn;
	place = sock_as_tcp(sk)->SOCK_COMMON.skc_state == STATE_LISTEN ? conn_place_new(sk) : NULL;
	if (place && sock_as_tcp(sk)->SOCK_COMMON.skc_state == STATE_LISTEN)
		return &place->conn;
	/* Closed meanwhile: that may have made what it has in storage. */
	conn_place_leave(place);
	return sock_storage_make(&conn_storage, sk);
}

#endif

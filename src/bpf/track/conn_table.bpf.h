/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps each struct conn: in a table by the socket's address while there is a place, else in the socket's own storage.
 * The socket's lock protects the place, as it protects the storage.
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

/* The first cache line has all that a transition reads. */
struct conn_place {
	__u64 sk; /* address of the socket, 0: free */
	struct conn conn;
} __attribute__((aligned(128)));

/* A socket has one of two places, side by side. */
struct conn_pair {
	struct conn_place places[2];
};

/*
 * To make, clone and free socket storage takes 1.6 us for a connection, a sixth of the time of its transitions. A place
 * in the table takes two atomic operations. Sockets older than the tool are in storage, except listeners: the seeding
 * meets each of them once, and there may be many.
 *
 * Mappable, because only a mappable array has aligned values.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << CONN_TABLE_BITS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct conn_pair);
} conn_table SEC(".maps");

/* Whether the table is in use. Not for --stuck, which goes over all storage. */
const volatile bool conn_in_table = false;

/* Sockets that count as open in a state (conn.counted) although their end went unseen, by that state. */
__u64 conn_left_open[16] = {};

/* User space sets this when the seeding has visited all sockets older than the tool. */
bool seeding_done = false;

/*
 * Returns an index from the lower half of the address. The verifier refuses arithmetic with a whole pointer; the asm
 * moves half of it.
 */
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

/*
 * Returns the second place if `second`, else the first. The index is calculated, so that the verifier does not follow
 * all the rest once for each of the two.
 */
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

/* Whether the socket has a place. *ret is the place's number among all places. */
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

/* Returns what an array has for the socket's place; NULL: the socket has none. Its index is the place's number. */
static __always_inline void *conn_beside_place(void *array, const void *sk)
{
	__u32 number;

	return conn_place_number(sk, &number) ? bpf_map_lookup_elem(array, &number) : NULL;
}

/* Gives the socket a place, all zero. NULL: there is no room, or another socket was faster. */
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
 * Frees a place; NULL is allowed. The free place is all zero before another socket can take it, also on CPUs that would
 * reorder the writes.
 */
static __always_inline void conn_place_leave(struct conn_place *place)
{
	if (!place)
		return;
	__builtin_memset(&place->conn, 0, sizeof(place->conn));
	__sync_lock_test_and_set(&place->sk, 0);
}

/* Returns NULL if the socket has no struct conn. */
static __always_inline struct conn *conn_find(struct sock *sk)
{
	struct conn_place *place = conn_place_of(sk);

	return place ? &place->conn : bpf_sk_storage_get(&conn_storage, sk, NULL, 0);
}

/*
 * Whether `conn` is left over from an earlier socket at the same address, whose end went unseen. A child has no struct
 * conn at its birth, and a beginning socket without a cookie is new. Until 6.15 a child gets its cookie after its
 * birth.
 */
static __always_inline bool conn_is_left_over(const struct conn *conn, struct sock *sk, const struct transition *t)
{
	__u64 cookie = sock_as_tcp(sk)->SOCK_COMMON.skc_cookie.counter;
	__u64 is_new = state_is_birth(t->oldstate, t->newstate) |
		       (state_is_begin(t->oldstate, t->newstate) & is_zero(cookie | cookie >> 32));
	__u64 is_same = is_zero(conn->cookie) | is_zero(conn->cookie ^ cookie) | is_zero(t->oldstate ^ STATE_SYN_RECV);

	return is_new | (is_same ^ 1);
}

/* Finds or makes the socket's struct conn; NULL: no memory. */
static __always_inline struct conn *conn_make(struct sock *sk, struct tcp_sock *tp, const struct transition *t)
{
	bool is_birth = state_is_birth(t->oldstate, t->newstate);
	struct conn_place *place = conn_place_of(sk);
	struct conn *conn;

	if (place && !conn_is_left_over(&place->conn, sk, t))
		return &place->conn;
	if (place)
		__sync_fetch_and_add(&conn_left_open[place->conn.counted & 15], 1);
	conn_place_leave(place);
	conn = bpf_sk_storage_get(&conn_storage, sk, NULL, 0);
	if (conn)
		return conn;
	/*
	 * The socket's birth, a moment ago, went unseen. (With a filter by local port, a transparent proxy's port may
	 * bring the socket into scope only now.)
	 */
	if (t->oldstate == STATE_SYN_RECV && seeding_done && !scope.by_lport)
		count(&losses.gaps);
	place = is_birth || state_is_begin(t->oldstate, t->newstate) ? conn_place_new(sk) : NULL;
	conn = place ? &place->conn : sock_storage_make(&conn_storage, sk);
	if (conn && is_birth)
		listener_inherit(conn, tp);
	return conn;
}

/* Finds or makes the struct conn of a socket older than the tool. The caller need not hold the socket's lock. */
static __always_inline struct conn *conn_make_older(struct sock *sk)
{
	struct conn *conn = conn_find(sk);
	struct conn_place *place;

	if (conn)
		return conn;
	place = sock_as_tcp(sk)->SOCK_COMMON.skc_state == STATE_LISTEN ? conn_place_new(sk) : NULL;
	if (place && sock_as_tcp(sk)->SOCK_COMMON.skc_state == STATE_LISTEN)
		return &place->conn;
	/* Closed meanwhile: the transition may have made a struct conn in storage. */
	conn_place_leave(place);
	return sock_storage_make(&conn_storage, sk);
}

#endif

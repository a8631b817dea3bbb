/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps each struct conn on kernels without socket storage (before 5.12, or without BTF): in a bounded hash by the
 * socket's address. The hash forgets a connection at its end, so conn_seq is always 0.
 */
#ifndef TCPVITALS_BPF_TRACK_CONN_HASH_H
#define TCPVITALS_BPF_TRACK_CONN_HASH_H

#include "bpf/kernel.bpf.h"

#include "abi/tcp_state.h"
#include "abi/transition.h"
#include "bpf/track/conn.bpf.h"
#include "bpf/track/owner.bpf.h"

/* The program that takes samples at CLOSE (rtt/programs.bpf.h) removes the entry, after the other programs. */
const volatile bool conn_hash_outlives_close = false;

static const struct conn conn_hash_empty = {};

static __always_inline struct conn *conn_hash_find(const void *sk)
{
	__u64 key = (__u64)(unsigned long)sk;

	return bpf_map_lookup_elem(&conn_hash, &key);
}

/* Makes the struct conn of a socket that has none; NULL: the hash is full. */
static __always_inline struct conn *conn_hash_add(const void *sk)
{
	__u64 key = (__u64)(unsigned long)sk;

	bpf_map_update_elem(&conn_hash, &key, &conn_hash_empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&conn_hash, &key);
}

/* Finds or makes the struct conn of a socket in transition; NULL: the hash is full. */
static __always_inline struct conn *conn_hash_make(const struct transition *t)
{
	/* An earlier socket at this address, whose end went unseen, may have left an entry. */
	bool fresh = t->oldstate == STATE_CLOSE || state_is_birth(t->oldstate, t->newstate);
	struct conn *conn = fresh ? NULL : bpf_map_lookup_elem(&conn_hash, &t->skaddr);

	if (conn)
		return conn;
	/* Before 5.15 a scan holds no lock: a transition may just have made the entry. */
	bpf_map_update_elem(&conn_hash, &t->skaddr, &conn_hash_empty, fresh ? BPF_ANY : BPF_NOEXIST);
	return bpf_map_lookup_elem(&conn_hash, &t->skaddr);
}

static __always_inline void conn_hash_forget(__u64 skaddr)
{
	bpf_map_delete_elem(&conn_hash, &skaddr);
}

#endif

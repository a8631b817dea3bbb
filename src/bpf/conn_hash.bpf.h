/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct conn where there is no socket storage for it (before 5.11, or without BTF): a bounded hash by the socket's
 * address. It forgets a connection at its end, so that conn_seq is always 0, and children do not inherit their
 * listener's owner.
 */
#ifndef TCPVITALS_BPF_CONN_HASH_H
#define TCPVITALS_BPF_CONN_HASH_H

#include "bpf/transition.bpf.h"

static const struct conn conn_hash_empty = {};

/* The socket's, made if need be; NULL when the hash is full. */
static __always_inline struct conn *conn_hash_get(const struct transition *t)
{
	/* Whatever is stored under this address then is a socket's that has gone unseen. */
	bool fresh = t->oldstate == STATE_CLOSE || owner_is_birth(t->oldstate, t->newstate);
	struct conn *conn = fresh ? NULL : bpf_map_lookup_elem(&conn_hash, &t->skaddr);

	if (conn)
		return conn;
	/* A look at all sockets holds no lock before 5.15: a transition may just have made it. */
	bpf_map_update_elem(&conn_hash, &t->skaddr, &conn_hash_empty, fresh ? BPF_ANY : BPF_NOEXIST);
	return bpf_map_lookup_elem(&conn_hash, &t->skaddr);
}

/* Out of scope: what was held back until the port is known need not be shown, nor anything of the socket remembered. */
static __always_inline void conn_hash_drop_held(const struct transition *t)
{
	struct conn *conn;

	if (t->oldstate != STATE_SYN_RECV &&
	    (!scope.by_lport || (t->oldstate != STATE_SYN_SENT && t->oldstate != STATE_LISTEN)))
		return;
	conn = bpf_map_lookup_elem(&conn_hash, &t->skaddr);
	if (!conn)
		return;
	transition_drop_held(conn);
	bpf_map_delete_elem(&conn_hash, &t->skaddr);
}

static __always_inline void conn_hash_forget_closed(const struct transition *t)
{
	if (t->newstate == STATE_CLOSE)
		bpf_map_delete_elem(&conn_hash, &t->skaddr);
}

/* Whether nothing is known of the socket, and it need not be (scope_is_choosy()). */
static __always_inline bool conn_hash_ignores(const struct transition *t, enum owner_context context)
{
	return scope_is_choosy() && !bpf_map_lookup_elem(&conn_hash, &t->skaddr) && !transition_is_worth(t, context);
}

static __always_inline void conn_hash_record(struct transition *t, enum scope_verdict verdict,
					     enum owner_context context)
{
	struct conn *conn = conn_hash_get(t);

	if (conn)
		transition_record(conn, t, verdict, context);
	else
		transition_record_unstored(t, verdict);
	conn_hash_forget_closed(t);
}

/* For the second program: the first one was skipped. */
static __always_inline void conn_hash_recover(struct transition *t, enum scope_verdict verdict,
					      enum owner_context context)
{
	struct conn *conn = conn_hash_get(t);

	if (conn)
		transition_recover(conn, t, verdict, context);
	else
		__sync_fetch_and_add(&losses.unrecovered, 1);
	conn_hash_forget_closed(t);
}

#endif

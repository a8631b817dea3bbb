/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds the owner of each path (subflow) of an MPTCP connection: a path is a TCP socket of its own. All paths but the
 * first join later, opened by the kernel, a daemon or the peer. They belong to the process that owns the first path,
 * which is found by the connection's token.
 */
#ifndef TCPVITALS_BPF_TRACK_MPTCP_H
#define TCPVITALS_BPF_TRACK_MPTCP_H

#include "bpf/kernel.bpf.h"

#include "abi/transition.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/read/state.bpf.h"
#include "bpf/track/conn.bpf.h"
#include "bpf/track/owner.bpf.h"

/*
 * Owners by token, which is random and belongs to one connection at a time. LRU, because no event shows when a
 * connection ends.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct owner);
} mptcp_owners SEC(".maps");

static __always_inline bool mptcp_is_path(struct tcp_sock *tp)
{
	return bpf_core_field_exists(tp->is_mptcp) && BPF_CORE_READ_BITFIELD(tp, is_mptcp);
}

/*
 * Whether the token of a path is to be read, or its owner to be looked for. A path gets its token by one of two
 * transitions: a child has its token only when the kernel has made it. Of a path that is older than the tool, any
 * transition shows the token, and the first path may show the owner later.
 */
static __always_inline bool mptcp_is_due(const struct conn *conn, struct tcp_sock *tp, const struct transition *t)
{
	__u64 gets_token = is_zero((t->newstate ^ STATE_SYN_SENT) * (t->newstate ^ STATE_ESTABLISHED));
	__u64 has_no_token = is_zero(conn->mptcp_token) & !state_is_birth(t->oldstate, t->newstate);
	__u64 has_no_owner = conn->borrowed & is_zero(conn->owner.source ^ OWNER_UNKNOWN);

	return (gets_token | has_no_token | has_no_owner) && mptcp_is_path(tp);
}

/* Gives a joining path the connection's owner, or none. */
static __always_inline void mptcp_borrow(struct conn *conn)
{
	struct owner *known = bpf_map_lookup_elem(&mptcp_owners, &conn->mptcp_token);

	conn->owner.source = OWNER_UNKNOWN;
	if (known)
		conn->owner = *known;
	conn->borrowed = 1;
}

/* Stores the owner of the first path, as soon as it is known. Other paths join when the first is established. */
static __always_inline void mptcp_lend(const struct conn *conn)
{
	struct owner owner = conn->owner;
	__u32 token = conn->mptcp_token;

	if (token && !conn->borrowed && owner.source != OWNER_UNKNOWN && owner.source != OWNER_KERNEL)
		bpf_map_update_elem(&mptcp_owners, &token, &owner, BPF_ANY);
}

/* Called before a transition of any socket. */
static __always_inline void mptcp_follow(struct conn *conn, struct tcp_sock *tp, const struct transition *t)
{
	struct mptcp_subflow_context *path;

	if (!mptcp_is_due(conn, tp, t))
		return;
	path = (struct mptcp_subflow_context *)tp->inet_conn.icsk_ulp_data;
	conn->mptcp_token = BPF_CORE_READ(path, token);
	if (BPF_CORE_READ_BITFIELD_PROBED(path, request_join) | BPF_CORE_READ_BITFIELD_PROBED(path, mp_join))
		mptcp_borrow(conn);
	else if (t->newstate != STATE_SYN_SENT)
		mptcp_lend(conn);
}

#endif

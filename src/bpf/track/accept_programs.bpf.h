/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who accepted a connection: until that is known it belongs to its listener's owner, which may be another process (a
 * master that listens, workers that accept). The best of these that the kernel admits is loaded.
 */
#ifndef TCPVITALS_BPF_TRACK_ACCEPT_PROGRAMS_H
#define TCPVITALS_BPF_TRACK_ACCEPT_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "bpf/read/sock.bpf.h"
#include "bpf/track/accept.bpf.h"
#include "bpf/track/conn_any.bpf.h"
#include "bpf/track/listener.bpf.h"
#include "bpf/track/losses.bpf.h"
#include "bpf/track/mptcp.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/pid.bpf.h"
#include "bpf/track/process.bpf.h"
#include "bpf/track/stop.bpf.h"

/* The current process accepted the connection (OWNER_ACCEPT), or reads from it (OWNER_USE). */
static __always_inline void accept_note(struct conn *conn, enum owner_source source)
{
	bool was_guess = owner_is_guess(&conn->owner);

	if (!was_guess && (source == OWNER_ACCEPT || conn->owner.pid == pid_of_current()))
		return;
	owner_take(&conn->owner, source);
	conn->owned_ns = bpf_ktime_get_ns();
	conn->owner_turn++;
	if (was_guess)
		listener_learn(conn, &conn->owner, false);
	mptcp_lend(conn);
}

/* The current process has just taken `child` out of a listener's queue. */
static __always_inline void accept_child(struct sock *child)
{
	struct conn *conn;

	/* Also asks the verifier whether it is a socket. */
	if (is_stopped() || !child || sock_as_tcp(child)->SOCK_BASE.sk_protocol != IPPROTO_TCP_NUM)
		return;
	conn = conn_of(child);
	if (conn)
		accept_note(conn, OWNER_ACCEPT);
}

/* The result comes behind the arguments: two of them since 6.10 (92ef0fd55ac80), four before. */
SEC("fexit/inet_csk_accept")
int accept_fexit(unsigned long long *ctx)
{
	struct sock *child;

	/* Two loads with a constant offset each: what cannot be there is never verified. */
	if (bpf_core_type_exists(struct proto_accept_arg)) {
		child = (struct sock *)ctx[2];
		barrier_var(child);
	} else {
		child = (struct sock *)ctx[4];
		barrier_var(child);
	}
	accept_child(child);
	return 0;
}

SEC("kretprobe/inet_csk_accept")
int BPF_KRETPROBE(accept_kretprobe, struct sock *child)
{
	__u64 key = (__u64)(unsigned long)child;
	struct owner owner = {};
	struct conn *conn;

	if (is_stopped() || !child)
		return 0;
	if (conn_in_socket) {
		owner_take(&owner, OWNER_ACCEPT);
		/* As long as it lives: who claims it may come later. */
		if (process_ends_show && owner.source != OWNER_KERNEL)
			process_listens(owner.pid);
		if (bpf_map_update_elem(&accepted, &key, &owner, BPF_ANY))
			count(&losses.accept_full);
		return 0;
	}
	conn = conn_hash_find(child);
	if (conn)
		accept_note(conn, OWNER_ACCEPT);
	return 0;
}

/*
 * Where neither works: whoever reads data from the connection uses it. Each TCP receive on the machine pays for it (the
 * ways that every system call or every socket family pays for cost more: see ARCHITECTURE.md).
 */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(accept_receive, struct sock *sk)
{
	bool is_used = !is_stopped() && sock_as_tcp(sk)->SOCK_BASE.sk_lock.owned;
	struct conn *conn = is_used ? conn_of(sk) : NULL;

	if (conn)
		accept_note(conn, OWNER_USE);
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who accepted a connection: until that is known it belongs to its listener's owner, which may be another process (a
 * master that listens, workers that accept). The best of these that the kernel admits is loaded.
 */
#ifndef TCPVITALS_BPF_ACCEPT_PROGRAMS_H
#define TCPVITALS_BPF_ACCEPT_PROGRAMS_H

#include "bpf/kernel.bpf.h"

#include "bpf/accept.bpf.h"
#include "bpf/conn_table.bpf.h"
#include "bpf/owner.bpf.h"
#include "bpf/ring.bpf.h"
#include "bpf/sock.bpf.h"

static __always_inline struct conn *conn_of(struct sock *sk)
{
	__u64 key = (__u64)(unsigned long)sk;

	return conn_in_socket ? conn_find(sk) : bpf_map_lookup_elem(&conn_hash, &key);
}

/* The current process has just taken `child` out of a listener's queue. */
static __always_inline void take(struct sock *child)
{
	struct conn *conn;

	/* Also asks the verifier whether it is a socket. */
	if (!child || sock_as_tcp(child)->SOCK_BASE.sk_protocol != IPPROTO_TCP_NUM)
		return;
	conn = conn_of(child);
	if (conn && owner_is_guess(&conn->owner))
		owner_take(&conn->owner, OWNER_ACCEPT);
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
	take(child);
	return 0;
}

SEC("kretprobe/inet_csk_accept")
int BPF_KRETPROBE(accept_kretprobe, struct sock *child)
{
	__u64 key = (__u64)(unsigned long)child;
	struct owner owner = {};
	struct conn *conn;

	if (!child)
		return 0;
	if (conn_in_socket) {
		owner_take(&owner, OWNER_ACCEPT);
		if (bpf_map_update_elem(&accepted, &key, &owner, BPF_ANY))
			__sync_fetch_and_add(&losses.accept_full, 1);
		return 0;
	}
	conn = bpf_map_lookup_elem(&conn_hash, &key);
	if (conn && owner_is_guess(&conn->owner))
		owner_take(&conn->owner, OWNER_ACCEPT);
	return 0;
}

/*
 * Where neither works: whoever reads data from the connection uses it. Each TCP receive on the machine pays for it (the
 * ways that every system call or every socket family pays for cost more: see ARCHITECTURE.md).
 */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(accept_receive, struct sock *sk)
{
	struct conn *conn = sock_as_tcp(sk)->SOCK_BASE.sk_lock.owned ? conn_of(sk) : NULL;

	if (conn && (owner_is_guess(&conn->owner) || conn->owner.pid != bpf_get_current_pid_tgid() >> 32))
		owner_take(&conn->owner, OWNER_USE);
	return 0;
}

#endif

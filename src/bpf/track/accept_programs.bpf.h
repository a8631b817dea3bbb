/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs that see which process accepts a connection. Until then the connection belongs to its listener's owner,
 * perhaps another process (a master listens, workers accept). User space loads the best program that the kernel admits.
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

/* Stores the current process as the owner: it accepted the connection (OWNER_ACCEPT), or reads from it (OWNER_USE). */
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

/* The current process has just taken `child` out of a listener's accept queue. */
static __always_inline void accept_child(struct sock *child)
{
	struct conn *conn;

	/* The read also makes the verifier check that `child` is a socket. */
	if (is_stopped() || !child || sock_as_tcp(child)->SOCK_BASE.sk_protocol != IPPROTO_TCP_NUM)
		return;
	conn = conn_of(child);
	if (conn)
		accept_note(conn, OWNER_ACCEPT);
}

/* In `ctx` the result stands behind the arguments: two arguments since 6.10 (92ef0fd55ac80), four before. */
SEC("fexit/inet_csk_accept")
int accept_fexit(unsigned long long *ctx)
{
	struct sock *child;

	/* Two loads, each with a constant offset: the verifier never sees the load that this kernel does not have. */
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
		/* Called while the process lives: accept_claim() may run after its end. */
		if (process_ends_show && owner.source != OWNER_KERNEL)
			process_register(owner.pid);
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
 * Where neither of the above works: a process that reads data from the connection uses it. Each TCP receive on the
 * machine pays for this program. Hooks that each system call or each socket family pays for cost more
 * (docs/decisions.md).
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

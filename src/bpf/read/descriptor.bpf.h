/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds sockets that are older than the tool, by their descriptors, in all network namespaces. The seeding runs after
 * the programs that track sockets are attached, and keeps the data that an event has stored.
 */
#ifndef TCPVITALS_BPF_READ_DESCRIPTOR_H
#define TCPVITALS_BPF_READ_DESCRIPTOR_H

#include "bpf/kernel.bpf.h"

#include "abi/tcp_state.h"
#include "bpf/read/sock.bpf.h"

/* Returns the TCP socket at the iterator's position, or NULL if there is none or it is unused. */
static __always_inline struct sock *descriptor_socket(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file; /* read once: a NULL check does not cover a second read */
	struct socket *socket;
	struct sock *sk;

	if (!file)
		return NULL;
	socket = bpf_sock_from_file(file);
	sk = socket ? socket->sk : NULL;
	if (!sk || sock_as_tcp(sk)->SOCK_BASE.sk_protocol != IPPROTO_TCP_NUM ||
	    (sock_as_tcp(sk)->SOCK_COMMON.skc_family != AF_INET && sock_as_tcp(sk)->SOCK_COMMON.skc_family != AF_INET6))
		return NULL;
	/* An unused socket gets its owner when it connects or listens. */
	return sock_as_tcp(sk)->SOCK_COMMON.skc_state == STATE_CLOSE ? NULL : sk;
}

/*
 * The same for kernels without bpf_sock_from_file() (before 5.11). The file of a socket has the socket in private_data.
 * Returns an address for reads with helpers, which gives no access to socket storage.
 */
static __always_inline struct tcp_sock *descriptor_address(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;
	struct socket *socket;
	struct tcp_sock *tp;
	__u16 family;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = (struct socket *)BPF_CORE_READ(file, private_data);
	tp = (struct tcp_sock *)BPF_CORE_READ(socket, sk);
	if (!tp || BPF_CORE_READ(tp, SOCK_BASE.sk_protocol) != IPPROTO_TCP_NUM)
		return NULL;
	family = BPF_CORE_READ(tp, SOCK_COMMON.skc_family);
	return family == AF_INET || family == AF_INET6 ? tp : NULL;
}

#endif

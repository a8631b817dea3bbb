/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets that are older than we are, found by their descriptors, in all network namespaces. Runs after the programs
 * that follow sockets are attached, so that what an event has told already stays. A socket that several processes share
 * belongs to one that is not PID 1.
 */
#ifndef TCPVITALS_BPF_READ_DESCRIPTOR_H
#define TCPVITALS_BPF_READ_DESCRIPTOR_H

#include "bpf/kernel.bpf.h"

#include "abi/tcp_state.h"
#include "bpf/read/sock.bpf.h"

/* The TCP socket in use that the iterator is at, or NULL. */
static __always_inline struct sock *descriptor_socket(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file; /* read once: the verifier forgets what it knew of a second reading */
	struct socket *socket;
	struct sock *sk;

	if (!file)
		return NULL;
	socket = bpf_sock_from_file(file);
	sk = socket ? socket->sk : NULL;
	if (!sk || sock_as_tcp(sk)->SOCK_BASE.sk_protocol != IPPROTO_TCP_NUM ||
	    (sock_as_tcp(sk)->SOCK_COMMON.skc_family != AF_INET && sock_as_tcp(sk)->SOCK_COMMON.skc_family != AF_INET6))
		return NULL;
	/* An unused socket will tell its owner when it connects or listens. */
	return sock_as_tcp(sk)->SOCK_COMMON.skc_state == STATE_CLOSE ? NULL : sk;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the struct conn of a socket, wherever it is kept. */
#ifndef TCPVITALS_BPF_TRACK_CONN_ANY_H
#define TCPVITALS_BPF_TRACK_CONN_ANY_H

#include "bpf/kernel.bpf.h"

#include "bpf/track/conn_hash.bpf.h"
#include "bpf/track/conn_table.bpf.h"

/* Whether conn_storage is in use; else conn_hash is. */
const volatile bool conn_in_socket = true;

/* Returns NULL if the socket has no struct conn. */
static __always_inline struct conn *conn_of(struct sock *sk)
{
	return conn_in_socket ? conn_find(sk) : conn_hash_find(sk);
}

#endif

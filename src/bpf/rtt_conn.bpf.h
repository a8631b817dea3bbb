/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tcprtt remembers of a socket, in its storage or in a hash. */
#ifndef TCPVITALS_BPF_RTT_CONN_H
#define TCPVITALS_BPF_RTT_CONN_H

#include "bpf/kernel.bpf.h"

#include "bpf/owner.bpf.h"
#include "bpf/sock.bpf.h"

struct rtt_conn {
	struct owner owner;
	__u64 connection; /* which connection `group` is about: sockets get reused */
	__u64 mstamp;     /* of the last measurement taken: RACK's */
	__u32 end_seq;    /* likewise */
	__u32 group;      /* its number + 1, 0 when not known yet, RTT_CONN_OUT */
	__u32 rtt_us;     /* the last measurement's value */
	__u8 followed;    /* since its first measurement, or later */
	__u8 blind;       /* noted as unmeasured for want of SACK */
	__u8 role;        /* enum connection_role, if the scope asks for it */
	__u8 pad;
};

#define RTT_CONN_OUT (~0U)

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct rtt_conn);
} conn_storage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct rtt_conn);
} conn_hash SEC(".maps");

static const struct rtt_conn conn_empty = {};

static __always_inline struct rtt_conn *conn_in_storage(struct sock *sk)
{
	return sock_storage_make(&conn_storage, sk);
}

static __always_inline struct rtt_conn *conn_in_hash(struct sock *sk)
{
	__u64 key = (__u64)(unsigned long)sk;
	struct rtt_conn *conn = bpf_map_lookup_elem(&conn_hash, &key);

	if (conn)
		return conn;
	bpf_map_update_elem(&conn_hash, &key, &conn_empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&conn_hash, &key);
}

#endif

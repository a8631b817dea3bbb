/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* struct conn, the one memory of a socket: its owner, its state and since when, and the data that RTT samples need. */
#ifndef TCPVITALS_BPF_TRACK_CONN_H
#define TCPVITALS_BPF_TRACK_CONN_H

#include "bpf/kernel.bpf.h"

#include "abi/owner.h"

/*
 * One per socket. Keep it small: socket storage counts against net.core.optmem_max. The socket's lock protects it, but
 * not from the programs that seed and the programs that see who accepts.
 */
struct conn {
	__u64 since_ns; /* when `state` was entered, 0: unknown; see SINCE_AT_LEAST */
	struct owner owner;
	__u32 conn_seq;
	__u32 netns;              /* inode number, 0: not read yet */
	__u8 state;               /* enum tcp_state, 0: none seen yet */
	__u8 held;                /* bool: the last row waits, because its addresses are unknown */
	__u8 held_old;            /* old state of the held row, whose new state is `state` */
	__u8 self_transition : 1; /* last transition was to the same state; the second program has not seen it yet */
	__u8 role : 2;            /* enum connection_role, if `tracks_roles` (scope.bpf.h) */
	__u8 borrowed : 1;        /* the owner is that of another MPTCP path (mptcp.bpf.h) */
	__u8 life_missed : 1;     /* no memory for a struct life when the connection began */
	__u8 accept_missed : 1;   /* counted in losses.accept_missed */
	__u32 cookie;             /* lower half of the socket's cookie, 0: not read yet */
	__u64 held_duration_ns;   /* of the held row; seldom used: beyond the first cache line (conn_table.bpf.h) */
	__u64 listener;           /* the connection's listener, by its address: a key of `listeners` */
	__u32 listener_cookie;    /* lower half of the listener's cookie */
	/* From here to `pending`, the members are for rtt/sample.bpf.h; the group is also for metrics. */
	union {
		__u32 end_seq; /* RACK's end_seq of the last measurement taken */
		__u32 drops;   /* of a listener, for metrics: sk_drops at the last reading */
	};
	__u64 mstamp;           /* RACK's time of that measurement */
	__u32 rtt_us;           /* value of that measurement */
	__u32 group : 20;       /* number of the group + 1; 0: not known yet; or GROUP_KEPT_OUT */
	__u32 group_epoch : 12; /* lower bits of the epoch in which `group` was found (classify.bpf.h) */
	__u8 owner_turn;        /* counts writes to `owner` */
	__u8 group_turn;        /* owner_turn when `group` was found */
	__u8 followed;          /* bool: each later measurement counts */
	__u8 no_sack_noted : 1; /* counted as unmeasured for lack of SACK */
	__u8 pending : 1;       /* samples wait in `pending_samples` */
	__u8 unopened : 1;      /* metrics: not counted as opened yet, because its group is unknown */
	__u8 counted : 4;       /* metrics: enum tcp_state in which the socket counts as open, 0: none */
	__u32 mptcp_token;      /* token of the MPTCP connection of this path, 0: none */
	__u32 name_turn;        /* process_renames when the owner's name was checked */
	__u32 shown;            /* lower half of since_ns of the state that --stuck --once has shown */
	__u64 owned_ns;         /* when the owner was last seen with the socket; the process may have ended since */
};

_Static_assert(__builtin_offsetof(struct conn, state) % 4 == 0, "a scan exchanges `state` with what is beside it");
_Static_assert(sizeof(struct conn) <= 120, "struct conn has a place of 128 bytes, with its socket's address");

#define GROUP_OUT      (~0U)    /* out of scope */
#define GROUP_KEPT_OUT 0xfffffU /* the same, in struct conn */
#define GROUP_EPOCHS   0xfffU   /* the bits of group_epoch in struct conn */

/* Resets the data of a connection: the socket begins another one, or listens. */
static __always_inline void conn_begin(struct conn *conn)
{
	conn->conn_seq += conn->state != 0;
	conn->group = 0;
	conn->mstamp = 0;
	conn->end_seq = 0;
	conn->rtt_us = 0;
	conn->followed = 0;
	conn->unopened = 0;
	conn->no_sack_noted = 0;
	conn->pending = 0;
}

#ifndef WITHOUT_BTF

/* The kernel frees an entry with its socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct conn);
} conn_storage SEC(".maps");

#endif

/*
 * For kernels without socket storage (before 5.12, or without BTF). Key: the socket's address. Allocated in advance,
 * about 11 MiB by default: before 5.19 tracing programs must not allocate from the general heap.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536); /* --hash-size */
	__type(key, __u64);
	__type(value, struct conn);
} conn_hash SEC(".maps");

#endif

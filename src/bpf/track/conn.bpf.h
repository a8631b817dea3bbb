/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one memory of a socket: whose it is, which state it is in since when, and what its round-trip samples need. */
#ifndef TCPVITALS_BPF_TRACK_CONN_H
#define TCPVITALS_BPF_TRACK_CONN_H

#include "bpf/kernel.bpf.h"

#include "abi/owner.h"

/*
 * One per socket. Socket storage is counted against net.core.optmem_max: keep it small. Its socket's lock protects it,
 * but not from the programs that seed and that see who accepts.
 */
struct conn {
	__u64 since_ns; /* when `state` was entered, 0 when unknown; see SINCE_AT_LEAST */
	struct owner owner;
	__u32 conn_seq;
	__u32 netns;            /* 0 when it has not been read yet */
	__u8 state;             /* 0 when none has been seen yet */
	__u8 held;              /* the last row has not been shown: its addresses were not known */
	__u8 held_old;          /* the held row's old state; its new one is `state` */
	__u8 turned : 1;        /* the last transition was one to itself, and the second program has not seen it yet */
	__u8 role : 2;          /* enum connection_role, if the scope asks for it */
	__u8 borrowed : 1;      /* the owner is another MPTCP path's (mptcp.bpf.h) */
	__u8 life_missed : 1;   /* there was no memory for what -c collects when it began */
	__u8 accept_missed : 1; /* counted in losses.accept_missed */
	__u32 cookie;           /* half of the socket's, 0 when it has not been asked for yet */
	__u64 held_ns;  /* the held row's duration; seldom used: behind the end of a cache line (conn_table.bpf.h) */
	__u64 listener; /* that a connection came from, by its address: a key of `listeners` */
	__u32 listener_cookie; /* half of its cookie */
	/* The rest is rtt/sample.bpf.h's. */
	__u32 end_seq;     /* of the last measurement taken: RACK's */
	__u64 mstamp;      /* the same measurement's time */
	__u32 rtt_us;      /* its value */
	__u32 group;       /* its group's number + 1, 0 when not known yet, GROUP_OUT */
	__u8 owner_turn;   /* counts what is written to `owner` */
	__u8 group_turn;   /* owner_turn when `group` was found */
	__u8 followed;     /* since its first measurement, or later */
	__u8 blind : 1;    /* noted as unmeasured for want of SACK */
	__u8 pending : 1;  /* samples of it wait in `pending_samples` */
	__u32 mptcp_token; /* of the MPTCP connection that it is a path of; 0: of none */
	__u32 name_turn;   /* process_renames when the owner's name was looked at */
	__u32 shown;       /* half of since_ns of the state that --stuck --once has shown */
	__u64 owned_ns;    /* when the owner, a process that may have ended since, was last seen with it */
};

_Static_assert(__builtin_offsetof(struct conn, state) % 4 == 0, "a look exchanges `state` with what is beside it");
_Static_assert(sizeof(struct conn) <= 120, "struct conn has a place of 128 bytes, with its socket's address");

#define GROUP_OUT (~0U) /* out of scope */

/* A used socket begins another connection, or listens. */
static __always_inline void conn_begin(struct conn *conn)
{
	conn->conn_seq += conn->state != 0;
	conn->group = 0;
	conn->mstamp = 0;
	conn->end_seq = 0;
	conn->rtt_us = 0;
	conn->followed = 0;
	conn->blind = 0;
	conn->pending = 0;
}

#ifndef WITHOUT_BTF

/* Freed by the kernel with the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct conn);
} conn_storage SEC(".maps");

#endif

/*
 * Where there is no socket storage (before 5.11, or without BTF), by the socket's address. Allocated in advance
 * (tracing programs must not allocate from the general heap before 5.19): about 11 MiB as it is.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536); /* --hash-size */
	__type(key, __u64);
	__type(value, struct conn);
} conn_hash SEC(".maps");

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is remembered of a socket between two of its transitions, and the two places where that can be. */
#ifndef TCPVITALS_BPF_CONN_H
#define TCPVITALS_BPF_CONN_H

#include "bpf/kernel.bpf.h"

#include "abi/owner.h"

/*
 * One per socket, in storage counted against net.core.optmem_max: keep it small. Its socket's lock protects it, but not
 * from the programs that seed and that see who accepts.
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
	__u32 cookie;           /* half of the socket's, 0 when it has not been asked for yet */
	union {                 /* seldom used: behind the end of a cache line (conn_table.bpf.h) */
		__u64 held_ns;  /* the held row's duration */
		__u64 shown_ns; /* since_ns of the state that --stuck has shown, which holds nothing back */
	};
};

#ifndef OWNER_WITHOUT_CORE

/* Cloned into a listener's children before their first transition; freed by the kernel with the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct conn);
} conn_storage SEC(".maps");

#endif

/*
 * Where there is no socket storage (before 5.11, or without BTF), by the socket's address. Allocated in advance
 * (tracing programs must not allocate from the general heap before 5.19): about 8 MiB as it is.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536); /* --hash-size */
	__type(key, __u64);
	__type(value, struct conn);
} conn_hash SEC(".maps");

#endif

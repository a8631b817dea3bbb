/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The process that owns a socket, and how the tool found it. */
#ifndef TCPVITALS_ABI_OWNER_H
#define TCPVITALS_ABI_OWNER_H

#include "abi/types.h"

/* TASK_COMM_LEN of the kernel, the terminating NUL included. */
#define OWNER_COMM_LEN 16

enum owner_source {
	OWNER_UNKNOWN = 0,  /* pid, comm and cgroup_id have no meaning */
	OWNER_CONNECT = 1,  /* called connect() */
	OWNER_LISTEN = 2,   /* called listen() */
	OWNER_ACCEPT = 3,   /* accepted the connection */
	OWNER_USE = 4,      /* was seen holding the socket's lock in process context */
	OWNER_LISTENER = 5, /* owns the listener: the connection is not accepted or used yet */
	OWNER_SEED = 6,     /* had a descriptor of the socket when tracing began */
	OWNER_KERNEL = 7,   /* a kernel thread */
	OWNER_SOURCES
};

/*
 * Bit in a process's number: the process has no number in the pid namespace that the tool shows (abi/scope.h). The
 * other bits are its number in the initial namespace. The kernel's numbers are far below this bit (PID_MAX_LIMIT).
 */
#define OWNER_PID_OUTSIDE 0x80000000U

struct owner {
	__u64 cgroup_id; /* cgroup v2 id of the process, 0 when unknown */
	__u32 pid;       /* thread-group id in the pid namespace that the tool shows; see OWNER_PID_OUTSIDE */
	__u8 source;     /* enum owner_source */
	/* bools: verdicts of the scope (abi/scope.h) where it asks for an owner, else 0 */
	__u8 in_cgroup;            /* on the process's cgroup alone */
	__u8 in_scope;             /* on all that is known of the owner */
	__u8 in_tree;              /* on the command's process tree alone */
	char comm[OWNER_COMM_LEN]; /* of the thread-group leader; untrusted bytes up to the first NUL */
};

_Static_assert(sizeof(struct owner) == 32, "struct owner crosses the ring buffer");

#endif

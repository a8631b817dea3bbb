/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which process a socket belongs to, and how that is known. */
#ifndef TCPVITALS_ABI_OWNER_H
#define TCPVITALS_ABI_OWNER_H

#include "abi/types.h"

/* TASK_COMM_LEN of the kernel, the terminating NUL included. */
#define OWNER_COMM_LEN 16

enum owner_source {
	OWNER_UNKNOWN = 0,  /* pid, comm and cgroup_id carry nothing */
	OWNER_CONNECT = 1,  /* it called connect() */
	OWNER_LISTEN = 2,   /* it called listen() */
	OWNER_ACCEPT = 3,   /* it accepted the connection */
	OWNER_USE = 4,      /* it was seen holding the socket's lock in process context */
	OWNER_LISTENER = 5, /* inherited from the listening socket, not accepted or used yet */
	OWNER_SEED = 6,     /* found holding a descriptor when tracing began */
	OWNER_KERNEL = 7,   /* a kernel thread */
	OWNER_SOURCES
};

/*
 * Set in the number of a process that has none in the pid namespace that the tool shows (abi/scope.h): the rest is its
 * number in the initial one. The kernel's numbers are far below (PID_MAX_LIMIT).
 */
#define OWNER_PID_OUTSIDE 0x80000000U

struct owner {
	__u64 cgroup_id; /* cgroup v2 id of the process, 0 when unknown */
	__u32 pid;       /* thread group id in the pid namespace that the tool shows, or OWNER_PID_OUTSIDE */
	__u8 source;     /* enum owner_source */
	/* what the scope says (abi/scope.h), where it asks for an owner; else 0 */
	__u8 in_cgroup;            /* of the process's cgroup alone */
	__u8 in_scope;             /* of all that is known of it */
	__u8 in_tree;              /* of the process alone */
	char comm[OWNER_COMM_LEN]; /* of the thread-group leader; untrusted bytes up to the first NUL */
};

_Static_assert(sizeof(struct owner) == 32, "struct owner crosses the ring buffer");

#endif

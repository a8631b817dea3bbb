/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Offsets and a size, in bytes, of the kernel structs that hold a process's numbers. User space reads them from the
 * kernel's types, and only in a container. CO-RE would search for three more types at each start, 0.8 ms each.
 */
#ifndef TCPVITALS_ABI_PID_H
#define TCPVITALS_ABI_PID_H

#include "abi/types.h"

struct pid_layout {
	__u32 level;     /* in struct pid: number of pid namespaces above the process's own */
	__u32 numbers;   /* in struct pid: array of struct upid, one for each pid namespace of the process */
	__u32 upid_size; /* size of struct upid */
	__u32 nr;        /* in struct upid: the number */
	__u32 ns;        /* in struct upid: pointer to the namespace */
	__u32 inum;      /* in struct pid_namespace: inode number */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the kernel keeps the numbers of a process, in bytes. User space reads this from the kernel's types when it is
 * of use, which is in a container: CO-RE would search for three more types at each start, 0.8 ms each.
 */
#ifndef TCPVITALS_ABI_PID_H
#define TCPVITALS_ABI_PID_H

#include "abi/types.h"

struct pid_layout {
	__u32 level;     /* of struct pid: how many pid namespaces are above the process's own */
	__u32 numbers;   /* of struct pid: an array of struct upid, one for each of these namespaces */
	__u32 upid_size; /* of struct upid */
	__u32 nr;        /* of struct upid: the number */
	__u32 ns;        /* of struct upid: a pointer to the namespace */
	__u32 inum;      /* of struct pid_namespace: its inode number */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The root of the process tree that is in scope: the tool itself, which starts no process but the command. */
#ifndef TCPVITALS_ABI_TREE_H
#define TCPVITALS_ABI_TREE_H

#include "abi/types.h"

/* Most processes of a command at one time. */
#define TREE_MAX 65536

struct tree_root {
	__u64 pidns_dev; /* the root's pid namespace: device (in the kernel's encoding) and inode number */
	__u64 pidns_ino;
	__u32 tgid; /* the root's number there; 0: no tree is asked for */
	__u32 pad;
};

_Static_assert(sizeof(struct tree_root) == 24, "struct tree_root is a program's constant");

#endif

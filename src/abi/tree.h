/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The process whose children, and theirs, are of interest: the tool, which starts nothing but the command. */
#ifndef TCPVITALS_ABI_TREE_H
#define TCPVITALS_ABI_TREE_H

#include "abi/types.h"

/* Processes of a command at a time. */
#define TREE_MAX 65536

struct tree_root {
	__u64 pidns_dev; /* the pid namespace it is in: device (as the kernel encodes it) and inode number */
	__u64 pidns_ino;
	__u32 tgid; /* its number there; 0: no tree is asked for */
	__u32 pad;
};

_Static_assert(sizeof(struct tree_root) == 24, "struct tree_root is a program's constant");

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pid namespace that this process is in, and what numbers mean there. */
#ifndef TCPVITALS_OS_PID_NAMESPACE_H
#define TCPVITALS_OS_PID_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>

struct pid_namespace {
	uint32_t device; /* as the kernel encodes it, which is not a dev_t */
	uint32_t inode;
};

/* 0, or a negative errno without /proc. */
int pid_namespace_own(struct pid_namespace *ret);

/* Whether it is the one that the machine came up with. */
bool pid_namespace_is_initial(const struct pid_namespace *namespace);

/*
 * Whether the directories of /proc are called by the numbers of that pid namespace (an inode number, 0 for the initial
 * one). /proc may be another one's than this process's.
 */
bool pid_namespace_has_proc(uint32_t inode);

/* What a number is in this process's pid namespace. */
enum pid_meaning {
	PID_OF_PROCESS,
	PID_OF_THREAD, /* but not of a process */
	PID_OF_NOBODY
};

enum pid_meaning pid_namespace_look_up(uint32_t pid);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pid namespace of this process, and the meaning of pids in it. */
#ifndef TCPVITALS_OS_PID_NAMESPACE_H
#define TCPVITALS_OS_PID_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>

struct pid_namespace {
	uint32_t device; /* in the encoding of the kernel, which is not a dev_t */
	uint32_t inode;
};

/* Reads the namespace of this process. Returns 0, or a negative errno without /proc. */
int pid_namespace_own(struct pid_namespace *ret);

/* Returns whether this is the initial pid namespace. */
bool pid_namespace_is_initial(const struct pid_namespace *namespace);

/*
 * Returns whether the numbers in /proc are those of the pid namespace `inode` (0: the initial one). The pid namespace
 * of /proc may differ from that of this process.
 */
bool pid_namespace_has_proc(uint32_t inode);

/* The meaning of a number in the pid namespace of this process. */
enum pid_meaning {
	PID_PROCESS,
	PID_THREAD, /* a thread that is not the leader of its process */
	PID_UNUSED
};

enum pid_meaning pid_namespace_look_up(uint32_t pid);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of network namespaces by inode number: the file name in /run/netns, else "pid:NUMBER" after a process in the
 * namespace. Names are cached for one second, because the kernel reuses the inode number of a namespace that is gone.
 */
#ifndef TCPVITALS_OS_NETNS_NAMES_H
#define TCPVITALS_OS_NETNS_NAMES_H

#include "core/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netns_table;

struct netns_names {
	const char *directory;
	uint64_t read_ns; /* time of the last directory listing, CLOCK_MONOTONIC; 0: none yet */
	struct netns_table *table;
	bool without_processes; /* pids are not the numbers in /proc: no namespace gets the name of a process */
};

/* `directory` is NETNS_DIRECTORY, or a test's. Returns 0 or -ENOMEM. After success, call netns_names_close(). */
#define NETNS_DIRECTORY "/run/netns"
int netns_names_open(const char *directory, struct netns_names *ret);
void netns_names_close(struct netns_names *names);

/*
 * Returns the name of the namespace `inode`, valid until the next call. The bytes are NULL if it has none. `pid` is a
 * process that may be in the namespace, 0 (none), or has OWNER_PID_OUTSIDE.
 */
struct name netns_names_find(struct netns_names *names, uint32_t inode, uint32_t pid, uint64_t now_ns);

#endif

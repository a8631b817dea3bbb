/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The names of network namespaces by their inode numbers: the file in /run/netns, or else "pid:NUMBER" after a process
 * that is in it. The kernel gives the numbers of those that are gone to new ones, so nothing is believed for longer
 * than a second.
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
	uint64_t read_ns; /* CLOCK_MONOTONIC, when the table was begun; 0 before that */
	struct netns_table *table;
	bool without_processes; /* pids are not those of /proc: nothing is named after one */
};

/* `directory` is NETNS_DIRECTORY, or a test's. 0 or -ENOMEM; on success give it to netns_names_close(). */
#define NETNS_DIRECTORY "/run/netns"
int netns_names_open(const char *directory, struct netns_names *ret);
void netns_names_close(struct netns_names *names);

/*
 * The name of the namespace with that number, in which the process `pid` (0 for none, or OWNER_PID_OUTSIDE) may be.
 * Valid until the next call; NULL bytes when it has none.
 */
struct name netns_names_find(struct netns_names *names, uint32_t inode, uint32_t pid, uint64_t now_ns);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_OS_NETNS_H
#define TCPVITALS_OS_NETNS_H

#include "core/parse.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was not looked at. */
struct netns_omissions {
	size_t processes;  /* that do not show their namespace: for another user's that takes CAP_SYS_PTRACE */
	size_t namespaces; /* that were found, but could not be entered, for which it takes CAP_SYS_ADMIN */
};

/* Tells the user what was not looked at, and its effect: "connections there are not looked at". */
void netns_report(const struct netns_omissions *omissions, const char *effect);

/*
 * Calls `visit` once in each network namespace that a process is in or that /run/netns names, first in the caller's
 * own; the calling thread is in that namespace meanwhile, and back in its own at the end. Not found: namespaces that
 * only a descriptor or a mount somewhere else keeps alive. 0, or a negative errno: the first one that `visit` returned,
 * which ends the tour, or this function's.
 */
int netns_visit_all(int (*visit)(void *context), void *context, struct netns_omissions *ret);

/*
 * The inode number of the network namespace that `word` means: a name in /run/netns, a path (of a file like
 * /proc/PID/ns/net), a process's number, or, above all of those, an inode number. 0, or -EINVAL and `error`. `path` is
 * then the file's, and empty for an inode number.
 */
int netns_find(const char *word, size_t length, uint64_t *ret_inode, char path[PATH_MAX], struct parse_error *error);

/* What a network namespace, and the file that leads to it, can be told by. */
struct netns_file {
	uint64_t inode;      /* another namespace may get it later */
	uint64_t cookie;     /* no other one ever gets this; 0: not known (before 5.14, or without CAP_SYS_ADMIN) */
	uint64_t generation; /* of the file */
};

/* Whether the kernel tells the cookies of network namespaces. */
bool netns_has_cookies(void);

/*
 * Looks at the file `path`; the calling thread is in that namespace meanwhile. 0, -ENOENT when it is no network
 * namespace's (any more), or another negative errno.
 */
int netns_lookup(const char *path, struct netns_file *ret);

/* Whether netns_lookup() would find the same; quick. */
bool netns_is_same(const char *path, const struct netns_file *file);

/*
 * Looks where netns_visit_all() does for the namespace with that inode number. 0; -ENOENT when it is not there; -EPERM
 * when it may be where nobody could look; or another negative errno.
 */
int netns_search(uint64_t inode, struct netns_file *ret);

#endif

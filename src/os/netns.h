/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network namespaces: visits all that can be found, finds one by name, and checks whether it is still the same. */
#ifndef TCPVITALS_OS_NETNS_H
#define TCPVITALS_OS_NETNS_H

#include "core/parse.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counts of what netns_visit_all() could not visit. */
struct netns_omissions {
	size_t processes;  /* processes with an unreadable namespace (another user's needs CAP_SYS_PTRACE) */
	size_t namespaces; /* namespaces that were found but not entered (needs CAP_SYS_ADMIN) */
};

/*
 * Returns whether namespaces were left out that a user with more rights could see. Hidden processes count only without
 * CAP_SYS_PTRACE: a security module may hide the namespace of PID 1 from every user.
 */
bool netns_is_partial(const struct netns_omissions *omissions);

/* Reports the omissions and their effect on stderr. `effect` is a clause: "connections there are not looked at". */
void netns_report(const struct netns_omissions *omissions, const char *effect);

/*
 * Calls `visit` once in each network namespace that a process is in or that /run/netns names, the caller's own first.
 * During `visit` the calling thread is in that namespace; in the end it is back in its own. Namespaces that only a
 * descriptor or a mount elsewhere keeps alive are not found.
 *
 * Returns 0, or the first negative errno of `visit`, which ends the tour, or a negative errno of this function. `ret`
 * is set only on success.
 */
int netns_visit_all(int (*visit)(void *context), void *context, struct netns_omissions *ret);

/*
 * Finds the inode number of the network namespace for `word`. The word is a name in /run/netns, a path of a file like
 * /proc/PID/ns/net, a pid, or an inode number. A number above the largest pid is an inode number.
 *
 * Returns 0, or -EINVAL with the reason in `error`. `path` is then the path of the file, or empty for an inode number.
 */
int netns_find(const char *word, size_t length, uint64_t *ret_inode, char path[PATH_MAX], struct parse_error *error);

/* Identifies a network namespace, and the file that leads to it. */
struct netns_file {
	uint64_t inode;      /* the kernel may reuse it for another namespace */
	uint64_t cookie;     /* unique for ever; 0: not known (before Linux 5.14, or without CAP_SYS_ADMIN) */
	uint64_t generation; /* changes with each new file at the path */
};

/* Returns whether the kernel reports cookies of network namespaces. */
bool netns_has_cookies(void);

/*
 * Reads the network namespace file `path`. The calling thread is in that namespace meanwhile. Returns 0, -ENOENT (not a
 * network namespace, or not any more) or another negative errno.
 */
int netns_lookup(const char *path, struct netns_file *ret);

/* Returns whether netns_lookup() would find the same namespace. Takes one stat(2). */
bool netns_is_same(const char *path, const struct netns_file *file);

/*
 * Searches the namespaces of netns_visit_all() for the inode number. Returns 0, -ENOENT (not found), -EPERM (not found,
 * but some could not be visited) or another negative errno.
 */
int netns_search(uint64_t inode, struct netns_file *ret);

#endif

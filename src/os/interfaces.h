/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Network interfaces of all network namespaces. An interface's number means something in its namespace only, so that
 * namespace is always part of the question.
 */
#ifndef TCPVITALS_OS_INTERFACES_H
#define TCPVITALS_OS_INTERFACES_H

#include "core/names.h"
#include "core/zone.h"
#include "os/netns.h"

#include <stddef.h>
#include <stdint.h>

/* Interfaces that are remembered at a time; what is beyond has no name. */
#define INTERFACES_MAX 16384

struct interface {
	uint32_t netns;               /* inode number */
	uint32_t ifindex;             /* in that namespace */
	char name[ZONE_NAME_MAX + 1]; /* NUL-terminated, untrusted */
};

struct interface_list {
	struct interface *entries;
	size_t count;
	size_t room;
};

/*
 * The interfaces of the caller's own network namespace, or of all that netns_visit_all() finds. 0 or a negative errno;
 * give `ret` to interfaces_free().
 */
int interfaces_list_own(struct interface_list *ret);
int interfaces_list_all(struct interface_list *ret, struct netns_omissions *ret_omissions);
void interfaces_free(struct interface_list *list);

/*
 * Names of interfaces by their numbers. The kernel gives the inode number of a namespace that is gone to a new one, so
 * nothing is believed for longer than a second. Other namespaces than the caller's are visited when one of theirs is
 * asked for.
 */
struct interface_names {
	struct interface_list own, all;
	uint64_t own_ns, all_ns; /* CLOCK_MONOTONIC, when these were listed; 0 before that */
	uint32_t own_netns;
	char number[11]; /* a name that there is not */
};

void interface_names_close(struct interface_names *names); /* harmless on one that is all zero */

/* The name, or the number in digits where it is not known. Valid until the next call. */
struct name interface_names_find(struct interface_names *names, uint32_t netns, uint32_t ifindex, uint64_t now_ns);

#endif

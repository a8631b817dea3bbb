/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Network interfaces of all network namespaces: lists, and names by number. An interface's number is unique only in its
 * namespace, so each look-up takes both.
 */
#ifndef TCPVITALS_OS_INTERFACES_H
#define TCPVITALS_OS_INTERFACES_H

#include "core/names.h"
#include "core/zone.h"
#include "os/netns.h"

#include <stddef.h>
#include <stdint.h>

/* The most interfaces in a list. Further ones have no name. */
#define INTERFACES_MAX 16384

struct interface {
	uint32_t netns;               /* inode number of the network namespace */
	uint32_t ifindex;             /* in that namespace */
	char name[ZONE_NAME_MAX + 1]; /* NUL-terminated, untrusted */
};

struct interface_list {
	struct interface *entries;
	size_t count;
	size_t room;
};

/*
 * List the interfaces of the caller's own network namespace, or of all that netns_visit_all() finds. Return 0 or a
 * negative errno. After success, call interfaces_free().
 */
int interfaces_list_own(struct interface_list *ret);
int interfaces_list_all(struct interface_list *ret, struct netns_omissions *ret_omissions);
void interfaces_free(struct interface_list *list);

/*
 * A cache of interface names by number. Entries are valid for one second, because the kernel reuses the inode number of
 * a namespace that is gone. Namespaces other than the caller's are visited at the first look-up in one of them.
 */
struct interface_names {
	struct interface_list own, all;
	uint64_t own_ns, all_ns; /* time of the listing, CLOCK_MONOTONIC; 0: not listed yet */
	uint32_t own_netns;
	char number[11]; /* stands in for a name that is not known */
};

void interface_names_close(struct interface_names *names); /* a struct of zeros is allowed */

/* Returns the name, or the number in digits if the name is not known. Valid until the next call. */
struct name interface_names_find(struct interface_names *names, uint32_t netns, uint32_t ifindex, uint64_t now_ns);

#endif

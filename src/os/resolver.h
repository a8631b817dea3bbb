/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names for the numbers of an event. All memory is bounded, and no look-up waits for another process or the network. */
#ifndef TCPVITALS_OS_RESOLVER_H
#define TCPVITALS_OS_RESOLVER_H

#include "abi/transition.h"
#include "core/grouping.h"
#include "core/names.h"
#include "os/cgroup_names.h"
#include "os/interfaces.h"
#include "os/netns_names.h"
#include "os/services.h"

struct resolver {
	struct names names; /* result of the last look-up */
	struct cgroup_names cgroups;
	struct netns_names netns;
	struct services services;
	struct interface_names interfaces;
};

/* One kind of names that is not available, and the reason. Both are literals or strings of the C library. */
struct resolver_error {
	const char *what;
	const char *why;
};

#define RESOLVER_ERRORS 3

/*
 * Opens the sources of names. `asked` has NAMES_ bits. `pidns` is the pid namespace of the owners' pids (inode number,
 * 0: the initial one).
 *
 * Unavailable kinds are left out, with the reason in `errors`. Returns the number of errors. Call resolver_close()
 * afterwards.
 */
size_t resolver_open(unsigned int asked, uint32_t pidns, struct resolver *ret,
		     struct resolver_error errors[RESOLVER_ERRORS]);
void resolver_close(struct resolver *resolver);

/*
 * Looks up the names of a cgroup and a network namespace; 0 means none. `pid` is a process that may be in the
 * namespace, as in struct owner. Valid until the next call. Returns NULL if no names are asked for.
 */
const struct names *resolver_find(struct resolver *resolver, uint64_t cgroup_id, uint32_t netns, uint32_t pid);

/*
 * Adds the zone, the interface `ifindex` in `netns`, to the last result of resolver_find(). A zone has a name even if
 * no names are asked for.
 */
const struct names *resolver_zone(struct resolver *resolver, uint32_t netns, uint32_t ifindex);

/*
 * Looks up the names and the zone of a group. Valid until the next call. Returns NULL if there are neither.
 */
const struct names *resolver_group(struct resolver *resolver, const struct grouping *grouping,
				   const struct group_key *key);

/* Returns whether an event has a link-local address with a known zone. */
static inline bool resolver_has_zone(const struct transition *event)
{
	return event->ifindex &&
	       (zone_applies(event->ip_version, event->laddr) || zone_applies(event->ip_version, event->raddr));
}

/* Looks up the names and the zone of an event. Valid until the next call. Returns NULL if there are neither. */
const struct names *resolver_names(struct resolver *resolver, const struct transition *event);

#endif

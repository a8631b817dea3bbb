/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names for the numbers of an event, without asking anybody who may take long: all memory is bounded, no look-up waits.
 */
#ifndef TCPVITALS_OS_RESOLVER_H
#define TCPVITALS_OS_RESOLVER_H

#include "abi/transition.h"
#include "core/names.h"
#include "os/cgroup_names.h"
#include "os/interfaces.h"
#include "os/netns_names.h"
#include "os/services.h"

struct resolver {
	struct names names; /* of the last event */
	struct cgroup_names cgroups;
	struct netns_names netns;
	struct services services;
	struct interface_names interfaces;
};

/* Why there are no names of that kind, strings of the C library or literals. */
struct resolver_error {
	const char *what;
	const char *why;
};

#define RESOLVER_ERRORS 3

/*
 * `asked` are NAMES_; `pidns` is the pid namespace that owners have their numbers from (an inode number, 0 for the
 * initial one). What cannot be told is left out, and its reason put into `errors`; returns how many these are. Give it
 * to resolver_close().
 */
size_t resolver_open(unsigned int asked, uint32_t pidns, struct resolver *ret,
		     struct resolver_error errors[RESOLVER_ERRORS]);
void resolver_close(struct resolver *resolver);

/*
 * The names of that cgroup and that network namespace, in which the process `pid` (as in struct owner) may be; 0 for
 * what there is not.
 * Valid until the next call; NULL when none were asked for.
 */
const struct names *resolver_find(struct resolver *resolver, uint64_t cgroup_id, uint32_t netns, uint32_t pid);

/* Besides what resolver_find() has just found: the zone of that interface in that namespace, which nobody asks for. */
const struct names *resolver_zone(struct resolver *resolver, uint32_t netns, uint32_t ifindex);

/* Whether an event has a link-local address, and its zone is known. */
static inline bool resolver_has_zone(const struct transition *event)
{
	return event->ifindex &&
	       (zone_applies(event->ip_version, event->laddr) || zone_applies(event->ip_version, event->raddr));
}

/* The names of that event and its zone, valid until the next call; NULL when there are neither. */
const struct names *resolver_names(struct resolver *resolver, const struct transition *event);

#endif

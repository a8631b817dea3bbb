/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names that people know for what an event has as a number. */
#ifndef TCPVITALS_CORE_NAMES_H
#define TCPVITALS_CORE_NAMES_H

#include <stddef.h>

/* Which of them are asked for. */
enum {
	NAMES_CGROUP = 1 << 0, /* cgroup, unit, container, pod */
	NAMES_NETNS = 1 << 1,
	NAMES_SERVICES = 1 << 2, /* lservice, rservice */
};

/* Untrusted bytes without a NUL, somebody else's; NULL when there is no such name. */
struct name {
	const char *bytes;
	size_t length;
};

struct names {
	unsigned int asked; /* NAMES_; the others are NULL */
	struct name cgroup; /* path from the root of cgroup v2 */
	struct name unit;
	struct name container;
	struct name pod;
	struct name netns;
	struct name lservice;
	struct name rservice;
	struct name zone; /* of a link-local address, asked for or not: its interface, by name or number */
};

/* How long all of them are together, but for the zone: any row has room for that. */
static inline size_t names_length(const struct names *names)
{
	return names->cgroup.length + names->unit.length + names->container.length + names->pod.length +
	       names->netns.length + names->lservice.length + names->rservice.length;
}

#endif

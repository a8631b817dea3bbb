/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names for the numbers of an event: cgroup, network namespace, ports, interface. */
#ifndef TCPVITALS_CORE_NAMES_H
#define TCPVITALS_CORE_NAMES_H

#include <stddef.h>

/* Bits: the names that are asked for. */
enum {
	NAMES_CGROUP = 1 << 0, /* cgroup, unit, container, pod */
	NAMES_NETNS = 1 << 1,
	NAMES_SERVICES = 1 << 2, /* lservice, rservice */
};

/* Untrusted bytes without a NUL at the end, which the struct does not own. `bytes` is NULL if there is no name. */
struct name {
	const char *bytes;
	size_t length;
};

struct names {
	unsigned int asked; /* NAMES_ bits; all other names are NULL */
	struct name cgroup; /* path from the root of cgroup v2 */
	struct name unit;
	struct name container;
	struct name pod;
	struct name netns;
	struct name lservice;
	struct name rservice;
	struct name zone; /* of a link-local address: its interface, by name or number; needs no bit in `asked` */
};

/* Length of all names but the zone, in bytes. Every row has room for a zone (ROW_TEXT_MAX). */
static inline size_t names_length(const struct names *names)
{
	return names->cgroup.length + names->unit.length + names->container.length + names->pod.length +
	       names->netns.length + names->lservice.length + names->rservice.length;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of cgroups by id: a cache. Each id is looked up once. The kernel never uses an id again, so a name stays right
 * after the cgroup is gone.
 */
#ifndef TCPVITALS_OS_CGROUP_NAMES_H
#define TCPVITALS_OS_CGROUP_NAMES_H

#include "core/names.h"

#include <stdbool.h>
#include <stdint.h>

struct cgroup_entry;

struct cgroup_names {
	int mount_fd;
	bool walks;            /* the kernel does not open cgroups by id: walk the tree instead */
	uint64_t next_walk_ns; /* no walk before that time, CLOCK_MONOTONIC */
	uint64_t lookups;
	struct cgroup_entry *entries;
};

/* Returns 0, -ENOENT (cgroup v2 is not mounted) or another negative errno. After success, call cgroup_names_close(). */
int cgroup_names_open(struct cgroup_names *ret);
void cgroup_names_close(struct cgroup_names *names);

/*
 * Sets cgroup, unit, container and pod of `ret`, valid until the next call. A cgroup that is gone at its first look-up
 * has no names: `ret` is left alone.
 *
 * Where the kernel does not open cgroups by id, a look-up walks the whole tree. Walks take less than a twentieth of the
 * time, and a new cgroup has no name until the next walk.
 */
void cgroup_names_find(struct cgroup_names *names, uint64_t id, struct names *ret);

#endif

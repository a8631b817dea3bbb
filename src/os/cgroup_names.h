/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The names of cgroups by their ids, each looked up once and remembered. An id is never used again, so that what was
 * found stays true when the cgroup is gone.
 */
#ifndef TCPVITALS_OS_CGROUP_NAMES_H
#define TCPVITALS_OS_CGROUP_NAMES_H

#include "core/names.h"

#include <stdbool.h>
#include <stdint.h>

struct cgroup_entry;

struct cgroup_names {
	int mount_fd;
	bool walks;            /* the kernel does not open cgroups by their ids here */
	uint64_t next_walk_ns; /* CLOCK_MONOTONIC: not before */
	uint64_t clock;        /* counts look-ups */
	struct cgroup_entry *entries;
};

/* 0, -ENOENT where cgroup v2 is not mounted, or another negative errno; on success give it to cgroup_names_close(). */
int cgroup_names_open(struct cgroup_names *ret);
void cgroup_names_close(struct cgroup_names *names);

/*
 * Sets cgroup, unit, container and pod, which stay valid until the next call; leaves them alone for a cgroup that was
 * gone when it was asked for. Where all cgroups have to be walked for one name, that takes less than a twentieth of
 * the time, and a new cgroup has no name until then.
 */
void cgroup_names_find(struct cgroup_names *names, uint64_t id, struct names *ret);

#endif

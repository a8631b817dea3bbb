/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The surroundings of the live view (struct live_world): names, and the ancestors of cgroups. */
#ifndef TCPVITALS_TCPSTATES_LIVE_WORLD_H
#define TCPVITALS_TCPSTATES_LIVE_WORLD_H

#include "core/live_group.h"
#include "os/resolver.h"

#define CGROUP_DEPTH_MAX 32
#define CGROUPS_KEPT     64

struct cgroup_line {
	uint64_t id; /* 0: no entry */
	uint64_t ids[CGROUP_DEPTH_MAX];
	size_t count;
};

struct live_surroundings {
	struct live_world world; /* for struct live_view */
	struct resolver *resolver;
	char mount_point[256]; /* of cgroup v2, empty without one */
	struct cgroup_line lines[CGROUPS_KEPT];
};

void live_surroundings_begin(struct live_surroundings *surroundings, struct resolver *resolver);

#endif

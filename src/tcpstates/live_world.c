/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/live_world.h"

#include "os/cgroup.h"
#include "os/port_range.h"

#include <stdio.h>
#include <string.h>

static const struct names *find_names(void *context, const struct grouping *grouping, const struct group_key *key)
{
	struct live_surroundings *surroundings = context;

	return resolver_group(surroundings->resolver, grouping, key);
}

/* Reads the ids of a cgroup and of its ancestors, from the path of its directory. */
static void read_line(const struct live_surroundings *surroundings, uint64_t id, struct cgroup_line *ret)
{
	const struct names *names = resolver_find(surroundings->resolver, id, 0, 0);
	char path[4096];
	int length;

	*ret = (struct cgroup_line){.id = id, .ids = {id}, .count = 1};
	if (!names || !names->cgroup.bytes || !surroundings->mount_point[0])
		return;
	length = snprintf(path, sizeof(path), "%s%.*s", surroundings->mount_point, (int)names->cgroup.length,
			  names->cgroup.bytes);
	if (length < 0 || (size_t)length >= sizeof(path))
		return;
	while (ret->count < CGROUP_DEPTH_MAX && (size_t)length > strlen(surroundings->mount_point)) {
		char *slash = strrchr(path, '/');

		*slash = '\0';
		length = (int)(slash - path);
		if (!cgroup_lookup(path, &ret->ids[ret->count]))
			ret->count++;
	}
}

/* The ids never change: a cgroup has the same ancestors while it exists. */
static size_t find_cgroups(void *context, uint64_t id, const uint64_t **ret)
{
	struct live_surroundings *surroundings = context;
	struct cgroup_line *line = &surroundings->lines[(id * 0x9e3779b97f4a7c15ULL) >> 58];

	if (!id)
		return 0;
	if (line->id != id)
		read_line(surroundings, id, line);
	*ret = line->ids;
	return line->count;
}

void live_surroundings_begin(struct live_surroundings *surroundings, struct resolver *resolver)
{
	struct port_range range;

	if (port_range_read(&range))
		range = (struct port_range){};
	surroundings->world = (struct live_world){find_names, find_cgroups, surroundings, range.first, range.last};
	surroundings->resolver = resolver;
	if (cgroup_mount_point(surroundings->mount_point, sizeof(surroundings->mount_point)))
		surroundings->mount_point[0] = '\0';
}

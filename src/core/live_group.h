/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lines of the live view, where one line stands for several connections: groups by the words of --by, with the
 * names that sums have (core/labels.h).
 */
#ifndef TCPVITALS_CORE_LIVE_GROUP_H
#define TCPVITALS_CORE_LIVE_GROUP_H

#include "core/group_key.h"
#include "core/group_table.h"
#include "core/labels.h"
#include "core/live.h"

/* One line of the view stands for: */
enum live_by {
	LIVE_BY_CONNECTION,
	LIVE_BY_GROUP,
	LIVE_LISTENERS, /* no connections: each listening socket, in the order of ports */
	LIVE_BYS
};

/* Questions of the view to its surroundings. Each function may be NULL. */
struct live_world {
	/* The names and the zone of a group, valid until the next call; NULL: unknown. */
	const struct names *(*names)(void *context, const struct grouping *grouping, const struct group_key *key);
	/* Writes the ids of a cgroup and its ancestors, the nearest first, and returns their number. */
	size_t (*cgroups)(void *context, uint64_t id, const uint64_t **ret);
	void *context;
	uint16_t ephemeral_first, ephemeral_last; /* the range of ephemeral ports; 0 and 0: unknown */
};

/* Tells a line from all others: cookie and conn_seq of a connection, or the serial number of a group. */
struct live_id {
	uint64_t first, second;
};

static inline bool live_id_equals(struct live_id a, struct live_id b)
{
	return a.first == b.first && a.second == b.second;
}

struct live_group {
	struct live_id id;
	const char *name; /* of labels_join(); NULL: the connections that found no room in a group of their own */
	size_t name_length;
	uint32_t look; /* the last in which a connection was added */
	uint32_t place;
	struct live_figures figures;
	uint64_t sort_key;
};

/* A zeroed struct is empty. */
struct live_groups {
	const struct labels *labels;
	struct group_settings settings;
	struct group_table names;
	struct live_group *groups; /* the first is that of all others; then those of `names`, in its order */
	size_t count, room;
	uint64_t serial; /* of the last new group */
	uint32_t look;   /* number of the look */
};

void live_groups_close(struct live_groups *groups);

/*
 * Sets all figures to zero, before the rows are added. Other `labels` than before forget all groups. Returns 0 or
 * -ENOMEM.
 */
int live_groups_begin(struct live_groups *groups, const struct labels *labels, const struct live_world *world);

/* Adds a row to its group. Returns 0 or -ENOMEM. */
int live_groups_add(struct live_groups *groups, const struct live_world *world, const struct live_row *row);

/* Adds the counts of a connection that ended between the last two passes, `interval_ns` apart. */
int live_groups_add_end(struct live_groups *groups, const struct live_world *world, const struct live_end *end,
			uint64_t interval_ns);

/* True if the group has a connection or a rate. The others are kept for a while, and are no lines. */
static inline bool live_group_is_shown(const struct live_group *group)
{
	return group->figures.connections || group->figures.has_rate;
}

/* Returns the key of a group, all zeros for all others. */
struct group_key live_group_key(const struct live_groups *groups, const struct live_group *group);

#endif

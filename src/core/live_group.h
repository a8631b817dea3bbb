/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lines of the live view, where one line stands for several connections: of a process, a peer prefix or a place. */
#ifndef TCPVITALS_CORE_LIVE_GROUP_H
#define TCPVITALS_CORE_LIVE_GROUP_H

#include "core/live.h"
#include "core/names.h"

/* One line of the view stands for: */
enum live_by {
	LIVE_BY_CONNECTION,
	LIVE_BY_PROCESS, /* the owner's pid */
	LIVE_BY_PEER,    /* a prefix of the remote address: LIVE_PREFIX_V4 or LIVE_PREFIX_V6 bits */
	LIVE_BY_PLACE,   /* the owner's container, else its systemd unit, else its cgroup */
	LIVE_LISTENERS,  /* no connections: each listening socket, in the order of ports */
	LIVE_BYS
};

#define LIVE_PREFIX_V4 24
#define LIVE_PREFIX_V6 64

#define LIVE_NAME_MAX 64

/* Questions of the view to its surroundings. Each function may be NULL. */
struct live_world {
	/* The names of a connection's owner, valid until the next call; NULL: unknown. */
	const struct names *(*names)(void *context, const struct transition *record);
	/* Writes the ids of a cgroup and its ancestors, the nearest first, and returns their number. */
	size_t (*cgroups)(void *context, uint64_t id, const uint64_t **ret);
	void *context;
};

/* Tells a line from all others: cookie and conn_seq of a connection, or the key of a group. */
struct live_id {
	uint64_t first, second;
};

static inline bool live_id_equals(struct live_id a, struct live_id b)
{
	return a.first == b.first && a.second == b.second;
}

struct live_group {
	struct live_id id;
	/* Untrusted bytes: the process's name, the prefix, or the place's name. Nothing: unknown. */
	char name[LIVE_NAME_MAX];
	size_t name_length;
	struct owner owner; /* LIVE_BY_PROCESS */
	struct live_figures figures;
	uint32_t next; /* index of the next group in the bucket + 1, 0: none */
	uint32_t place;
	uint64_t sort_key;
};

struct live_groups {
	struct live_group *groups; /* `count` of `room`; a zeroed struct is empty */
	uint32_t *buckets;
	size_t count, room, bucket_count;
	enum live_by by;
};

void live_groups_close(struct live_groups *groups);

/* Sets all figures to zero, before the rows are added. A change of `by` forgets all groups. */
void live_groups_begin(struct live_groups *groups, enum live_by by);

/* Adds a row to its group. Returns 0 or -ENOMEM. */
int live_groups_add(struct live_groups *groups, const struct live_world *world, const struct live_row *row);

/* Adds the counts of a connection that ended between the last two passes, `interval_ns` apart. */
int live_groups_add_end(struct live_groups *groups, const struct live_world *world, const struct live_end *end,
			uint64_t interval_ns);

/* Forgets the groups without a connection and without a rate. Their order changes. */
void live_groups_end(struct live_groups *groups);

#endif

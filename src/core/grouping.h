/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --by: its words, and what a group is called. */
#ifndef TCPVITALS_CORE_GROUPING_H
#define TCPVITALS_CORE_GROUPING_H

#include "abi/rtt.h"
#include "core/names.h"
#include "core/parse.h"
#include "core/strbuf.h"

#include <stdbool.h>

struct grouping {
	uint8_t by[RTT_BY_MAX];       /* enum rtt_by; the unused are RTT_BY_NOTHING */
	uint8_t prefix_v4, prefix_v6; /* bits to keep of the remote address for RTT_BY_PREFIX */
};

/* The longest name of a group: two parts of an address each, ports and signs. */
#define GROUPING_NAME_MAX 128

/* That much longer with names: PATH_MAX for a cgroup's, and what a network namespace may have. */
#define GROUPING_NAMES_MAX (4096 + 256)

/* What names of a group are looked up by; 0 for what it does not tell. */
struct grouping_ids {
	uint64_t cgroup_id;
	uint32_t netns; /* inode number */
	uint32_t pid;
};

/*
 * "raddr", "comm,rport", "prefix:24", "prefix:24/48" (IPv4 and IPv6; without the second, 64). "conn" stands alone. 0,
 * or -EINVAL with the bad word quoted and all words listed.
 */
int grouping_parse(const char *text, struct grouping *ret, struct parse_error *error);

/* Adds one; false when there is no room or it is there already. */
bool grouping_add(struct grouping *grouping, enum rtt_by by);

/* Whether it takes the owner of a connection: pid, comm, cgroup. */
bool grouping_is_by_owner(const struct grouping *grouping);

/* "all", "raddr", "comm,rport" */
void grouping_format(struct strbuf *out, const struct grouping *grouping);

/* Whether nobody knows who the owner is that the group is about. */
bool grouping_is_unknown(const struct grouping *grouping, const struct rtt_key *key);

/* Whether only the network namespace tells the two apart. */
bool grouping_is_namesake(const struct rtt_key *a, const struct rtt_key *b);

/* The NAMES_ that its groups have. */
unsigned int grouping_names(const struct grouping *grouping);

struct grouping_ids grouping_ids(const struct grouping *grouping, const struct rtt_key *key);

/*
 * A group's name: raw bytes that need escaping where a comm is in it; "-" for an owner that is not known. A connection
 * whose key has a netns gets it behind the name: zero it unless it has a namesake. A cgroup and a network namespace are
 * numbers where `names` has none for them, or is NULL.
 */
void grouping_format_key(struct strbuf *out, const struct grouping *grouping, const struct rtt_key *key,
			 const struct names *names);

#endif

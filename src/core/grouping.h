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

/* The longest name of a group: two parts of an address each, their zones, ports, what tells namesakes apart, signs. */
#define GROUPING_NAME_MAX 192

/* That much longer with names: PATH_MAX for a cgroup's, and what a network namespace may have. */
#define GROUPING_NAMES_MAX (4096 + 256)

/* What a group is, and its names are looked up by, in numbers; 0 for what it does not tell. */
struct grouping_ids {
	uint64_t cgroup_id;
	uint32_t netns; /* inode number: the group's, or that of its zone */
	uint32_t pid;
	uint32_t ifindex; /* the zone of a link-local address; a connection's may be without */
	bool has_zone;    /* it has a link-local address, so that `ifindex` is one or is not known */
	bool is_conn;     /* it has the next two */
	uint64_t cookie;
	uint32_t conn_seq; /* or CONN_SEQ_UNKNOWN */
};

/* What tells a group from its namesakes, bits. */
enum {
	GROUPING_NETNS = 1 << 0,  /* the inode number of the network namespace */
	GROUPING_COOKIE = 1 << 1, /* that of the socket, and of the connection if it is not the socket's first */
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

/* For an order that has namesakes side by side. Less than 0, 0 or more than 0. */
int grouping_compare(const struct rtt_key *a, const struct rtt_key *b);

/* Whether just their namespaces, zones or sockets tell the two apart. */
bool grouping_is_namesake(const struct rtt_key *a, const struct rtt_key *b);

/*
 * What tells a key from its namesakes (GROUPING_), in the order of grouping_compare(): `first` and `last` are the ends
 * of the row of them, `before` and `after` its neighbours, itself where there is none.
 */
unsigned int grouping_distinction(const struct rtt_key *key, const struct rtt_key *first, const struct rtt_key *last,
				  const struct rtt_key *before, const struct rtt_key *after);

/* The NAMES_ that its groups have. */
unsigned int grouping_names(const struct grouping *grouping);

struct grouping_ids grouping_ids(const struct grouping *grouping, const struct rtt_key *key);

/*
 * A group's name: raw bytes that need escaping where a comm or a zone is in it; "-" for an owner that is not known.
 * `distinction` (GROUPING_) is put behind the name, as in "NAME@NETNS#COOKIE.CONN_SEQ". A cgroup, a network namespace
 * and a zone are numbers where `names` has none for them, or is NULL.
 */
void grouping_format_key(struct strbuf *out, const struct grouping *grouping, const struct rtt_key *key,
			 unsigned int distinction, const struct names *names);

#endif

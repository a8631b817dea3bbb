/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The groups of --by: parses the words, compares keys, and writes the names of groups. */
#ifndef TCPVITALS_CORE_GROUPING_H
#define TCPVITALS_CORE_GROUPING_H

#include "abi/group.h"
#include "core/names.h"
#include "core/parse.h"
#include "core/strbuf.h"

#include <stdbool.h>

struct grouping {
	uint8_t by[GROUP_BY_MAX];     /* enum group_by; unused ones are GROUP_BY_NOTHING */
	uint8_t prefix_v4, prefix_v6; /* GROUP_BY_PREFIX: bits to keep of the remote address */
};

/*
 * Bytes of the longest name of a group: two addresses, their zones and ports, the distinction of namesakes,
 * punctuation.
 */
#define GROUPING_NAME_MAX 192

/* Additional bytes with names: PATH_MAX for the path of a cgroup, and 256 for the name of a network namespace. */
#define GROUPING_NAMES_MAX (4096 + 256)

/* The numbers of a group, by which names are looked up. 0: the group does not have that number. */
struct grouping_ids {
	uint64_t cgroup_id;
	uint32_t netns;   /* inode number of the group's namespace, or of its zone's */
	uint32_t pid;     /* may have OWNER_PID_OUTSIDE */
	uint32_t ifindex; /* zone of a link-local address; a connection may have one without such an address */
	bool has_zone;    /* the group has a link-local address; with `ifindex` 0, the zone is unknown */
	bool is_conn;     /* the group is one connection: the next two are valid */
	uint64_t cookie;
	uint32_t conn_seq; /* or CONN_SEQ_UNKNOWN */
};

/* Bits: differences between a group and its namesakes, the groups with the same name. */
enum {
	GROUPING_NETNS = 1 << 0,  /* the inode number of the network namespace */
	GROUPING_COOKIE = 1 << 1, /* cookie of the socket, and conn_seq if the connection is not the socket's first */
};

/*
 * Parses "raddr", "comm,rport", "prefix:24" or "prefix:24/48" (lengths for IPv4 and IPv6; 64 without the second).
 * "conn" stands alone. 0, or -EINVAL with the bad word quoted; for an unknown word the error lists all words.
 */
int grouping_parse(const char *text, struct grouping *ret, struct parse_error *error);

/* Adds a word. False if the word is there already, there is no room, or "conn" is not alone. */
bool grouping_add(struct grouping *grouping, enum group_by by);

/* True if the grouping is by the owner of a connection: pid, comm, cgroup. */
bool grouping_is_by_owner(const struct grouping *grouping);

/* Writes the words: "all", "raddr", "comm,rport". */
void grouping_format(struct strbuf *out, const struct grouping *grouping);

/* True if the grouping is by the owner, and the owner of this group is unknown. */
bool grouping_is_unknown(const struct grouping *grouping, const struct group_key *key);

/* Orders keys, with namesakes side by side. Less than 0, 0 or more than 0. */
int grouping_compare(const struct group_key *a, const struct group_key *b);

/* True if the keys differ in nothing but namespace, zone or socket. */
bool grouping_is_namesake(const struct group_key *a, const struct group_key *b);

/*
 * Returns the GROUPING_ bits that distinguish `key` from its namesakes. In the order of grouping_compare(), `first` and
 * `last` are the ends of the row of namesakes. `before` and `after` are the neighbours of `key`, or `key` itself.
 */
unsigned int grouping_distinction(const struct group_key *key, const struct group_key *first,
				  const struct group_key *last, const struct group_key *before,
				  const struct group_key *after);

/* Returns the NAMES_ bits for the names that the groups can have. */
unsigned int grouping_names(const struct grouping *grouping);

struct grouping_ids grouping_ids(const struct grouping *grouping, const struct group_key *key);

/*
 * Writes the name of a group. A comm or a zone in the name is raw bytes, so escape the result. "-" stands for an
 * unknown owner. `distinction` (GROUPING_ bits) follows the name, as in "NAME@NETNS#COOKIE.CONN_SEQ". A cgroup, a
 * network namespace or a zone is a number if `names` is NULL or lacks its name.
 */
void grouping_format_key(struct strbuf *out, const struct grouping *grouping, const struct group_key *key,
			 unsigned int distinction, const struct names *names);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/grouping.h"

#include "abi/owner.h"
#include "core/address.h"
#include "core/escape.h"
#include "core/prefix.h"
#include "core/role.h"
#include "core/zone.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define WORDS "laddr, raddr, lport, rport, port, role, pid, comm, cgroup, netns, prefix:LEN[/LEN6], conn"

#define PREFIX_WORD     "prefix:"
#define PREFIX_V6_USUAL 64 /* a subnet (RFC 4291, section 2.5.4) */

static const char *const words[] = {
	[GROUP_BY_NOTHING] = "all", [GROUP_BY_LADDR] = "laddr",   [GROUP_BY_RADDR] = "raddr",
	[GROUP_BY_LPORT] = "lport", [GROUP_BY_RPORT] = "rport",   [GROUP_BY_PID] = "pid",
	[GROUP_BY_COMM] = "comm",   [GROUP_BY_CGROUP] = "cgroup", [GROUP_BY_NETNS] = "netns",
	[GROUP_BY_PORT] = "port",   [GROUP_BY_ROLE] = "role",     [GROUP_BY_PREFIX] = "prefix",
	[GROUP_BY_CONN] = "conn",
};

bool grouping_add(struct grouping *grouping, enum group_by by)
{
	size_t i;

	for (i = 0; i < GROUP_BY_MAX && grouping->by[i]; i++) {
		if (grouping->by[i] == by)
			return false;
	}
	if (i == GROUP_BY_MAX || (i && (by == GROUP_BY_CONN || grouping->by[0] == GROUP_BY_CONN)))
		return false;
	grouping->by[i] = by;
	return true;
}

static bool is_about_owner(enum group_by by)
{
	return by == GROUP_BY_PID || by == GROUP_BY_COMM || by == GROUP_BY_CGROUP;
}

bool grouping_is_by_owner(const struct grouping *grouping)
{
	return is_about_owner(grouping->by[0]) || is_about_owner(grouping->by[1]);
}

bool grouping_is_unknown(const struct grouping *grouping, const struct group_key *key)
{
	return grouping_is_by_owner(grouping) && !key->owner_known;
}

/* Parses the text behind "prefix:": "24" or "24/48". */
static int parse_prefix_lengths(const char *text, size_t length, struct grouping *grouping, struct parse_error *error)
{
	const char *slash = memchr(text, '/', length);
	size_t first = slash ? (size_t)(slash - text) : length;
	uint64_t v4, v6 = PREFIX_V6_USUAL;
	int r;

	r = parse_u64("prefix length for IPv4", text, first, 1, 32, &v4, error);
	if (!r && slash)
		r = parse_u64("prefix length for IPv6", slash + 1, length - first - 1, 1, 128, &v6, error);
	if (r)
		return r;
	grouping->prefix_v4 = (uint8_t)v4;
	grouping->prefix_v6 = (uint8_t)v6;
	return 0;
}

static enum group_by find_word(const char *word, size_t length)
{
	for (enum group_by by = GROUP_BY_LADDR; by <= GROUP_BY_CONN; by++) {
		if (by != GROUP_BY_PREFIX && strlen(words[by]) == length && !memcmp(words[by], word, length))
			return by;
	}
	return GROUP_BY_NOTHING;
}

int grouping_parse(const char *text, struct grouping *ret, struct parse_error *error)
{
	struct grouping grouping = {};
	const char *word = text;

	for (;;) {
		size_t length = strcspn(word, ",");
		enum group_by by = find_word(word, length);

		if (length > strlen(PREFIX_WORD) && !memcmp(word, PREFIX_WORD, strlen(PREFIX_WORD))) {
			int r = parse_prefix_lengths(word + strlen(PREFIX_WORD), length - strlen(PREFIX_WORD),
						     &grouping, error);

			if (r)
				return r;
			by = GROUP_BY_PREFIX;
		}
		if (!by)
			return parse_fail(error, "grouping", word, length, "not one of " WORDS);
		if (!grouping_add(&grouping, by))
			return parse_fail(error, "grouping", word, length,
					  "give one or two different words, or conn alone");
		if (!word[length])
			break;
		word += length + 1;
	}
	*ret = grouping;
	return 0;
}

void grouping_format(struct strbuf *out, const struct grouping *grouping)
{
	strbuf_append_string(out, words[grouping->by[0]]);
	if (grouping->by[1]) {
		strbuf_append_char(out, ',');
		strbuf_append_string(out, words[grouping->by[1]]);
	}
}

/*
 * True if part `i` holds a link-local address, or a prefix of link-local addresses. A prefix shorter than 10 bits has
 * other addresses, too.
 */
static bool part_has_zone(const struct grouping *grouping, const struct group_key *key, int i)
{
	enum group_by by = grouping->by[0] == GROUP_BY_CONN ? GROUP_BY_RADDR : grouping->by[i];

	if (by != GROUP_BY_LADDR && by != GROUP_BY_RADDR && (by != GROUP_BY_PREFIX || grouping->prefix_v6 < 10))
		return false;
	return zone_applies(key->ip_version, key->part[i]);
}

static void format_prefix(struct strbuf *out, const struct grouping *grouping, const struct group_key *key, int i,
			  struct name zone)
{
	struct prefix prefix = {
		.ip_version = key->ip_version,
		.length = key->ip_version == 4 ? grouping->prefix_v4 : grouping->prefix_v6,
	};

	memcpy(prefix.bytes, key->part[i], sizeof(prefix.bytes));
	if (part_has_zone(grouping, key, i))
		prefix.ifindex = key->ifindex;
	if (prefix.ifindex && zone.bytes && zone.length <= ZONE_NAME_MAX)
		memcpy(prefix.zone, zone.bytes, zone.length);
	prefix_format(out, &prefix);
}

/* Reads a number from a part of a key, where numbers of several widths are in host byte order. */
static uint64_t part_number(const uint8_t part[16], size_t width)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	memcpy(&u64, part, sizeof(u64));
	memcpy(&u32, part, sizeof(u32));
	memcpy(&u16, part, sizeof(u16));
	return width == sizeof(u64) ? u64 : width == sizeof(u32) ? u32 : u16;
}

static void format_named(struct strbuf *out, struct name name, uint64_t number)
{
	if (name.bytes)
		strbuf_append(out, name.bytes, name.length);
	else
		strbuf_append_u64(out, number);
}

static void format_pid(struct strbuf *out, uint32_t pid)
{
	if (pid & OWNER_PID_OUTSIDE)
		strbuf_append_string(out, "host:");
	strbuf_append_u64(out, pid & ~OWNER_PID_OUTSIDE);
}

static void format_port(struct strbuf *out, uint32_t port)
{
	if (port == GROUP_PORT_EPHEMERAL)
		strbuf_append_string(out, "ephemeral");
	else if (port == GROUP_PORT_UNKNOWN)
		strbuf_append_string(out, "unknown");
	else
		strbuf_append_u64(out, port);
}

static void format_part(struct strbuf *out, const struct grouping *grouping, const struct group_key *key, int i,
			const struct names *names)
{
	const uint8_t *part = key->part[i];
	enum group_by by = grouping->by[i];

	if (is_about_owner(by) && grouping_is_unknown(grouping, key))
		strbuf_append_char(out, '-');
	else if (by == GROUP_BY_LADDR || by == GROUP_BY_RADDR)
		zone_format_address(out, key->ip_version, part, key->ifindex, names->zone);
	else if (by == GROUP_BY_COMM)
		strbuf_append(out, (const char *)part, escape_field_length((const char *)part, OWNER_COMM_LEN));
	else if (by == GROUP_BY_PREFIX)
		format_prefix(out, grouping, key, i, names->zone);
	else if (by == GROUP_BY_LPORT || by == GROUP_BY_RPORT)
		strbuf_append_u64(out, part_number(part, sizeof(uint16_t)));
	else if (by == GROUP_BY_PORT)
		format_port(out, (uint32_t)part_number(part, sizeof(uint32_t)));
	else if (by == GROUP_BY_ROLE)
		strbuf_append_string(out, role_name((enum connection_role)part_number(part, sizeof(uint32_t))));
	else if (by == GROUP_BY_CGROUP)
		format_named(out, names->cgroup, part_number(part, sizeof(uint64_t)));
	else if (by == GROUP_BY_NETNS)
		format_named(out, names->netns, part_number(part, sizeof(uint32_t)));
	else
		format_pid(out, (uint32_t)part_number(part, sizeof(uint32_t)));
}

/* 192.0.2.1:80 or [2001:db8::1]:80 */
static void format_endpoint(struct strbuf *out, const struct group_key *key, int i, uint16_t port, struct name zone)
{
	if (key->ip_version == 6)
		strbuf_append_char(out, '[');
	zone_format_address(out, key->ip_version, key->part[i], key->ifindex, zone);
	if (key->ip_version == 6)
		strbuf_append_char(out, ']');
	strbuf_append_char(out, ':');
	strbuf_append_u64(out, port);
}

static int compare_names(const struct group_key *a, const struct group_key *b)
{
	int order = memcmp(a, b, offsetof(struct group_key, netns));

	return order ? order : memcmp(a->part, b->part, sizeof(a->part));
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int grouping_compare(const struct group_key *a, const struct group_key *b)
{
	int order = compare_names(a, b);

	if (!order)
		order = compare_numbers(a->netns, b->netns);
	if (!order)
		order = compare_numbers(a->ifindex, b->ifindex);
	if (!order)
		order = compare_numbers(a->cookie, b->cookie);
	return order ? order : compare_numbers(a->conn_seq, b->conn_seq);
}

bool grouping_is_namesake(const struct group_key *a, const struct group_key *b)
{
	return !compare_names(a, b);
}

/* True for two connections that only cookie and conn_seq distinguish. */
static bool is_twin(const struct group_key *a, const struct group_key *b)
{
	return !compare_names(a, b) && a->netns == b->netns && a->ifindex == b->ifindex &&
	       (a->cookie != b->cookie || a->conn_seq != b->conn_seq);
}

unsigned int grouping_distinction(const struct group_key *key, const struct group_key *first,
				  const struct group_key *last, const struct group_key *before,
				  const struct group_key *after)
{
	return (first->netns != last->netns ? GROUPING_NETNS : 0) |
	       (is_twin(key, before) || is_twin(key, after) ? GROUPING_COOKIE : 0);
}

unsigned int grouping_names(const struct grouping *grouping)
{
	unsigned int names = 0;

	for (int i = 0; i < GROUP_BY_MAX; i++) {
		if (grouping->by[i] == GROUP_BY_CGROUP)
			names |= NAMES_CGROUP;
		if (grouping->by[i] == GROUP_BY_NETNS)
			names |= NAMES_NETNS;
	}
	return names;
}

struct grouping_ids grouping_ids(const struct grouping *grouping, const struct group_key *key)
{
	struct grouping_ids ids = {
		.netns = key->netns,
		.ifindex = key->ifindex,
		.has_zone = part_has_zone(grouping, key, 0) || part_has_zone(grouping, key, 1),
		.is_conn = grouping->by[0] == GROUP_BY_CONN,
		.cookie = key->cookie,
		.conn_seq = key->conn_seq,
	};

	for (int i = 0; i < GROUP_BY_MAX; i++) {
		const uint8_t *part = key->part[i];

		if (is_about_owner(grouping->by[i]) && !key->owner_known)
			continue;
		if (grouping->by[i] == GROUP_BY_CGROUP)
			ids.cgroup_id = part_number(part, sizeof(uint64_t));
		else if (grouping->by[i] == GROUP_BY_NETNS)
			ids.netns = (uint32_t)part_number(part, sizeof(uint32_t));
		else if (grouping->by[i] == GROUP_BY_PID)
			ids.pid = (uint32_t)part_number(part, sizeof(uint32_t)); /* may have OWNER_PID_OUTSIDE */
	}
	return ids;
}

static void format_distinction(struct strbuf *out, const struct group_key *key, unsigned int distinction)
{
	if (distinction & GROUPING_NETNS) {
		strbuf_append_char(out, '@');
		strbuf_append_u64(out, key->netns);
	}
	if (distinction & GROUPING_COOKIE) {
		strbuf_append_char(out, '#');
		strbuf_append_u64(out, key->cookie);
	}
	if (distinction & GROUPING_COOKIE && key->conn_seq && key->conn_seq != CONN_SEQ_UNKNOWN) {
		strbuf_append_char(out, '.');
		strbuf_append_u64(out, key->conn_seq);
	}
}

void grouping_format_key(struct strbuf *out, const struct grouping *grouping, const struct group_key *key,
			 unsigned int distinction, const struct names *names)
{
	static const struct names none;

	if (!names)
		names = &none;
	if (grouping->by[0] == GROUP_BY_CONN) {
		format_endpoint(out, key, 0, key->lport, names->zone);
		strbuf_append_string(out, "->");
		format_endpoint(out, key, 1, key->rport, names->zone);
	} else {
		format_part(out, grouping, key, 0, names);
	}
	if (grouping->by[1]) {
		strbuf_append_char(out, ',');
		format_part(out, grouping, key, 1, names);
	}
	format_distinction(out, key, distinction);
}

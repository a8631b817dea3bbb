/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options of the scope language (core/scope.h), which both tools have. */
#ifndef TCPVITALS_OS_SCOPE_OPTIONS_H
#define TCPVITALS_OS_SCOPE_OPTIONS_H

#include "core/scope.h"

#include <argp.h>

enum {
	SCOPE_KEY_LPORT = 0x200,
	SCOPE_KEY_RPORT,
	SCOPE_KEY_LADDR,
	SCOPE_KEY_RADDR,
	SCOPE_KEY_PID,
	SCOPE_KEY_PID_NAMESPACE,
	SCOPE_KEY_COMM,
	SCOPE_KEY_CGROUP,
	SCOPE_KEY_NETNS,
	SCOPE_KEY_USER,
	SCOPE_KEY_ROLE,
	SCOPE_KEY_STATE,
	SCOPE_KEY_CAUSE,
	SCOPE_KEY_MIN_DURATION,
};

/*
 * Rows of a table of options. The first four keys are the letters by which the tool's peers know these options, or the
 * SCOPE_KEY_...; the tool gives scope_option() the latter.
 */
#define SCOPE_OPTIONS(group, lport, rport, laddr, raddr)                                                               \
	{0, 0, 0, 0, "Which connections (each list is negated by a ! in front of it: --rport '!53'):", group},         \
		{"ipv4", '4', 0, 0, "IPv4 only, also over IPv6 sockets (::ffff:a.b.c.d)", group},                      \
		{"ipv6", '6', 0, 0, "IPv6 only", group},                                                               \
		{"localport", lport, "PORTS", 0, "local ports: a list with ranges, as in 80,443,8000-8999", group},    \
		{"lport", 0, 0, OPTION_ALIAS, 0, group},                                                               \
		{"remoteport", rport, "PORTS", 0, "remote ports: a list with ranges", group},                          \
		{"rport", 0, 0, OPTION_ALIAS, 0, group},                                                               \
		{"laddr",                                                                                              \
		 laddr,                                                                                                \
		 "PREFIXES",                                                                                           \
		 0,                                                                                                    \
		 "local addresses: a list of prefixes, as in 10.0.0.0/8,2001:db8::/32,fe80::1%eth0",                   \
		 group},                                                                                               \
		{"raddr", raddr, "PREFIXES", 0, "remote addresses: a list of prefixes", group},                        \
		{"pid", SCOPE_KEY_PID, "PIDS", 0, "owned by these processes", group},                                  \
		{"pid-namespace",                                                                                      \
		 SCOPE_KEY_PID_NAMESPACE,                                                                              \
		 "WHICH",                                                                                              \
		 0,                                                                                                    \
		 "in a container: pids are those of its own pid namespace (own, the default) or of the host (host)",   \
		 group},                                                                                               \
		{"comm", SCOPE_KEY_COMM, "GLOBS", 0, "owned by processes of these names: nginx,'php*'", group},        \
		{"cgroup",                                                                                             \
		 SCOPE_KEY_CGROUP,                                                                                     \
		 "CGROUPS",                                                                                            \
		 0,                                                                                                    \
		 "owned by processes in these cgroups and all below: paths, systemd units, container ids or their "    \
		 "beginnings",                                                                                         \
		 group},                                                                                               \
		{"netns", SCOPE_KEY_NETNS, "NETNS", 0, "in these network namespaces: names, pids or inode numbers",    \
		 group},                                                                                               \
		{"user", SCOPE_KEY_USER, "USERS", 0, "of these users: names or uids", group},                          \
	{                                                                                                              \
		"role", SCOPE_KEY_ROLE, "ROLE", 0, "client (it connected) or server (it was accepted)", group          \
	}

/* The ones that are about transitions; `flags`: OPTION_HIDDEN where they are there to be refused. */
#define SCOPE_TRANSITION_OPTIONS(group, flags)                                                                         \
	{"state", SCOPE_KEY_STATE, "STATES", flags, "only transitions into or out of these states", group},            \
		{"min-duration",                                                                                       \
		 SCOPE_KEY_MIN_DURATION,                                                                               \
		 "TIME",                                                                                               \
		 flags,                                                                                                \
		 "only out of states (with --state: of these) that lasted that long: 250us, 100ms, 1.5s",              \
		 group},                                                                                               \
	{                                                                                                              \
		"cause", SCOPE_KEY_CAUSE, "CAUSES", flags, "only ends for these causes: refused,'timeout*'", group     \
	}

/* One of these options, or ARGP_ERR_UNKNOWN. Ends the process when its argument is refused. */
error_t scope_option(int key, const char *argument, const struct argp_state *state, struct scope *scope);

/* When there are no more options; `connections` as for scope_complete(). Ends the process when nothing could match. */
void scope_options_end(const struct argp_state *state, bool connections, struct scope *scope);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options of the scope language (core/scope.h), common to all tools. */
#ifndef TCPVITALS_OS_SCOPE_OPTIONS_H
#define TCPVITALS_OS_SCOPE_OPTIONS_H

#include "core/scope.h"

#include <argp.h>

enum {
	SCOPE_KEY_PID = 0x200,
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

/* Entries for a table of options. `lport` and `rport` are letters besides -L and -D, or 0. */
#define SCOPE_OPTIONS(group, lport, rport)                                                                             \
	{0, 0, 0, 0, "Which connections (a ! in front of a list excludes: --rport '!53'):", group},                    \
		{"ipv4", '4', 0, 0, "only IPv4, also over IPv6 sockets", group},                                       \
		{"ipv6", '6', 0, 0, "only IPv6", group},                                                               \
		{"localport", 'L', "PORTS", 0, "local ports, as in 80,443,8000-8999", group},                          \
		{"lport", lport, 0, OPTION_ALIAS, 0, group}, {"remoteport", 'D', "PORTS", 0, "remote ports", group},   \
		{"rport", rport, 0, OPTION_ALIAS, 0, group},                                                           \
		{"laddr", 'a', "PREFIXES", 0, "local addresses, as in 10.0.0.0/8,fe80::1%eth0", group},                \
		{"raddr", 'A', "PREFIXES", 0, "remote addresses", group},                                              \
		{"pid", SCOPE_KEY_PID, "PIDS", 0, "processes that own the connection", group},                         \
		{"pid-namespace",                                                                                      \
		 SCOPE_KEY_PID_NAMESPACE,                                                                              \
		 "WHICH",                                                                                              \
		 0,                                                                                                    \
		 "pids are own (of this container) or host",                                                           \
		 group},                                                                                               \
		{"comm", SCOPE_KEY_COMM, "GLOBS", 0, "names of such processes: nginx,'php*'", group},                  \
		{"cgroup", SCOPE_KEY_CGROUP, "CGROUPS", 0, "cgroup paths, systemd units, container ids", group},       \
		{"netns", SCOPE_KEY_NETNS, "NETNS", 0, "network namespaces: names, pids, inodes", group},              \
		{"user", SCOPE_KEY_USER, "USERS", 0, "user names or uids", group},                                     \
	{                                                                                                              \
		"role", SCOPE_KEY_ROLE, "ROLE", 0, "client (connected) or server (accepted)", group                    \
	}

/* Options about transitions. `flags`: OPTION_HIDDEN in a tool that accepts them only to refuse them with a reason. */
#define SCOPE_TRANSITION_OPTIONS(group, flags)                                                                         \
	{"state", SCOPE_KEY_STATE, "STATES", flags, "only transitions into or out of these states", group},            \
		{"min-duration", SCOPE_KEY_MIN_DURATION, "TIME", flags, "only if the old state lasted TIME or longer", \
		 group},                                                                                               \
	{                                                                                                              \
		"cause", SCOPE_KEY_CAUSE, "CAUSES", flags, "only ends for these causes: refused,'timeout*'", group     \
	}

/*
 * Adds the argument of one of these options to the scope. Returns 0, -EINVAL with the reason in `error`, or
 * ARGP_ERR_UNKNOWN for another option.
 */
int scope_options_add(int key, const char *argument, struct scope *scope, struct parse_error *error);

/*
 * Handles one of these options. Returns 0, or ARGP_ERR_UNKNOWN for another option. Ends the process if the argument is
 * refused.
 */
error_t scope_option(int key, const char *argument, const struct argp_state *state, struct scope *scope);

/*
 * Completes the scope. Call it after the last option. `connections` is as in scope_complete(). Ends the process if
 * nothing can match.
 */
void scope_options_end(const struct argp_state *state, bool connections, struct scope *scope);

#endif

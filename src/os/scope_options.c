/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/scope_options.h"

#include "os/cgroup.h"
#include "os/command_line.h"
#include "os/netns.h"
#include "os/pid_namespace.h"
#include "os/scope_places.h"
#include "os/scope_zones.h"
#include "os/user.h"

#include <errno.h>
#include <limits.h>

/* Finds the number for a word. `path` leads to the object, or is empty. */
typedef int find_fn(const char *word, size_t length, uint64_t *ret, char path[PATH_MAX], struct parse_error *error);

static int find_user(const char *word, size_t length, uint64_t *ret, char path[PATH_MAX], struct parse_error *error)
{
	path[0] = '\0';
	return user_find(word, length, ret, error);
}

/* Adds a list of words that stand for numbers. Returns 0, or -EINVAL with the reason in `error`. */
static int add_found(struct scope *scope, enum scope_kind kind, const char *what, const char *text, find_fn *find,
		     struct parse_error *error)
{
	bool negated = scope_take_negation(&text);
	char path[PATH_MAX];
	const char *word;
	uint64_t number;
	size_t length;

	while (scope_next_word(&text, &word, &length)) {
		uint32_t count = scope->number_count;

		if (find(word, length, &number, path, error) ||
		    scope_add_number(scope, kind, number, !negated, what, word, length, error))
			return -EINVAL;
		if (scope->number_count > count && kind != SCOPE_UID && scope_places_add(scope, path))
			return parse_fail(error, what, word, length, "not enough memory");
	}
	return 0;
}

int scope_options_add(int key, const char *argument, struct scope *scope, struct parse_error *error)
{
	switch (key) {
	case '4':
	case '6':
		return scope_add_family(scope, (uint8_t)(key - '0'), error);
	case 'L':
	case 'D':
		return scope_add_ports(scope, key == 'D', argument, error);
	case 'a':
	case 'A':
		return scope_add_addresses(scope, key == 'A', argument, error);
	case SCOPE_KEY_PID:
		return scope_add_pids(scope, argument, error);
	case SCOPE_KEY_COMM:
		return scope_add_comms(scope, argument, error);
	case SCOPE_KEY_CGROUP:
		return add_found(scope, SCOPE_CGROUP, "cgroup", argument, cgroup_find, error);
	case SCOPE_KEY_NETNS:
		return add_found(scope, SCOPE_NETNS, "network namespace", argument, netns_find, error);
	case SCOPE_KEY_USER:
		return add_found(scope, SCOPE_UID, "user", argument, find_user, error);
	case SCOPE_KEY_ROLE:
		return scope_add_roles(scope, argument, error);
	case SCOPE_KEY_STATE:
		return scope_add_states(scope, argument, error);
	case SCOPE_KEY_CAUSE:
		return scope_add_causes(scope, argument, error);
	case SCOPE_KEY_MIN_DURATION:
		return scope_add_min_duration(scope, argument, error);
	}
	return ARGP_ERR_UNKNOWN;
}

error_t scope_option(int key, const char *argument, const struct argp_state *state, struct scope *scope)
{
	static const char *const namespaces[] = {"own", "host", NULL};
	struct parse_error error;
	int result;

	if (key == SCOPE_KEY_PID_NAMESPACE) {
		scope->host_pids =
			command_line_choose(state, "pid namespace", argument, namespaces, "not one of own, host") != 0;
		return 0;
	}
	result = scope_options_add(key, argument, scope, &error);
	if (result == -EINVAL)
		command_line_fail(state, &error);
	return result;
}

/* In the initial pid namespace there is nothing to choose: its numbers are the kernel's own. */
static void choose_pid_namespace(struct scope *scope)
{
	struct pid_namespace own;

	if (scope->host_pids || pid_namespace_own(&own) || pid_namespace_is_initial(&own))
		return;
	scope->settings.pidns_dev = own.device;
	scope->settings.pidns_ino = own.inode;
}

void scope_options_end(const struct argp_state *state, bool connections, struct scope *scope)
{
	struct parse_error error;

	if (scope_complete(scope, connections, &error) || scope_zones_find(scope, &error))
		command_line_fail(state, &error);
	choose_pid_namespace(scope);
}

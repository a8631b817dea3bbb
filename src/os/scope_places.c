/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/scope_places.h"

#include "os/cgroup.h"
#include "os/netns.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- cgroups ---------------------------------------------------------------------------------------------------- */

/* Returns 0 for the root cgroup at the mount point, which never disappears. */
static uint64_t parent_of(const char *path)
{
	char parent[PATH_MAX];
	uint64_t id;

	if (snprintf(parent, sizeof(parent), "%s/..", path) >= (int)sizeof(parent) || cgroup_lookup(parent, &id))
		return 0;
	return id;
}

static void check_cgroup(struct scope_place *place)
{
	uint64_t id;

	place->is_gone = cgroup_lookup(place->path, &id) != 0;
	if (place->is_gone)
		return;
	if (place->number != id || !place->parent)
		place->parent = parent_of(place->path);
	place->number = id;
}

/* ---- network namespaces ----------------------------------------------------------------------------------------- */

/* A pid stands for the namespace that the process is in. A later process with that pid is not meant. */
static bool is_of_process(const struct scope_place *place)
{
	return strncmp(place->path, "/proc/", strlen("/proc/")) == 0;
}

static void forget_path(struct scope_place *place)
{
	free(place->path);
	place->path = NULL;
}

static void check_netns(struct scope_place *place)
{
	struct netns_file file = {.inode = place->number, .generation = place->generation};
	int error;

	if (!place->is_gone && netns_is_same(place->path, &file))
		return;
	error = netns_lookup(place->path, &file);
	/* Another error, such as too few descriptors, may pass: the next check decides. */
	if (error && error != -ENOENT && error != -ESRCH && error != -ENOTDIR)
		return;
	place->is_gone = error != 0 || (is_of_process(place) && file.inode != place->number);
	if (place->is_gone)
		return;
	place->number = file.inode;
	place->cookie = file.cookie;
	place->generation = file.generation;
}

/*
 * Searches a namespace that is known only by its inode number. If some namespaces cannot be visited, it may still
 * exist.
 */
static void search_netns(struct scope_place *place)
{
	struct netns_file file = {};

	place->is_gone = netns_search(place->number, &file) == -ENOENT;
	place->cookie = file.cookie;
}

static void begin_netns(struct scope_place *place)
{
	if (!place->path) {
		search_netns(place);
		return;
	}
	place->is_gone = true; /* makes check_netns() read the file, even if it is the same */
	check_netns(place);
	/* A cookie identifies the namespace for ever, so the path is not needed. */
	if (place->cookie && is_of_process(place))
		forget_path(place);
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

int scope_places_add(struct scope *scope, const char *path)
{
	const struct scope_listed *listed = &scope->numbers[scope->number_count - 1];
	struct scope_place place = {.kind = listed->number.kind,
				    .sense = listed->sense,
				    .word = listed->word,
				    .length = listed->length,
				    .number = listed->number.value};
	struct scope_place *places = reallocarray(scope->places, scope->place_count + 1, sizeof(*places));

	if (!places)
		return -ENOMEM;
	scope->places = places;
	/*
	 * realpath() removes links and doubled slashes from a cgroup's path. The file of a namespace is a link itself.
	 */
	place.path = place.kind == SCOPE_CGROUP ? realpath(path, NULL) : path[0] ? strdup(path) : NULL;
	if (place.kind == SCOPE_CGROUP && place.path) {
		check_cgroup(&place);
	} else if (place.kind == SCOPE_NETNS) {
		begin_netns(&place);
		scope->settings.netns_cookies |= place.cookie != 0;
	}
	places[scope->place_count++] = place;
	return 0;
}

static bool is_same(const struct scope_place *a, const struct scope_place *b)
{
	return a->number == b->number && a->cookie == b->cookie && a->parent == b->parent && a->is_gone == b->is_gone;
}

void scope_places_check(struct scope *scope, scope_places_fn *report, void *context)
{
	for (uint32_t i = 0; i < scope->place_count; i++) {
		struct scope_place *place = &scope->places[i], was = *place;

		if (!place->path)
			continue;
		if (place->kind == SCOPE_CGROUP)
			check_cgroup(place);
		else
			check_netns(place);
		if (!is_same(&was, place))
			report(context, &was, place);
		if (place->kind == SCOPE_NETNS && place->is_gone && is_of_process(place))
			forget_path(place);
	}
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/replay_scope.h"

#include "core/scope_match.h"
#include "os/cgroup.h"

#include <string.h>

/* Cgroups of the scope that an owner's cgroup may be in. */
#define ANCESTORS_MAX 32

void replay_scope_begin(const struct scope *scope, struct replay_scope *ret)
{
	ret->scope = scope;
	if (!scope->settings.numbers[SCOPE_CGROUP] || cgroup_mount_point(ret->cgroup_root, sizeof(ret->cgroup_root)))
		ret->cgroup_root[0] = '\0';
}

/* Returns the length of the directory's path below the root if the cgroup `path` is in it, or is it; else 0. */
static size_t depth_of(const struct replay_scope *scope, const struct scope_place *place, struct name path)
{
	size_t root = strlen(scope->cgroup_root), length;

	if (place->kind != SCOPE_CGROUP || !place->path || strncmp(place->path, scope->cgroup_root, root) != 0)
		return 0;
	length = strlen(place->path + root);
	if (length > path.length || memcmp(place->path + root, path.bytes, length) != 0)
		return 0;
	return length == path.length || path.bytes[length] == '/' ? length : 0;
}

/*
 * Finds the ids of the cgroups that the scope names and that the record's cgroup is in, the nearest first. A record has
 * the id of its own cgroup; with --names it has the path, which shows the others. Returns their number.
 */
static size_t find_ancestors(const struct replay_scope *scope, const struct record *record, uint64_t ids[ANCESTORS_MAX])
{
	size_t depths[ANCESTORS_MAX], count = 1;

	ids[0] = record->transition.owner.cgroup_id;
	depths[0] = SIZE_MAX;
	for (uint32_t i = 0; i < scope->scope->place_count && count < ANCESTORS_MAX; i++) {
		const struct scope_place *place = &scope->scope->places[i];
		size_t depth = depth_of(scope, place, record->names.cgroup), at = count;

		if (!depth || place->number == ids[0])
			continue;
		for (; depths[at - 1] < depth; at--) {
			depths[at] = depths[at - 1];
			ids[at] = ids[at - 1];
		}
		depths[at] = depth;
		ids[at] = place->number;
		count++;
	}
	return count;
}

bool replay_scope_admits(const struct replay_scope *scope, const struct record *record)
{
	struct scope_subject subject = {.record = &record->transition, .cause = record->cause, .role = record->role};
	uint64_t ids[ANCESTORS_MAX];

	if (!scope_is_limited(scope->scope))
		return true;
	if (scope->cgroup_root[0] && record->names.cgroup.bytes) {
		subject.cgroup_count = find_ancestors(scope, record, ids);
		subject.cgroups = ids;
	}
	return scope_match(scope->scope, &subject);
}

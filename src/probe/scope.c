/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/scope.h"

#include "abi/prefix.h"
#include "probe/optional.h"
#include "probe/probe.h"
#include "probe/skeleton.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

static int size_map(struct bpf_object *object, const char *name, uint32_t entries)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	int error = map ? bpf_map__set_autocreate(map, entries > 0) : -errno;

	return error || !entries ? error : bpf_map__set_max_entries(map, entries);
}

/* Chooses the programs and the map that follow the processes of a command, if the object has them. */
static int choose_tree(struct bpf_object *object, bool wanted)
{
	static const char *const names[] = {"tree_fork", "tree_free"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bpf_program *program = bpf_object__find_program_by_name(object, names[i]);

		if (!program)
			return wanted ? -ENOENT : 0;
		bpf_program__set_autoload(program, wanted);
	}
	return size_map(object, "tree", wanted ? TREE_MAX : 0);
}

/* Returns the number of map entries: one for each address, and for each interface of a zone. */
static uint32_t count_keys(const struct scope *scope, const struct prefix_list lists[2])
{
	uint32_t count = 0;

	for (int i = 0; i < 2; i++) {
		for (uint32_t j = 0; j < lists[i].count; j++) {
			const char *zone = lists[i].prefixes[j].zone;

			count += !zone[0];
			for (uint32_t k = 0; zone[0] && k < scope->zone_count; k++)
				count += !strcmp(scope->zones[k].name, zone);
		}
	}
	return count;
}

/* Chooses the program and the map that follow cgroups that are created again, if the object has them. */
static int choose_cgroups(struct bpf_object *object, uint32_t places)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, "cgroup_made");

	if (!program)
		return 0;
	bpf_program__set_autoload(program, places > 0);
	return size_map(object, "scope_cgroups", places);
}

static uint32_t cgroups_of(const struct scope *scope)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < scope->place_count; i++)
		count += scope->places[i].kind == SCOPE_CGROUP;
	return count;
}

/*
 * Returns the number of map entries. For a moment a place can have two numbers, and a network namespace has a cookie
 * besides.
 */
static uint32_t numbers_of(const struct scope *scope)
{
	return scope->number_count + 3 * scope->place_count;
}

int scope_size_maps(const struct scope *scope, struct bpf_object *object)
{
	int error = choose_tree(object, scope->settings.tree.tgid != 0);

	if (!error)
		error = choose_cgroups(object, 2 * cgroups_of(scope));
	if (!error)
		error = size_map(object, "scope_numbers", numbers_of(scope));
	if (!error)
		error = size_map(object, "scope_laddrs", count_keys(scope, scope->laddrs));
	if (!error)
		error = size_map(object, "scope_raddrs", count_keys(scope, scope->raddrs));
	return error;
}

static int insert(const struct bpf_object *object, const char *name, const void *key, uint8_t sense)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	return fd < 0 ? fd : bpf_map_update_elem(fd, key, &sense, BPF_ANY);
}

static int insert_prefix(const struct scope *scope, const struct bpf_object *object, const char *name,
			 const struct prefix *prefix, uint8_t sense)
{
	struct prefix_key key = {
		.bits = PREFIX_KEY_HEAD_BITS + prefix->length,
		.ifindex = prefix->ifindex,
		.ip_version = prefix->ip_version,
	};
	int error = 0;

	memcpy(key.address, prefix->bytes, sizeof(key.address));
	if (!prefix->zone[0])
		return insert(object, name, &key, sense);
	for (uint32_t i = 0; !error && i < scope->zone_count; i++) {
		key.ifindex = scope->zones[i].ifindex;
		key.netns = scope->zones[i].netns;
		if (!strcmp(scope->zones[i].name, prefix->zone))
			error = insert(object, name, &key, sense);
	}
	return error;
}

static int insert_prefixes(const struct scope *scope, const struct bpf_object *object, const char *name,
			   const struct prefix_list *list, uint8_t sense)
{
	int error = 0;

	for (uint32_t i = 0; !error && i < list->count; i++)
		error = insert_prefix(scope, object, name, &list->prefixes[i], sense);
	return error;
}

static int insert_number(const struct bpf_object *object, uint32_t kind, uint64_t value, uint8_t sense)
{
	struct scope_number number = {.value = value, .kind = kind};

	return insert(object, "scope_numbers", &number, sense);
}

static void remove_number(const struct bpf_object *object, uint32_t kind, uint64_t value)
{
	int fd = bpf_object__find_map_fd_by_name(object, "scope_numbers");
	struct scope_number number = {.value = value, .kind = kind};

	bpf_map_delete_elem(fd, &number);
}

/* Makes the key for a cgroup that may be created again. Returns false if the program cannot wait for that name. */
static bool cgroup_key(const struct scope_place *place, struct scope_cgroup_name *ret)
{
	const char *slash = place->path ? strrchr(place->path, '/') : NULL;

	*ret = (struct scope_cgroup_name){.parent = place->parent};
	/* The program cuts names that are too long. */
	if (!slash || !place->parent || strlen(slash + 1) >= sizeof(ret->name) - 1)
		return false;
	memcpy(ret->name, slash + 1, strlen(slash + 1));
	return true;
}

static int insert_cgroup(const struct bpf_object *object, const struct scope_place *place)
{
	int error = insert_number(object, SCOPE_CGROUP, place->number, place->sense);
	int fd = bpf_object__find_map_fd_by_name(object, "scope_cgroups");
	struct scope_cgroup_made made = {.id = place->number, .sense = place->sense};
	struct scope_cgroup_name key;

	if (error || !cgroup_key(place, &key))
		return error;
	return fd < 0 ? fd : bpf_map_update_elem(fd, &key, &made, BPF_ANY);
}

/* Inserts the cookie first: the number alone may belong to a stranger. */
static int insert_netns(const struct bpf_object *object, const struct scope *scope, const struct scope_place *place)
{
	bool by_cookie = place->cookie && scope->settings.netns_cookies;
	int error = by_cookie ? insert_number(object, SCOPE_NETNS_COOKIE, place->cookie, place->sense) : 0;

	if (error)
		return error;
	return insert_number(object, SCOPE_NETNS, place->number, place->sense | (by_cookie ? SCOPE_BY_COOKIE : 0));
}

static int insert_place(const struct bpf_object *object, const struct scope *scope, const struct scope_place *place)
{
	return place->kind == SCOPE_CGROUP ? insert_cgroup(object, place) : insert_netns(object, scope, place);
}

static void replace_cgroup(const struct bpf_object *object, const struct scope_place *was, const struct scope_place *is)
{
	int fd = bpf_object__find_map_fd_by_name(object, "scope_cgroups");
	struct scope_cgroup_name key;

	if (was->number != is->number)
		remove_number(object, SCOPE_CGROUP, was->number);
	if (was->parent != is->parent && cgroup_key(was, &key))
		bpf_map_delete_elem(fd, &key);
}

static void replace_netns(const struct bpf_object *object, const struct scope_place *was, const struct scope_place *is)
{
	if (was->number != is->number)
		remove_number(object, SCOPE_NETNS, was->number);
	if (was->cookie && was->cookie != is->cookie)
		remove_number(object, SCOPE_NETNS_COOKIE, was->cookie);
}

int scope_update_place(const struct probe *probe, const struct scope_place *was, const struct scope_place *is)
{
	const struct bpf_object *object = probe->vitals ? probe->vitals->obj : NULL;

	if (!object)
		return 0; /* the classic tracepoint has no places */
	if (is->is_gone) {
		if (is->kind == SCOPE_NETNS && !is->cookie)
			remove_number(object, SCOPE_NETNS, is->number);
		return 0;
	}
	if (is->kind == SCOPE_CGROUP)
		replace_cgroup(object, was, is);
	else
		replace_netns(object, was, is);
	return insert_place(object, probe->wants.scope, is);
}

static bool is_place(const struct scope_number *number)
{
	return number->kind == SCOPE_CGROUP || number->kind == SCOPE_NETNS;
}

int scope_fill_maps(const struct scope *scope, const struct bpf_object *object)
{
	int error = 0;

	for (uint32_t i = 0; !error && i < scope->number_count; i++) {
		const struct scope_listed *listed = &scope->numbers[i];

		if (!is_place(&listed->number))
			error = insert(object, "scope_numbers", &listed->number, listed->sense);
	}
	for (uint32_t i = 0; !error && i < scope->place_count; i++)
		error = insert_place(object, scope, &scope->places[i]);
	if (!error)
		error = insert_prefixes(scope, object, "scope_laddrs", &scope->laddrs[0], SCOPE_WANTED);
	if (!error)
		error = insert_prefixes(scope, object, "scope_laddrs", &scope->laddrs[1], SCOPE_UNWANTED);
	if (!error)
		error = insert_prefixes(scope, object, "scope_raddrs", &scope->raddrs[0], SCOPE_WANTED);
	if (!error)
		error = insert_prefixes(scope, object, "scope_raddrs", &scope->raddrs[1], SCOPE_UNWANTED);
	return error;
}

bool scope_explain(int error, char *ret, size_t size)
{
	return optional_explain("tree_fork",
				"a command cannot be followed; select its connections with --comm or --pid", error, ret,
				size);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/scope.h"

#include "abi/prefix.h"
#include "probe/optional.h"

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

/* What follows the processes of a command, where the object has it. */
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

/* One for each interface that is called as the zone. */
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

int scope_size_maps(const struct scope *scope, struct bpf_object *object)
{
	int error = choose_tree(object, scope->settings.tree.tgid != 0);

	if (!error)
		error = size_map(object, "scope_numbers", scope->number_count);
	if (!error)
		error = size_map(object, "scope_laddrs", count_keys(scope, scope->laddrs));
	if (!error)
		error = size_map(object, "scope_raddrs", count_keys(scope, scope->raddrs));
	return error;
}

static int put(const struct bpf_object *object, const char *name, const void *key, uint8_t sense)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	return fd < 0 ? fd : bpf_map_update_elem(fd, key, &sense, BPF_ANY);
}

static int put_prefix(const struct scope *scope, const struct bpf_object *object, const char *name,
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
		return put(object, name, &key, sense);
	for (uint32_t i = 0; !error && i < scope->zone_count; i++) {
		key.ifindex = scope->zones[i].ifindex;
		key.netns = scope->zones[i].netns;
		if (!strcmp(scope->zones[i].name, prefix->zone))
			error = put(object, name, &key, sense);
	}
	return error;
}

static int put_prefixes(const struct scope *scope, const struct bpf_object *object, const char *name,
			const struct prefix_list *list, uint8_t sense)
{
	int error = 0;

	for (uint32_t i = 0; !error && i < list->count; i++)
		error = put_prefix(scope, object, name, &list->prefixes[i], sense);
	return error;
}

int scope_fill_maps(const struct scope *scope, const struct bpf_object *object)
{
	int error = 0;

	for (uint32_t i = 0; !error && i < scope->number_count; i++)
		error = put(object, "scope_numbers", &scope->numbers[i].number, scope->numbers[i].sense);
	if (!error)
		error = put_prefixes(scope, object, "scope_laddrs", &scope->laddrs[0], SCOPE_WANTED);
	if (!error)
		error = put_prefixes(scope, object, "scope_laddrs", &scope->laddrs[1], SCOPE_UNWANTED);
	if (!error)
		error = put_prefixes(scope, object, "scope_raddrs", &scope->raddrs[0], SCOPE_WANTED);
	if (!error)
		error = put_prefixes(scope, object, "scope_raddrs", &scope->raddrs[1], SCOPE_UNWANTED);
	return error;
}

bool scope_explain(int error, char *ret, size_t size)
{
	return optional_explain("tree_fork", "nothing follows a command; choose its connections with --comm or --pid",
				error, ret, size);
}

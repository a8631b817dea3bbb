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

int scope_size_maps(const struct scope *scope, struct bpf_object *object)
{
	int error = choose_tree(object, scope->settings.tree.tgid != 0);

	if (!error)
		error = size_map(object, "scope_numbers", scope->number_count);
	if (!error)
		error = size_map(object, "scope_laddrs", scope->laddrs[0].count + scope->laddrs[1].count);
	if (!error)
		error = size_map(object, "scope_raddrs", scope->raddrs[0].count + scope->raddrs[1].count);
	return error;
}

static int put(const struct bpf_object *object, const char *name, const void *key, uint8_t sense)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	return fd < 0 ? fd : bpf_map_update_elem(fd, key, &sense, BPF_ANY);
}

static int put_prefixes(const struct bpf_object *object, const char *name, const struct prefix_list *list,
			uint8_t sense)
{
	int error = 0;

	for (uint32_t i = 0; !error && i < list->count; i++) {
		const struct prefix *prefix = &list->prefixes[i];
		struct prefix_key key = {
			.bits = PREFIX_KEY_VERSION_BITS + prefix->length,
			.ip_version = prefix->ip_version,
		};

		memcpy(key.address, prefix->bytes, sizeof(key.address));
		error = put(object, name, &key, sense);
	}
	return error;
}

int scope_fill_maps(const struct scope *scope, const struct bpf_object *object)
{
	int error = 0;

	for (uint32_t i = 0; !error && i < scope->number_count; i++)
		error = put(object, "scope_numbers", &scope->numbers[i].number, scope->numbers[i].sense);
	if (!error)
		error = put_prefixes(object, "scope_laddrs", &scope->laddrs[0], SCOPE_WANTED);
	if (!error)
		error = put_prefixes(object, "scope_laddrs", &scope->laddrs[1], SCOPE_UNWANTED);
	if (!error)
		error = put_prefixes(object, "scope_raddrs", &scope->raddrs[0], SCOPE_WANTED);
	if (!error)
		error = put_prefixes(object, "scope_raddrs", &scope->raddrs[1], SCOPE_UNWANTED);
	return error;
}

bool scope_explain(int error, char *ret, size_t size)
{
	return optional_explain("tree_fork", "nothing follows a command; choose its connections with --comm or --pid",
				error, ret, size);
}

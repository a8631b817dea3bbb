/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/cgroup_names.h"

#include "core/cgroup_path.h"
#include "os/cgroup.h"
#include "os/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A set-associative cache: an id has WAYS possible entries, and replaces the one with the oldest look-up. */
#define WAYS        8
#define BUCKET_BITS 9
#define ENTRIES     ((size_t)WAYS << BUCKET_BITS)

#define WALK_PAUSE_NS 1000000000ULL
#define WALK_SHARE    20    /* the pause after a walk, in durations of that walk, besides WALK_PAUSE_NS */
#define WALK_MAX      65536 /* cgroups */

struct cgroup_entry {
	uint64_t id;   /* 0: the entry is free */
	uint64_t used; /* `lookups` at the last look-up */
	char *path;    /* NULL: the cgroup was gone */
	size_t path_length;
	struct name unit; /* `unit` and `container` are parts of `path` */
	struct name container;
	char pod[POD_UID_LENGTH];
	size_t pod_length;
};

int cgroup_names_open(struct cgroup_names *ret)
{
	struct cgroup_names names = {.mount_fd = -1};
	char mount_point[PATH_MAX];
	int error = cgroup_mount_point(mount_point, sizeof(mount_point));

	if (error)
		return error;
	names.entries = calloc(ENTRIES, sizeof(*names.entries));
	if (!names.entries)
		return -ENOMEM;
	names.mount_fd = open(mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (names.mount_fd < 0) {
		error = -errno;
		free(names.entries);
		return error;
	}
	*ret = names;
	return 0;
}

void cgroup_names_close(struct cgroup_names *names)
{
	if (!names->entries)
		return;
	for (size_t i = 0; i < ENTRIES; i++)
		free(names->entries[i].path);
	free(names->entries);
	names->entries = NULL;
	close(names->mount_fd);
}

static struct cgroup_entry *bucket_of(const struct cgroup_names *names, uint64_t id)
{
	/* Fibonacci hashing: ids of cgroups are some dozens apart, because the files of a cgroup have ids, too. */
	return names->entries + (id * 0x9e3779b97f4a7c15 >> (64 - BUCKET_BITS)) * WAYS;
}

static struct cgroup_entry *find_entry(const struct cgroup_names *names, uint64_t id)
{
	struct cgroup_entry *bucket = bucket_of(names, id);

	for (size_t i = 0; i < WAYS; i++)
		if (bucket[i].id == id)
			return bucket + i;
	return NULL;
}

static struct cgroup_entry *least_used(const struct cgroup_names *names, uint64_t id)
{
	struct cgroup_entry *bucket = bucket_of(names, id), *least = bucket;

	for (size_t i = 1; i < WAYS; i++)
		if (bucket[i].used < least->used)
			least = bucket + i;
	return least;
}

/* `path` is NULL for a cgroup that is gone. Returns NULL if out of memory. */
static struct cgroup_entry *remember(struct cgroup_names *names, uint64_t id, const char *path)
{
	struct cgroup_entry *entry = least_used(names, id);
	char *copy = path ? strdup(path) : NULL;

	if (path && !copy)
		return NULL;
	free(entry->path);
	*entry = (struct cgroup_entry){.id = id, .used = names->lookups, .path = copy};
	if (copy) {
		entry->path_length = strlen(copy);
		entry->unit = cgroup_path_unit(copy, entry->path_length);
		entry->container = cgroup_path_container(copy, entry->path_length);
		entry->pod_length = cgroup_path_pod(copy, entry->path_length, entry->pod);
	}
	return entry;
}

struct walk_context {
	struct cgroup_names *names;
	size_t count;
};

static int visit(void *context, const char *path, const char *name, uint64_t id)
{
	struct walk_context *walk = context;

	(void)name;
	if (!find_entry(walk->names, id))
		remember(walk->names, id, path);
	return ++walk->count == WALK_MAX;
}

/* Walks the tree and caches all cgroups, unless the pause after the last walk is not over. */
static void walk(struct cgroup_names *names)
{
	struct walk_context context = {.names = names};
	uint64_t start_ns = clock_monotonic_ns(), end_ns;
	char mount_point[PATH_MAX];
	struct stat root;

	if (start_ns < names->next_walk_ns)
		return;
	if (!fstat(names->mount_fd, &root))
		visit(&context, "/", "/", root.st_ino);
	if (!cgroup_mount_point(mount_point, sizeof(mount_point)))
		cgroup_walk(mount_point, visit, &context);
	end_ns = clock_monotonic_ns();
	names->next_walk_ns = end_ns + WALK_PAUSE_NS + WALK_SHARE * (end_ns - start_ns);
}

/* Returns NULL if the name is not known yet. */
static struct cgroup_entry *look_up(struct cgroup_names *names, uint64_t id)
{
	char path[PATH_MAX];
	int error = names->walks ? -EPERM : cgroup_path_of(names->mount_fd, id, path, sizeof(path));

	if (!error || error == -ESTALE || error == -ENAMETOOLONG)
		return remember(names, id, error ? NULL : path);
	if (error == -ENOMEM || error == -EMFILE || error == -ENFILE)
		return NULL;
	names->walks = true;
	walk(names);
	return find_entry(names, id);
}

void cgroup_names_find(struct cgroup_names *names, uint64_t id, struct names *ret)
{
	struct cgroup_entry *entry = find_entry(names, id);

	names->lookups++;
	if (!entry)
		entry = look_up(names, id);
	if (!entry)
		return;
	entry->used = names->lookups;
	if (!entry->path)
		return;
	ret->cgroup = (struct name){entry->path, entry->path_length};
	ret->unit = entry->unit;
	ret->container = entry->container;
	if (entry->pod_length)
		ret->pod = (struct name){entry->pod, entry->pod_length};
}

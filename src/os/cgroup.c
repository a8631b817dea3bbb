/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/cgroup.h"

#include "core/container.h"
#include "os/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/*
 * The list of mounts also has those that another one hides, be it on the same directory or above. What the path leads
 * to tells them apart: an ordinary directory there is no mount's root, and a directory of a cgroup is not, either.
 */
static bool is_visible(const char *path)
{
	struct statfs filesystem;
	struct statx status;

	return statfs(path, &filesystem) == 0 && filesystem.f_type == CGROUP2_SUPER_MAGIC &&
	       statx(AT_FDCWD, path, 0, 0, &status) == 0 && status.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

int cgroup_mount_point(char *ret, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry, storage;
	int error = -ENOENT;
	char text[4096];

	if (!mounts)
		return -errno;
	while (error == -ENOENT && (entry = getmntent_r(mounts, &storage, text, sizeof(text)))) {
		if (strcmp(entry->mnt_type, "cgroup2") != 0 || !is_visible(entry->mnt_dir))
			continue;
		error = (size_t)snprintf(ret, size, "%s", entry->mnt_dir) < size ? 0 : -ENAMETOOLONG;
	}
	endmntent(mounts);
	return error;
}

/* ---- walking ---------------------------------------------------------------------------------------------------- */

struct walk {
	int (*visit)(void *context, const char *path, const char *name, uint64_t id);
	void *context;
	char path[PATH_MAX]; /* of the directory it is at, from the mount point */
};

/* Takes over `fd`. */
static int walk_directory(struct walk *walk, int fd, size_t length)
{
	DIR *directory = fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!directory) {
		result = -errno;
		close(fd);
		return result;
	}
	while (!result && (entry = readdir(directory))) {
		size_t name_length = strlen(entry->d_name);
		int child;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || length + name_length + 2 > sizeof(walk->path))
			continue;
		walk->path[length] = '/';
		memcpy(walk->path + length + 1, entry->d_name, name_length + 1);
		result = walk->visit(walk->context, walk->path, walk->path + length + 1, entry->d_ino);
		child = result ? -1 : openat(dirfd(directory), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (child >= 0)
			result = walk_directory(walk, child, length + 1 + name_length);
	}
	closedir(directory);
	return result;
}

int cgroup_walk(const char *mount_point, int (*visit)(void *context, const char *path, const char *name, uint64_t id),
		void *context)
{
	struct walk walk = {.visit = visit, .context = context};
	int fd = open(mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : walk_directory(&walk, fd, 0);
}

/* ---- an id's path ----------------------------------------------------------------------------------------------- */

/* FILEID_KERNFS of the kernel: the handle is the id. */
#define HANDLE_TYPE 0xfe

/* What a descriptor was opened as. 0 or a negative errno. */
static int path_of_fd(int fd, char *ret, size_t size)
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, ret, size);
	if (length < 0)
		return -errno;
	if ((size_t)length == size)
		return -ENAMETOOLONG;
	ret[length] = '\0';
	return 0;
}

static int open_by_id(int mount_fd, uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} by_id = {.handle = {.handle_bytes = sizeof(id), .handle_type = HANDLE_TYPE}};
	int fd;

	memcpy(by_id.handle.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(mount_fd, &by_id.handle, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A path that only looks right ("... (deleted)", or in another cgroup namespace) leads somewhere else. */
static bool leads_to(int mount_fd, const char *path, uint64_t id)
{
	struct stat st;

	return fstatat(mount_fd, *path ? path + 1 : ".", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == id;
}

int cgroup_path_of(int mount_fd, uint64_t id, char *ret, size_t size)
{
	char mount_point[PATH_MAX], path[PATH_MAX];
	_cleanup_close_ int fd = open_by_id(mount_fd, id);
	int error = fd < 0 ? fd : path_of_fd(mount_fd, mount_point, sizeof(mount_point));
	size_t prefix;

	if (!error)
		error = path_of_fd(fd, path, sizeof(path));
	if (error)
		return error;
	prefix = strlen(mount_point);
	if (strncmp(path, mount_point, prefix) != 0 || (path[prefix] && path[prefix] != '/'))
		return -ESTALE;
	if (!leads_to(mount_fd, path + prefix, id))
		return -ESTALE;
	return (size_t)snprintf(ret, size, "%s", path[prefix] ? path + prefix : "/") < size ? 0 : -ENAMETOOLONG;
}

/* A directory's, if it is a cgroup. */
static bool take_path(const char *path, uint64_t *ret_id)
{
	struct statfs filesystem;
	struct stat st;

	if (stat(path, &st) || !S_ISDIR(st.st_mode) || statfs(path, &filesystem) ||
	    filesystem.f_type != CGROUP2_SUPER_MAGIC)
		return false;
	*ret_id = st.st_ino;
	return true;
}

int cgroup_lookup(const char *path, uint64_t *ret_id)
{
	return take_path(path, ret_id) ? 0 : -ENOENT;
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

/* How well a cgroup goes with a word. */
enum rank {
	RANK_NONE,
	RANK_CONTAINER,
	RANK_UNIT
};

struct search {
	const char *word;
	size_t length;
	enum rank rank; /* of the best so far */
	unsigned int count;
	uint64_t id;
	char paths[2][PATH_MAX]; /* the first two of that rank */
};

static enum rank rank_of(const struct search *search, const char *name)
{
	size_t length = strlen(name);
	const char *id = container_id(name, length);

	if (length == search->length && !memcmp(name, search->word, length))
		return RANK_UNIT;
	if (length == search->length + strlen(".service") && !memcmp(name, search->word, search->length) &&
	    !strcmp(name + search->length, ".service"))
		return RANK_UNIT;
	return id && container_id_begins(id, search->word, search->length) ? RANK_CONTAINER : RANK_NONE;
}

static int look_at(void *context, const char *path, const char *name, uint64_t id)
{
	struct search *search = context;
	enum rank rank = rank_of(search, name);

	if (!rank || rank < search->rank)
		return 0;
	if (rank > search->rank)
		search->count = 0;
	search->rank = rank;
	if (search->count < 2)
		snprintf(search->paths[search->count], PATH_MAX, "%s", path);
	if (!search->count++)
		search->id = id;
	return 0;
}

static bool join(const char *folder, const char *name, size_t length, char ret[PATH_MAX])
{
	return snprintf(ret, PATH_MAX, "%s/%.*s", folder, (int)length, name) < PATH_MAX;
}

/* The paths may be long: each gets what a line has room for. */
static int fail_ambiguous(const struct search *search, struct parse_error *error)
{
	char why[512];

	snprintf(why, sizeof(why), "which one? %u are called so, as %.150s and %.150s; give the path", search->count,
		 search->paths[0], search->paths[1]);
	return parse_fail(error, "cgroup", search->word, search->length, why);
}

static int fail_unknown(const char *word, size_t length, const char *mount_point, struct parse_error *error)
{
	char why[512];

	snprintf(why, sizeof(why), "neither a path below %.200s nor a unit or a container there", mount_point);
	return parse_fail(error, "cgroup", word, length, why);
}

static int fail_unmounted(const char *word, size_t length, int failed, struct parse_error *error)
{
	if (failed == -ENOENT)
		return parse_fail(error, "cgroup", word, length,
				  "cgroup v2 is not mounted here (v1 alone tells nothing of a socket's owner); try: "
				  "mount -t cgroup2 none DIRECTORY");
	return parse_fail(error, "cgroup", word, length, strerror(-failed));
}

int cgroup_find(const char *word, size_t length, uint64_t *ret_id, char path[PATH_MAX], struct parse_error *error)
{
	struct search search = {.word = word, .length = length};
	char mount_point[PATH_MAX];
	int failed = cgroup_mount_point(mount_point, sizeof(mount_point));

	if (failed)
		return fail_unmounted(word, length, failed, error);
	if (length && length < PATH_MAX) {
		snprintf(path, PATH_MAX, "%.*s", (int)length, word);
		if (word[0] == '/' && take_path(path, ret_id))
			return 0;
		if (join(mount_point, word, length, path) && take_path(path, ret_id))
			return 0;
	}
	if (length && word[0] != '/')
		failed = cgroup_walk(mount_point, look_at, &search);
	if (failed)
		return fail_unmounted(word, length, failed, error);
	if (!search.count)
		return fail_unknown(word, length, mount_point, error);
	if (search.count > 1)
		return fail_ambiguous(&search, error);
	if (!join(mount_point, search.paths[0], strlen(search.paths[0]), path))
		return parse_fail(error, "cgroup", word, length, strerror(ENAMETOOLONG));
	*ret_id = search.id;
	return 0;
}

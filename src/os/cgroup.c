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
 * The list of mounts includes hidden ones: another mount may cover the same directory or one above. The path of a
 * hidden mount leads to an ordinary directory or to a directory of some cgroup. Neither is the root of a mount.
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
	char path[PATH_MAX]; /* of the current directory, from the mount point */
};

/* Closes `fd`. */
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

/* FILEID_KERNFS of the kernel: the file handle is the cgroup id. */
#define HANDLE_TYPE 0xfe

/* Reads the path of an open descriptor. Returns 0 or a negative errno. */
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

/*
 * Returns false for a path to another cgroup: of a deleted one ("... (deleted)"), or one in another cgroup namespace.
 */
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

static bool read_id(const char *path, uint64_t *ret_id)
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
	return read_id(path, ret_id) ? 0 : -ENOENT;
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

/* How well the name of a cgroup matches, worst first. */
enum rank {
	RANK_NONE,
	RANK_CONTAINER,
	RANK_UNIT
};

struct search {
	const char *word;
	size_t length;
	enum rank rank; /* of the best match so far */
	unsigned int count;
	uint64_t id;
	char paths[2][PATH_MAX]; /* the first two cgroups of that rank */
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

static int compare_cgroup(void *context, const char *path, const char *name, uint64_t id)
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

/* Long paths are cut, so that both fit into the message. */
static int fail_ambiguous(const struct search *search, struct parse_error *error)
{
	char why[512];

	snprintf(why, sizeof(why), "%u cgroups have this name, such as %.150s and %.150s; give the path", search->count,
		 search->paths[0], search->paths[1]);
	return parse_fail(error, "cgroup", search->word, search->length, why);
}

static int fail_unknown(const char *word, size_t length, const char *mount_point, struct parse_error *error)
{
	char why[512];

	snprintf(why, sizeof(why), "no cgroup below %.200s has this path, unit or container id", mount_point);
	return parse_fail(error, "cgroup", word, length, why);
}

static int fail_unmounted(const char *word, size_t length, int failed, struct parse_error *error)
{
	if (failed == -ENOENT)
		return parse_fail(error, "cgroup", word, length,
				  "cgroup v2 is not mounted here, and v1 alone is not enough; try: mount -t cgroup2 "
				  "none DIRECTORY");
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
		if (word[0] == '/' && read_id(path, ret_id))
			return 0;
		if (join(mount_point, word, length, path) && read_id(path, ret_id))
			return 0;
	}
	if (length && word[0] != '/')
		failed = cgroup_walk(mount_point, compare_cgroup, &search);
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

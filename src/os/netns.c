/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/netns.h"

#include "os/cleanup.h"
#include "os/message.h"
#include "os/privileges.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Since Linux 5.14. Some C libraries are older. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define NAMES_DIRECTORY "/run/netns"

/* PID_MAX_LIMIT of the kernel. Inode numbers of namespaces are far above. */
#define PID_MAX   4194304
#define INODE_MAX 0xffffffffU

struct tour {
	int (*visit)(void *context);
	void *context;
	int home;
	dev_t nsfs; /* the file system of all namespaces: an inode number on it identifies one */
	ino_t *seen;
	size_t seen_count;
	size_t seen_room;
	struct netns_omissions omissions;
};

static bool is_seen(const struct tour *tour, ino_t inode)
{
	for (size_t i = 0; i < tour->seen_count; i++) {
		if (tour->seen[i] == inode)
			return true;
	}
	return false;
}

/* Returns 0 or -ENOMEM. */
static int mark_seen(struct tour *tour, ino_t inode)
{
	if (tour->seen_count == tour->seen_room) {
		size_t room = tour->seen_room ? 2 * tour->seen_room : 16;
		ino_t *seen = reallocarray(tour->seen, room, sizeof(*seen));

		if (!seen)
			return -ENOMEM;
		tour->seen = seen;
		tour->seen_room = room;
	}
	tour->seen[tour->seen_count++] = inode;
	return 0;
}

/* Counts a path with a namespace that cannot be read, unless the process or the file is already gone. */
static int omit_process(struct tour *tour, int error)
{
	tour->omissions.processes += error != ENOENT && error != ESRCH;
	return 0;
}

/* Visits the namespace at `path`. Files that are no namespace are skipped. */
static int visit_file(struct tour *tour, int directory, const char *path)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int error;

	if (fstatat(directory, path, &st, 0) < 0)
		return omit_process(tour, errno);
	if (st.st_dev != tour->nsfs || is_seen(tour, st.st_ino))
		return 0;
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return omit_process(tour, errno); /* not seen yet: another process may lead there */
	error = mark_seen(tour, st.st_ino);
	if (error)
		return error;
	if (setns(fd, CLONE_NEWNET) < 0) {
		tour->omissions.namespaces++;
		return 0;
	}
	error = tour->visit(tour->context);
	return setns(tour->home, CLONE_NEWNET) < 0 ? -errno : error;
}

/* Visits `suffix` below each entry of a directory. */
static int visit_directory(struct tour *tour, const char *path, bool only_numbers, const char *suffix)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int error = 0;

	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	while (!error && (entry = readdir(directory))) {
		char name[sizeof(entry->d_name) + sizeof("/ns/net")];

		if (entry->d_name[0] == '.' || (only_numbers && (entry->d_name[0] < '0' || entry->d_name[0] > '9')))
			continue;
		snprintf(name, sizeof(name), "%s%s", entry->d_name, suffix);
		error = visit_file(tour, dirfd(directory), name);
	}
	closedir(directory);
	return error;
}

void netns_report(const struct netns_omissions *omissions, const char *effect)
{
	if (omissions->namespaces)
		message(omissions->namespaces == 1 ? "cannot enter %zu network namespace (needs CAP_SYS_ADMIN): %s"
						   : "cannot enter %zu network namespaces (needs CAP_SYS_ADMIN): %s",
			omissions->namespaces, effect);
	if (omissions->processes)
		message(omissions->processes == 1
				? "cannot read the network namespace of %zu process (needs CAP_SYS_PTRACE; a security "
				  "module may forbid it): unless another process shares it, %s"
				: "cannot read the network namespace of %zu processes (needs CAP_SYS_PTRACE; a "
				  "security module may forbid it): unless other processes share them, %s",
			omissions->processes, effect);
}

int netns_visit_all(int (*visit)(void *context), void *context, struct netns_omissions *ret)
{
	_cleanup_close_ int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	struct tour tour = {.visit = visit, .context = context, .home = home};
	struct stat st;
	int error;

	if (home < 0 || fstat(home, &st) < 0)
		return -errno;
	tour.nsfs = st.st_dev;
	error = mark_seen(&tour, st.st_ino);
	if (!error)
		error = visit(context);
	if (!error)
		error = visit_directory(&tour, "/proc", true, "/ns/net");
	if (!error)
		error = visit_directory(&tour, NAMES_DIRECTORY, false, "");
	free(tour.seen);
	if (!error)
		*ret = tour.omissions;
	return error;
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

static uint64_t generation_of(const struct stat *st)
{
	return (uint64_t)st->st_ctim.tv_sec * 1000000000 + (uint64_t)st->st_ctim.tv_nsec;
}

/* Reads the cookie of the network namespace that the calling thread is in. Returns 0 or a negative errno. */
static int read_own_cookie(uint64_t *ret)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(*ret);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, ret, &length) < 0)
		return -errno;
	return 0;
}

bool netns_has_cookies(void)
{
	uint64_t unused;

	return read_own_cookie(&unused) == 0;
}

/*
 * Reads the cookie, from a socket inside the namespace. The cookie is 0 if it cannot be read. Returns 0, or a negative
 * errno if the thread cannot return to its own namespace.
 */
static int read_cookie(int fd, ino_t inode, uint64_t *ret)
{
	_cleanup_close_ int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	struct stat st;

	*ret = 0;
	if (home < 0 || fstat(home, &st) < 0)
		return 0;
	if (st.st_ino == inode) {
		read_own_cookie(ret);
		return 0;
	}
	if (!netns_has_cookies() || setns(fd, CLONE_NEWNET) < 0)
		return 0;
	read_own_cookie(ret);
	return setns(home, CLONE_NEWNET) < 0 ? -errno : 0;
}

int netns_lookup(const char *path, struct netns_file *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct netns_file file;
	struct stat st;
	int error;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return -ENOENT;
	file.inode = st.st_ino;
	file.generation = generation_of(&st);
	error = read_cookie(fd, st.st_ino, &file.cookie);
	if (!error)
		*ret = file;
	return error;
}

bool netns_is_same(const char *path, const struct netns_file *file)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_ino == file->inode && generation_of(&st) == file->generation;
}

struct search {
	struct netns_file file;
	bool is_found;
};

static int visit_for_cookie(void *context)
{
	struct search *search = context;
	struct stat st;

	if (stat("/proc/thread-self/ns/net", &st) < 0 || st.st_ino != search->file.inode)
		return 0;
	search->is_found = true;
	read_own_cookie(&search->file.cookie);
	return 1;
}

bool netns_is_partial(const struct netns_omissions *omissions)
{
	return omissions->namespaces || (omissions->processes && !privileges_see_processes());
}

int netns_search(uint64_t inode, struct netns_file *ret)
{
	struct search search = {.file.inode = inode};
	struct netns_omissions omissions = {};
	int error = netns_visit_all(visit_for_cookie, &search, &omissions);

	if (error < 0)
		return error;
	if (!search.is_found)
		return netns_is_partial(&omissions) ? -EPERM : -ENOENT;
	*ret = search.file;
	return 0;
}

/* Returns whether `path` is a network namespace file. */
static bool read_inode(const char *path, uint64_t *ret_inode)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET || fstat(fd, &st) < 0)
		return false;
	*ret_inode = st.st_ino;
	return true;
}

int netns_find(const char *word, size_t length, uint64_t *ret_inode, char path[PATH_MAX], struct parse_error *error)
{
	struct parse_error unused;
	uint64_t number;

	if (length >= PATH_MAX - sizeof(NAMES_DIRECTORY "/"))
		return parse_fail(error, "network namespace", word, length, "the name is too long");
	snprintf(path, PATH_MAX, "%s%.*s", length && word[0] == '/' ? "" : NAMES_DIRECTORY "/", (int)length, word);
	if (length && read_inode(path, ret_inode))
		return 0;
	if (parse_u64("number", word, length, 1, INODE_MAX, &number, &unused))
		return parse_fail(error, "network namespace", word, length,
				  "not a name in " NAMES_DIRECTORY ", nor a path, a pid or an inode number");
	if (number > PID_MAX) {
		path[0] = '\0';
		*ret_inode = number;
		return 0;
	}
	snprintf(path, PATH_MAX, "/proc/%llu/ns/net", (unsigned long long)number);
	if (!read_inode(path, ret_inode))
		return parse_fail(error, "network namespace", word, length,
				  errno == ENOENT ? "no process has this number" : strerror(errno));
	return 0;
}

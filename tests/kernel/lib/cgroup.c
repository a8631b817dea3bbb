/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "os/cgroup.h"
#include "private_mount.h"
#include "require.h"

/* Where one is mounted when there is none, in a mount namespace that only this process sees. */
#define MOUNT_POINT "/sys/fs/cgroup"

/* Of the unified hierarchy. */
static const char *mount_point(void)
{
	static char path[200];

	if (!cgroup_mount_point(path, sizeof(path)))
		return path;
	require(!private_mount("cgroup2", MOUNT_POINT), "cgroup v2 cannot be mounted on " MOUNT_POINT);
	return MOUNT_POINT;
}

void cgroup_remove(struct cgroup *cgroup)
{
	uint64_t deadline = now_ns() + 2 * NS_PER_SEC;

	/* A process that has just ended may still be in it. */
	while (cgroup->path[0] && rmdir(cgroup->path) && errno == EBUSY && now_ns() < deadline)
		sleep_ms(1);
	cgroup->path[0] = '\0';
}

void cgroup_make(struct cgroup *cgroup, const struct cgroup *parent, const char *name)
{
	struct stat stat_buffer;
	char path[sizeof(cgroup->path)];

	need_machine("cgroup2");
	if (parent)
		snprintf(path, sizeof(path), "%.250s/%.120s", parent->path, name);
	else
		snprintf(path, sizeof(path), "%s/tcpvitals-test-%d-%.120s", mount_point(), getpid(), name);
	require(!mkdir(path, 0755), "cannot make %s", path);
	memcpy(cgroup->path, path, sizeof(path));
	cgroup->name = strrchr(cgroup->path, '/') + 1;
	require(!stat(path, &stat_buffer), "no %s", path);
	cgroup->id = stat_buffer.st_ino;
}

void cgroup_move(const struct cgroup *cgroup, pid_t pid)
{
	char path[400];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup->path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	require(fd >= 0 && dprintf(fd, "%d", pid) > 0, "cannot move process %d into %s", pid, cgroup->path);
	close(fd);
}

void cgroup_join(const struct cgroup *cgroup)
{
	cgroup_move(cgroup, 0);
}

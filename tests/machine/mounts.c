/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions about file systems: the BTF of the kernel, tracefs and cgroup v2. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kernel/lib/private_mount.h"
#include "questions.h"

#define BTF     "/sys/kernel/btf/vmlinux"
#define TRACEFS "/sys/kernel/tracing"
#define CGROUPS "/sys/fs/cgroup"

/* Where a file system of that type is mounted first, in a static buffer; NULL when there is none. */
static const char *find_mount(const char *type)
{
	static char path[200];
	FILE *file = fopen("/proc/self/mounts", "re");
	char line[1024], found[64];
	bool is_found = false;

	while (file && !is_found && fgets(line, sizeof(line), file))
		is_found = sscanf(line, "%*s %199s %63s", path, found) == 2 && !strcmp(found, type);
	if (file)
		fclose(file);
	return is_found ? path : NULL;
}

void mounts_try_btf(const char *unused, struct answer *answer)
{
	(void)unused;
	if (access(BTF, R_OK))
		answer_refused(answer, errno);
	else
		answer_set(answer, YES, BTF);
}

int mounts_show_tracefs(void)
{
	return access(TRACEFS "/events", F_OK) ? private_mount("tracefs", TRACEFS) : 0;
}

void mounts_try_tracefs(const char *unused, struct answer *answer)
{
	const char *place = find_mount("tracefs");
	int error = mounts_show_tracefs();
	int fd = open(TRACEFS "/events/header_page", O_RDONLY | O_CLOEXEC);

	(void)unused;
	if (error)
		answer_set(answer, NO, "cannot be mounted: %s", strerror(-error));
	else if (fd < 0) /* as where the kernel is locked down */
		answer_refused(answer, errno);
	else if (place)
		answer_set(answer, YES, "mounted on %s", place);
	else
		answer_set(answer, YES, "not mounted, but can be");
	if (fd >= 0)
		close(fd);
}

/* A cgroup in that place can be made, and is removed: 0 or a negative errno. */
static int make_cgroup(const char *place)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/tcpvitals-machine-%d", place, getpid());
	if (mkdir(path, 0755))
		return -errno;
	return rmdir(path) ? -errno : 0;
}

void mounts_try_cgroup2(const char *unused, struct answer *answer)
{
	bool has_v1 = find_mount("cgroup");
	const char *place = find_mount("cgroup2");
	char version[256];
	int error = 0;

	(void)unused;
	if (place)
		snprintf(version, sizeof(version), "%sv2 on %s", has_v1 ? "v1, " : "", place);
	else
		snprintf(version, sizeof(version), "%s", has_v1 ? "v1 only" : "none");
	if (geteuid()) {
		answer_set(answer, UNKNOWN, "%s; needs root to make one", version);
		return;
	}
	if (!place)
		error = private_mount("cgroup2", CGROUPS);
	if (error) {
		answer_set(answer, NO, "%s; v2 cannot be mounted: %s", version, strerror(-error));
		return;
	}
	error = make_cgroup(place ? place : CGROUPS);
	if (error)
		answer_set(answer, NO, "%s; none can be made: %s", version, strerror(-error));
	else
		answer_set(answer, YES, "%s%s", version, place ? "" : "; v2 can be mounted");
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/pid_namespace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* PROC_PID_INIT_INO of the kernel, since 3.8. */
#define INITIAL_INODE 0xeffffffcU

int pid_namespace_own(struct pid_namespace *ret)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st))
		return -errno;
	/* The kernel compares with its own way to write a device, MKDEV(). */
	ret->device = (uint32_t)(major(st.st_dev) << 20 | minor(st.st_dev));
	ret->inode = (uint32_t)st.st_ino;
	return 0;
}

bool pid_namespace_is_initial(const struct pid_namespace *namespace)
{
	return namespace->inode == INITIAL_INODE;
}

/*
 * Whether /proc is of this process's pid namespace. NSpid has the process's number in the one of /proc, and in each one
 * from there down to its own.
 */
static bool proc_is_own(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256], more[2];
	bool is_own = false;
	unsigned int number;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "NSpid:", strlen("NSpid:")) == 0)
			is_own = sscanf(line, "NSpid: %u %1s", &number, more) == 1;
	}
	fclose(file);
	return is_own;
}

bool pid_namespace_has_proc(uint32_t inode)
{
	struct pid_namespace own;

	if (pid_namespace_own(&own) || inode != (pid_namespace_is_initial(&own) ? 0 : own.inode))
		return false;
	return proc_is_own();
}

enum pid_meaning pid_namespace_look_up(uint32_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);

	if (fd >= 0) {
		close(fd);
		return PID_OF_PROCESS;
	}
	if (errno == ESRCH)
		return PID_OF_NOBODY;
	/* The first until 6.15, the second since. */
	if (errno == EINVAL || errno == ENOENT)
		return PID_OF_THREAD;
	/* A sandbox refuses it. This one takes a thread's number, too. */
	return kill((pid_t)pid, 0) && errno == ESRCH ? PID_OF_NOBODY : PID_OF_PROCESS;
}

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

/* PROC_PID_INIT_INO of the kernel, since Linux 3.8. */
#define INITIAL_INODE 0xeffffffcU

int pid_namespace_own(struct pid_namespace *ret)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st))
		return -errno;
	/* The kernel compares with a device in the encoding of MKDEV(). */
	ret->device = (uint32_t)(major(st.st_dev) << 20 | minor(st.st_dev));
	ret->inode = (uint32_t)st.st_ino;
	return 0;
}

bool pid_namespace_is_initial(const struct pid_namespace *namespace)
{
	return namespace->inode == INITIAL_INODE;
}

/*
 * Returns whether /proc belongs to the pid namespace of this process. NSpid lists the numbers of the process: in the
 * namespace of /proc, then in each one below, down to its own.
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
		return PID_PROCESS;
	}
	if (errno == ESRCH)
		return PID_UNUSED;
	/* A thread that is no process: EINVAL before Linux 6.15, ENOENT since. */
	if (errno == EINVAL || errno == ENOENT)
		return PID_THREAD;
	/* A sandbox may refuse pidfd_open(). kill() also accepts the number of a thread. */
	return kill((pid_t)pid, 0) && errno == ESRCH ? PID_UNUSED : PID_PROCESS;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The question about seccomp's user notification. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "questions.h"

/* A system call that nobody else makes here, and a value that the kernel itself never returns for it. */
#define CALL   SYS_sched_get_priority_max
#define RESULT 4711

/* The descriptor that CALL is answered through, for this process and its children; or a negative errno. */
static int install(void)
{
	struct sock_filter instructions[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = sizeof(instructions) / sizeof(*instructions), .filter = instructions};
	long fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
	return fd < 0 ? -errno : (int)fd;
}

/* 0 or a negative errno. */
static int answer_call(int fd)
{
	struct seccomp_notif call = {0};
	struct seccomp_notif_resp response = {.val = RESULT};

	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &call))
		return -errno;
	response.id = call.id;
	return ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &response) ? -errno : 0;
}

void seccomp_try_notify(const char *unused, struct answer *answer)
{
	int fd = install(), error, status;
	pid_t pid;

	(void)unused;
	if (fd < 0) {
		answer_refused(answer, -fd);
		return;
	}
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(syscall(CALL, 0) == RESULT ? 0 : 1);
	}
	error = pid < 0 ? -errno : answer_call(fd);
	if (error)
		answer_refused(answer, -error);
	else if (waitpid(pid, &status, 0) == pid && !status)
		answer_set(answer, YES, "%s", "");
	else
		answer_set(answer, NO, "the call does not get its answer");
}

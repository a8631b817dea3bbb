/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "require.h"

/* Between two looks. */
#define NAP_MS 2

bool process_fork(struct process *process)
{
	pid_t parent = getpid(), pid = fork();

	require(pid >= 0, "cannot fork");
	*process = (struct process){.pid = pid};
	if (pid)
		return false;
	/* The test may have ended before the kernel was asked to tell. 0 is a parent in another pid namespace. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || (getppid() != parent && getppid() != 0))
		_exit(127);
	return true;
}

static void take_over(int fd, int as)
{
	if (fd >= 0)
		dup2(fd, as);
}

void process_start(struct process *process, const char *const *argv, int in, int out, int err)
{
	if (!process_fork(process))
		return;
	take_over(in >= 0 ? in : open("/dev/null", O_RDONLY), STDIN_FILENO);
	take_over(out, STDOUT_FILENO);
	take_over(err, STDERR_FILENO);
	/* A listener of the test's would live on in it. */
	close_range(STDERR_FILENO + 1, ~0U, 0);
	execvp(argv[0], (char **)argv);
	dprintf(STDERR_FILENO, PROCESS_CANNOT_RUN "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

bool process_has_ended(struct process *process)
{
	if (process->pid > 0 && waitpid(process->pid, &process->status, WNOHANG) == process->pid)
		process->pid = 0;
	return !process->pid;
}

bool process_wait(struct process *process, unsigned int seconds)
{
	uint64_t deadline = now_ns() + seconds * NS_PER_SEC;

	while (!process_has_ended(process)) {
		if (now_ns() >= deadline)
			return false;
		sleep_ms(NAP_MS);
	}
	return true;
}

static bool holds_one_of(const char *text, const char *const *words)
{
	if (!words)
		return *text;
	for (; *words; words++)
		if (strstr(text, *words))
			return true;
	return false;
}

bool process_await(struct process *process, int fd, const char *const *words, unsigned int seconds)
{
	uint64_t deadline = now_ns() + seconds * NS_PER_SEC;

	for (;;) {
		bool is_last = process_has_ended(process) || now_ns() >= deadline;

		if (holds_one_of(process_said(fd), words))
			return true;
		if (is_last)
			return false;
		sleep_ms(NAP_MS);
	}
}

void process_pause(pid_t pid)
{
	siginfo_t info;

	require(!kill(pid, SIGSTOP) && !waitid(P_PID, (id_t)pid, &info, WSTOPPED), "process %d does not stop", pid);
}

void process_resume(pid_t pid)
{
	require(!kill(pid, SIGCONT), "process %d does not go on", pid);
}

void process_kill(struct process *process)
{
	if (process->pid <= 0)
		return;
	kill(process->pid, SIGKILL);
	waitpid(process->pid, &process->status, 0);
	process->pid = 0;
}

int process_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	require(fd >= 0 && !fcntl(fd, F_SETFL, O_APPEND), "cannot make a file for %s", name);
	return fd;
}

const char *process_said(int fd)
{
	static char text[1024 * 1024]; /* the verifier has much to say where it refuses */
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

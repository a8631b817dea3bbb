/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/command.h"

#include "core/escape.h"
#include "core/strbuf.h"
#include "os/cleanup.h"
#include "os/message.h"
#include "os/pid_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME_COLUMNS_MAX 100

static const int signals[COMMAND_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGQUIT, SIGCHLD, SIGVTALRM};

void command_prepare(struct command *command)
{
	command->pidfd = -1;
	sigprocmask(SIG_BLOCK, NULL, &command->mask);
	for (int i = 0; i < COMMAND_SIGNALS; i++)
		sigaction(signals[i], NULL, &command->actions[i]);
	getrlimit(RLIMIT_MEMLOCK, &command->locked_memory);
}

int command_root(struct tree_root *ret)
{
	struct pid_namespace namespace;
	int error = pid_namespace_own(&namespace);

	if (error)
		return error;
	*ret = (struct tree_root){
		.pidns_dev = namespace.device,
		.pidns_ino = namespace.inode,
		.tgid = (uint32_t)getpid(),
	};
	return 0;
}

/* Restores the saved state and executes the command, in the child. Returns only on failure, with a negative errno. */
static int execute(const struct command *command)
{
	int error = 0;

	if (setrlimit(RLIMIT_MEMLOCK, &command->locked_memory))
		return -errno;
	if (command->changes_user)
		error = account_become(&command->account);
	if (error)
		return error;
	for (int i = 0; i < COMMAND_SIGNALS; i++)
		sigaction(signals[i], &command->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &command->mask, NULL);
	execvp(command->argv[0], command->argv);
	return -errno;
}

/*
 * Reads the errno that the child reports. Returns 0 if the pipe closes without one: the child has executed the command.
 */
static int read_error(int fd)
{
	int error = 0;
	ssize_t length;

	do
		length = read(fd, &error, sizeof(error));
	while (length < 0 && errno == EINTR);
	return length == sizeof(error) ? error : 0;
}

int command_start(struct command *command)
{
	_cleanup_close_ int reader = -1, writer = -1, pidfd = -1;
	int fds[2], error;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	reader = fds[0];
	writer = fds[1];
	signal(SIGCHLD, SIG_DFL); /* with SIGCHLD ignored, the kernel keeps no exit status */
	signal(SIGQUIT, SIG_IGN);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		error = execute(command);
		_exit(write(writer, &error, sizeof(error)) == sizeof(error) ? 0 : EXIT_NOT_EXECUTABLE);
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	error = pidfd < 0 ? -errno : 0;
	close(TAKE_FD(writer));
	if (error)
		kill(pid, SIGKILL);
	else
		error = read_error(reader);
	if (error) {
		waitpid(pid, NULL, 0);
		return error;
	}
	command->pid = pid;
	command->pidfd = TAKE_FD(pidfd);
	return 0;
}

int command_end(struct command *command)
{
	int status = 0;
	pid_t pid;

	do
		pid = waitpid(command->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	close(TAKE_FD(command->pidfd));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void report_failure(const char *name, int error)
{
	char text[128];
	struct strbuf out = strbuf_over(text, sizeof(text));

	escape_terminal(&out, name, strlen(name), NAME_COLUMNS_MAX);
	message("cannot run %.*s: %s", (int)out.length, text, strerror(-error));
}

int command_launch(struct command *command, struct event_loop *loop)
{
	int error;

	if (!command->argv)
		return 0;
	error = command_start(command);
	if (error) {
		report_failure(command->argv[0], error);
		return error == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	}
	error = event_loop_add_command(loop, command->pid, command->pidfd, command->linger_ns);
	if (error)
		message("cannot wait for the command: %s", strerror(-error));
	return error ? EXIT_FAILURE : 0;
}

int command_outcome(struct command *command, struct event_loop *loop, int status)
{
	int outcome;

	if (command->pidfd < 0)
		return status;
	event_loop_await_command(loop);
	outcome = command_end(command);
	return outcome ? outcome : status;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "helper.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "require.h"

#define MAX_HELPERS     16
#define PATIENCE_MS     60000
#define HELPER_LIFE_SEC 120

static pid_t running[MAX_HELPERS];

static pid_t *slot_of(pid_t pid)
{
	for (size_t i = 0; i < MAX_HELPERS; i++)
		if (running[i] == pid)
			return &running[i];
	require(false, "no helper %d", pid);
	return NULL;
}

struct helper helper_start(const char *comm, helper_fn *body, void *context)
{
	int channels[2];
	struct helper helper;
	pid_t *slot = slot_of(0);

	require(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channels), "no channel");
	helper.pid = fork();
	require(helper.pid >= 0, "cannot fork");
	if (!helper.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, comm);
		alarm(HELPER_LIFE_SEC);
		memset(running, 0, sizeof(running));
		close(channels[0]);
		body(channels[1], context);
		_exit(0);
	}
	*slot = helper.pid;
	close(channels[1]);
	helper.channel = channels[0];
	return helper;
}

void helper_wait(struct helper *helper)
{
	uint64_t deadline = now_ns() + PATIENCE_MS * NS_PER_MS;
	int status;

	while (waitpid(helper->pid, &status, WNOHANG) != helper->pid) {
		require(now_ns() < deadline, "helper %d does not end", helper->pid);
		sleep_ms(1);
	}
	*slot_of(helper->pid) = 0;
	close(helper->channel);
	require(WIFEXITED(status) && !WEXITSTATUS(status), "a helper ended with status %#x", status);
}

void helpers_kill(void)
{
	for (size_t i = 0; i < MAX_HELPERS; i++) {
		if (!running[i])
			continue;
		kill(running[i], SIGKILL);
		waitpid(running[i], NULL, 0);
		running[i] = 0;
	}
}

void channel_send(int channel, int value, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec data = {.iov_base = &value, .iov_len = sizeof(value)};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(fd))};
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	require(sendmsg(channel, &message, MSG_NOSIGNAL) == sizeof(value), "the other end of the channel is gone");
}

int channel_receive(int channel, int *ret_fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	int value = 0;
	struct iovec data = {.iov_base = &value, .iov_len = sizeof(value)};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct pollfd ready = {.fd = channel, .events = POLLIN};

	require(poll(&ready, 1, PATIENCE_MS) == 1, "nothing came through the channel");
	require(recvmsg(channel, &message, MSG_CMSG_CLOEXEC) == sizeof(value), "the other end of the channel is gone");
	if (ret_fd) {
		require(message.msg_controllen && control.header.cmsg_type == SCM_RIGHTS, "no descriptor came");
		memcpy(ret_fd, CMSG_DATA(&control.header), sizeof(*ret_fd));
	}
	return value;
}

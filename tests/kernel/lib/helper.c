/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "helper.h"

#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"
#include "require.h"

#define MAX_HELPERS      16
#define PATIENCE_SECONDS 60
#define HELPER_LIFE_SEC  120

static struct process running[MAX_HELPERS];

static struct process *process_of(pid_t pid)
{
	for (size_t i = 0; i < MAX_HELPERS; i++)
		if (running[i].pid == pid)
			return &running[i];
	require(false, "no helper %d", pid);
	return NULL;
}

struct helper helper_start(const char *comm, helper_fn *body, void *context)
{
	struct process *process = process_of(0);
	int channels[2];

	require(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channels), "no channel");
	if (process_fork(process)) {
		prctl(PR_SET_NAME, comm);
		alarm(HELPER_LIFE_SEC);
		memset(running, 0, sizeof(running));
		close(channels[0]);
		body(channels[1], context);
		_exit(0);
	}
	close(channels[1]);
	return (struct helper){.pid = process->pid, .channel = channels[0]};
}

void helper_wait(struct helper *helper)
{
	struct process *process = process_of(helper->pid);

	require(process_wait(process, PATIENCE_SECONDS), "helper %d does not end", helper->pid);
	close(helper->channel);
	require(!process->status, "a helper ended with status %#x", process->status);
}

void helpers_kill(void)
{
	for (size_t i = 0; i < MAX_HELPERS; i++)
		process_kill(&running[i]);
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

	require(poll(&ready, 1, PATIENCE_SECONDS * 1000) == 1, "nothing came through the channel");
	require(recvmsg(channel, &message, MSG_CMSG_CLOEXEC) == sizeof(value), "the other end of the channel is gone");
	if (ret_fd) {
		require(message.msg_controllen && control.header.cmsg_type == SCM_RIGHTS, "no descriptor came");
		memcpy(ret_fd, CMSG_DATA(&control.header), sizeof(*ret_fd));
	}
	return value;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * refuse_bpf PROGRAM[,PROGRAM...] COMMAND [ARGUMENT...]
 *
 * Runs the command on a kernel that refuses some BPF programs. Needs root.
 *
 * PROGRAM            its load fails with EPERM, as by a policy
 * attach:PROGRAM     its attachment fails with EPERM
 * iterate:PROGRAM    a run of this iterator fails with EPERM
 * hold:PROGRAM       its attachment waits until a process has opened and closed the FIFO; only once
 * skip:PROGRAM       the kernel does not run it, and the command does not notice (tp_btf only)
 *
 * "skip:" has the effect of a program that interrupts itself, which the kernel skips. With a FIFO, the program runs
 * until a process writes to the FIFO, which then has no reader any more. Without a FIFO, the program never runs.
 *
 * $REFUSE_BPF_FIFO names the FIFO. seccomp's user notification reports every bpf(2) call of the command to a second
 * process, which reads the name of the program and decides.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ATTACH      "attach:"
#define ITERATE     "iterate:"
#define SKIP        "skip:"
#define HOLD        "hold:"
#define LINKS_MAX   8
#define EXIT_UNABLE 125

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "refuse_bpf: %s: %s\n", what, strerror(errno));
	_exit(EXIT_UNABLE);
}

/* Whether the list has the program, with `prefix` in front. The kernel keeps 15 characters of a name. */
static bool has(const char *list, const char *prefix, const char *program)
{
	char text[512], *rest = text;

	snprintf(text, sizeof(text), "%s", list);
	for (const char *word; (word = strsep(&rest, ","));) {
		if (!strncmp(word, prefix, strlen(prefix)) &&
		    !strncmp(word + strlen(prefix), program, BPF_OBJ_NAME_LEN - 1))
			return true;
	}
	return false;
}

/* A descriptor of our own for what another process has open; -1: not to be had. */
static int get_descriptor(pid_t pid, __u32 number)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);

	if (pidfd >= 0)
		close(pidfd);
	return fd;
}

/* The kernel's information about a program or link, which is closed. False: there is none. */
static bool take_info(int fd, void *ret_info, __u32 size)
{
	union bpf_attr attr = {.info = {.bpf_fd = (__u32)fd, .info_len = size, .info = (__u64)(unsigned long)ret_info}};
	bool is_told = fd >= 0 && !syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));

	if (fd >= 0)
		close(fd);
	return is_told;
}

/* Whether the list has a program of which there is a descriptor, which is closed. */
static bool has_program(const char *list, const char *prefix, int fd)
{
	struct bpf_prog_info info = {0};

	return take_info(fd, &info, sizeof(info)) && has(list, prefix, info.name);
}

static bool has_program_of_link(const char *list, const char *prefix, int fd)
{
	struct bpf_link_info info = {0};
	union bpf_attr attr = {0};

	if (!take_info(fd, &info, sizeof(info)))
		return false;
	attr.prog_id = info.prog_id;
	return has_program(list, prefix, (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr)));
}

/* False: the caller has gone. */
static bool read_attr(const struct seccomp_notif *call, union bpf_attr *ret)
{
	struct iovec here = {ret, sizeof(*ret)}, there = {(void *)(unsigned long)call->data.args[1], sizeof(*ret)};

	memset(ret, 0, sizeof(*ret));
	if (call->data.args[2] < sizeof(*ret))
		here.iov_len = there.iov_len = call->data.args[2];
	return process_vm_readv((pid_t)call->pid, &here, 1, &there, 1, 0) >= 0;
}

static bool is_refused(const char *list, const struct seccomp_notif *call, const union bpf_attr *attr)
{
	pid_t pid = (pid_t)call->pid;

	switch (call->data.args[0]) {
	case BPF_PROG_LOAD:
		return has(list, "", attr->prog_name);
	case BPF_LINK_CREATE:
		return has_program(list, ATTACH, get_descriptor(pid, attr->link_create.prog_fd));
	case BPF_RAW_TRACEPOINT_OPEN:
		return has_program(list, ATTACH, get_descriptor(pid, attr->raw_tracepoint.prog_fd));
	case BPF_ITER_CREATE:
		return has_program_of_link(list, ITERATE, get_descriptor(pid, attr->iter_create.link_fd));
	default:
		return false;
	}
}

/* Programs to be skipped that still run: their links, and what says that they shall not any more. -1: there is none. */
struct skips {
	int fifo;
	int links[LINKS_MAX];
	size_t count;
};

/* The command gets something else to close, and to attach the program is up to us. False: nothing was done. */
static bool skip(struct skips *skips, const char *list, const struct seccomp_notif *call, const union bpf_attr *attr,
		 int listener)
{
	struct seccomp_notif_addfd given = {.id = call->id, .flags = SECCOMP_ADDFD_FLAG_SEND, .newfd_flags = O_CLOEXEC};
	union bpf_attr own = *attr;
	int link, event;
	bool is_given;

	if (call->data.args[0] != BPF_LINK_CREATE ||
	    !has_program(list, SKIP, get_descriptor((pid_t)call->pid, attr->link_create.prog_fd)))
		return false;
	if (skips->fifo >= 0 && skips->count < LINKS_MAX) {
		own.link_create.prog_fd = (__u32)get_descriptor((pid_t)call->pid, attr->link_create.prog_fd);
		link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &own, sizeof(own));
		close((int)own.link_create.prog_fd);
		if (link < 0)
			return false;
		skips->links[skips->count++] = link;
	}
	event = eventfd(0, EFD_CLOEXEC);
	given.srcfd = (__u32)event;
	/* Fails when the caller has gone meanwhile, and before Linux 5.14. */
	is_given = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &given) >= 0;
	close(event);
	return is_given;
}

/* Until somebody has opened the FIFO and closed it again; once. */
static void hold(void)
{
	static bool has_held;
	const char *path = getenv("REFUSE_BPF_FIFO");
	char byte;
	int fifo;

	if (has_held)
		return;
	has_held = true;
	fifo = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fifo < 0)
		die("REFUSE_BPF_FIFO");
	while (read(fifo, &byte, 1) > 0)
		;
	close(fifo);
}

static void answer_call(struct skips *skips, const char *list, int listener)
{
	struct seccomp_notif call = {0};
	struct seccomp_notif_resp answer = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	union bpf_attr attr;

	/* Each fails when the caller has gone meanwhile. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
		return;
	answer.id = call.id;
	if (read_attr(&call, &attr)) {
		if (skip(skips, list, &call, &attr, listener))
			return;
		if (call.data.args[0] == BPF_LINK_CREATE &&
		    has_program(list, HOLD, get_descriptor((pid_t)call.pid, attr.link_create.prog_fd)))
			hold();
		if (is_refused(list, &call, &attr)) {
			answer.flags = 0;
			answer.error = -EPERM;
		}
	}
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* Until the command and all that it started have ended. */
static void supervise(const char *list, int listener)
{
	const char *path = getenv("REFUSE_BPF_FIFO");
	struct skips skips = {.fifo = path && strstr(list, SKIP) ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1};
	struct pollfd polled[] = {{.fd = listener, .events = POLLIN}, {.fd = skips.fifo, .events = POLLIN}};

	while (listener >= 0 && poll(polled, 2, -1) > 0) {
		if (polled[1].revents) {
			while (skips.count)
				close(skips.links[--skips.count]);
			close(skips.fifo);
			skips.fifo = polled[1].fd = -1;
		}
		if (polled[0].revents & POLLIN)
			answer_call(&skips, list, listener);
		else if (polled[0].revents)
			break;
	}
}

static int receive_descriptor(int channel)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec data = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(channel, &message, 0) > 0 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void send_descriptor(int channel, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(channel, &message, 0) < 0)
		die("cannot pass the listener on");
}

/* A child of init, which holds nothing that the command's reader waits for. */
static void start_supervisor(const char *list, int channel)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		die("cannot fork");
	if (pid) {
		waitpid(pid, NULL, 0);
		return;
	}
	if (fork())
		_exit(0);
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	/* Other pipes of the caller's, but for `channel`. */
	dup2(channel, 3);
	syscall(SYS_close_range, 4, ~0U, 0);
	supervise(list, receive_descriptor(3));
	_exit(0);
}

static int install_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
	int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);

	if (fd < 0)
		die("no seccomp user notification");
	return fd;
}

int main(int argc, char **argv)
{
	int channel[2], listener;

	if (argc < 3) {
		fprintf(stderr,
			"usage: refuse_bpf [attach:|iterate:|hold:|skip:]PROGRAM[,...] COMMAND [ARGUMENT...]\n");
		return 2;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel))
		die("no socket pair");
	start_supervisor(argv[1], channel[1]);
	listener = install_filter();
	send_descriptor(channel[0], listener);
	close(listener);
	execvp(argv[2], argv + 2);
	die(argv[2]);
}

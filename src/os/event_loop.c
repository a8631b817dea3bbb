/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/event_loop.h"

#include "os/cleanup.h"
#include "os/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ULL

static int open_signals(struct event_loop *loop)
{
	static const int wanted[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction old;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (!sigaction(wanted[i], NULL, &old) && wanted[i] == SIGHUP && old.sa_handler == SIG_IGN) {
			loop->ignores_hangup = true;
			if (!loop->reopens)
				continue;
		}
		/* A shell starts background jobs with SIGINT ignored. kill -INT must work on them, too. */
		signal(wanted[i], SIG_DFL);
		sigaddset(&set, wanted[i]);
	}
	if (sigprocmask(SIG_BLOCK, &set, NULL) || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -errno;
	loop->has_terminal = terminal_controls_us();
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return loop->signal_fd < 0 ? -errno : 0;
}

static int open_timer(uint64_t first_ns, uint64_t interval_ns, int *ret_fd)
{
	struct itimerspec spec = {
		.it_value = {.tv_sec = (time_t)(first_ns / NS_PER_S), .tv_nsec = (long)(first_ns % NS_PER_S)},
		.it_interval = {.tv_sec = (time_t)(interval_ns / NS_PER_S), .tv_nsec = (long)(interval_ns % NS_PER_S)},
	};
	_cleanup_close_ int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &spec, NULL))
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* A timer that never expires. The kernel cancels the timer when CLOCK_REALTIME is set and when the machine resumes. */
static int open_clock_watch(int *ret_fd)
{
	struct itimerspec never = {.it_value = {.tv_sec = (time_t)(INT64_MAX / NS_PER_S)}};
	_cleanup_close_ int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL))
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int watch(struct event_loop *loop, int operation, int fd, uint32_t events, enum event event)
{
	struct epoll_event watched = {.events = events, .data = {.u64 = (uint64_t)event << 32 | (uint32_t)fd}};

	return epoll_ctl(loop->epoll_fd, operation, fd, &watched) ? -errno : 0;
}

int event_loop_open(bool reopens, struct event_loop *ret)
{
	struct event_loop loop = EVENT_LOOP_CLOSED;
	int error;

	loop.reopens = reopens;
	loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	error = loop.epoll_fd < 0 ? -errno : open_signals(&loop);
	if (!error)
		error = watch(&loop, EPOLL_CTL_ADD, loop.signal_fd, EPOLLIN, EVENT_STOP);
	if (!error)
		error = open_timer(NS_PER_S, NS_PER_S, &loop.tick_fd);
	if (!error)
		error = watch(&loop, EPOLL_CTL_ADD, loop.tick_fd, EPOLLIN, EVENT_TICK);
	if (!error)
		error = open_clock_watch(&loop.clock_fd);
	if (!error)
		error = watch(&loop, EPOLL_CTL_ADD, loop.clock_fd, EPOLLIN, EVENT_CLOCK);
	if (error) {
		event_loop_close(&loop);
		return error;
	}
	*ret = loop;
	return 0;
}

void event_loop_close(struct event_loop *loop)
{
	cleanup_close(&loop->epoll_fd);
	cleanup_close(&loop->signal_fd);
	cleanup_close(&loop->tick_fd);
	cleanup_close(&loop->deadline_fd);
	cleanup_close(&loop->interval_fd);
	cleanup_close(&loop->linger_fd);
	cleanup_close(&loop->clock_fd);
	*loop = EVENT_LOOP_CLOSED;
}

int event_loop_add_deadline(struct event_loop *loop, uint64_t duration_ns)
{
	int error = open_timer(duration_ns, 0, &loop->deadline_fd);

	return error ? error : watch(loop, EPOLL_CTL_ADD, loop->deadline_fd, EPOLLIN, EVENT_DEADLINE);
}

int event_loop_add_interval(struct event_loop *loop, uint64_t interval_ns)
{
	int error = open_timer(interval_ns, interval_ns, &loop->interval_fd);

	return error ? error : watch(loop, EPOLL_CTL_ADD, loop->interval_fd, EPOLLIN, EVENT_INTERVAL);
}

int event_loop_add_input(struct event_loop *loop, int fd)
{
	return watch(loop, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET, EVENT_INPUT);
}

int event_loop_add_service(struct event_loop *loop, int fd)
{
	return watch(loop, EPOLL_CTL_ADD, fd, EPOLLIN, EVENT_SERVICE);
}

int event_loop_add_output(struct event_loop *loop, int fd)
{
	/* With no event requested, epoll still reports EPOLLERR: the reader of a pipe has closed its end. */
	int error = watch(loop, EPOLL_CTL_ADD, fd, 0, EVENT_OUTPUT);

	loop->output_fd = -1;
	loop->output_wanted = false;
	if (error == -EPERM)
		return 0;
	if (!error)
		loop->output_fd = fd;
	return error;
}

int event_loop_want_output(struct event_loop *loop, bool wanted)
{
	int error = 0;

	if (loop->output_fd >= 0 && wanted != loop->output_wanted)
		error = watch(loop, EPOLL_CTL_MOD, loop->output_fd, wanted ? EPOLLOUT : 0, EVENT_OUTPUT);
	if (!error)
		loop->output_wanted = wanted;
	return error;
}

int event_loop_add_command(struct event_loop *loop, int pid, int pidfd, uint64_t linger_ns)
{
	int error = watch(loop, EPOLL_CTL_ADD, pidfd, EPOLLIN | EPOLLONESHOT, EVENT_COMMAND);

	if (!error)
		loop->command_fd = pidfd;
	loop->command_pid = pid;
	loop->linger_ns = linger_ns;
	return error;
}

/* Handles the end of the command, or of the linger time after it. */
static int handle_command_end(struct event_loop *loop)
{
	bool lingers = loop->command_fd >= 0 && loop->linger_ns;

	loop->command_fd = -1;
	if (lingers && !open_timer(loop->linger_ns, 0, &loop->linger_fd) &&
	    !watch(loop, EPOLL_CTL_ADD, loop->linger_fd, EPOLLIN | EPOLLONESHOT, EVENT_COMMAND))
		return 0;
	return EVENT_COMMAND;
}

/*
 * Returns whether a SIGHUP means that the terminal was closed. Then the sender is the kernel, or a shell that passes
 * the signal on. The kernel takes the terminal from the whole session before it sends the first SIGHUP.
 */
static bool is_hangup(const struct event_loop *loop, const struct signalfd_siginfo *info)
{
	return info->ssi_code > 0 || (loop->has_terminal && !terminal_controls_us());
}

/*
 * Reads one signal. Passes it on to the command, unless the command already has it: from the kernel (the terminal sends
 * to both), or from the command itself.
 */
static int take_signal(struct event_loop *loop)
{
	struct signalfd_siginfo info;

	if (read(loop->signal_fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo == SIGHUP && loop->reopens) {
		if (!is_hangup(loop, &info))
			return EVENT_REOPEN;
		if (loop->ignores_hangup)
			return 0;
	}
	if (loop->command_fd < 0) {
		loop->stop_signal = (int)info.ssi_signo;
		return EVENT_STOP;
	}
	if (info.ssi_code <= 0 && info.ssi_pid != (uint32_t)loop->command_pid)
		syscall(SYS_pidfd_send_signal, loop->command_fd, info.ssi_signo, NULL, 0);
	return 0;
}

void event_loop_await_command(struct event_loop *loop)
{
	struct pollfd polled[] = {{.fd = loop->command_fd, .events = POLLIN},
				  {.fd = loop->signal_fd, .events = POLLIN}};

	while (loop->command_fd >= 0) {
		if (poll(polled, 2, -1) <= 0)
			continue;
		if (polled[1].revents)
			take_signal(loop);
		if (polled[0].revents)
			loop->command_fd = -1;
	}
}

/* Reads the event from its descriptor, so that each event is reported once. */
static int read_event(struct event_loop *loop, const struct epoll_event *ready)
{
	enum event event = (enum event)(ready->data.u64 >> 32);
	int fd = (int)(uint32_t)ready->data.u64;
	uint64_t expirations;

	switch (event) {
	case EVENT_STOP:
		return take_signal(loop);
	case EVENT_COMMAND:
		return handle_command_end(loop);
	case EVENT_DEADLINE:
	case EVENT_TICK:
	case EVENT_INTERVAL:
		return read(fd, &expirations, sizeof(expirations)) > 0 ? event : 0;
	case EVENT_CLOCK:
		return read(fd, &expirations, sizeof(expirations)) < 0 && errno == ECANCELED ? event : 0;
	case EVENT_OUTPUT:
		return (ready->events & EPOLLOUT ? EVENT_OUTPUT : 0) |
		       (ready->events & (EPOLLERR | EPOLLHUP) ? EVENT_HANGUP : 0);
	default:
		return event;
	}
}

int event_loop_wait(struct event_loop *loop, int timeout_ms)
{
	struct epoll_event ready[64];
	int count = epoll_wait(loop->epoll_fd, ready, sizeof(ready) / sizeof(ready[0]), timeout_ms);
	int events = 0;

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < count; i++)
		events |= read_event(loop, &ready[i]);
	return events;
}

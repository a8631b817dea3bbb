/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everything a tool waits for, in one place: signals, time, and descriptors. */
#ifndef TCPVITALS_OS_EVENT_LOOP_H
#define TCPVITALS_OS_EVENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* What event_loop_wait() returns, or-ed together. */
enum event {
	EVENT_STOP = 1 << 0,     /* SIGINT, SIGTERM or SIGHUP; once for each */
	EVENT_DEADLINE = 1 << 1, /* the duration given at the start is over */
	EVENT_TICK = 1 << 2,     /* once a second */
	EVENT_INPUT =
		1 << 3, /* the input has something new; said once for each wake-up by its writer (edge-triggered) */
	EVENT_OUTPUT = 1 << 4, /* the output takes data again (only while asked for) */
	EVENT_HANGUP = 1 << 5, /* nobody will ever read the output again */
};

struct event_loop {
	int epoll_fd;
	int signal_fd;
	int tick_fd;
	int deadline_fd;
	int output_fd;
	bool output_wanted;
};

/*
 * Blocks SIGINT, SIGTERM and SIGHUP for the process (a SIGHUP or SIGINT that was ignored from the start, as under
 * nohup, stays so), and ignores SIGPIPE and SIGXFSZ: writes fail instead. The clock of `duration_ns` starts now; 0
 * means no end. 0 or a negative errno; on success give it to event_loop_close().
 */
int event_loop_open(uint64_t duration_ns, struct event_loop *ret);
void event_loop_close(struct event_loop *loop);

int event_loop_add_input(struct event_loop *loop, int fd);

/* A descriptor that cannot be waited for (a regular file) is fine: it never needs it. */
int event_loop_add_output(struct event_loop *loop, int fd);

/* Whether EVENT_OUTPUT is of interest from now on. 0 or a negative errno. */
int event_loop_want_output(struct event_loop *loop, bool wanted);

/* Waits at most `timeout_ms` (-1: forever). Returns events, 0 when time is over, or a negative errno. */
int event_loop_wait(struct event_loop *loop, int timeout_ms);

#endif

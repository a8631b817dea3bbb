/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everything a tool waits for, in one place: signals, time, and descriptors. */
#ifndef TCPVITALS_OS_EVENT_LOOP_H
#define TCPVITALS_OS_EVENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* What event_loop_wait() returns, or-ed together. */
enum event {
	EVENT_STOP = 1 << 0,     /* SIGINT, SIGTERM, or a SIGHUP that is no EVENT_REOPEN; once for each */
	EVENT_DEADLINE = 1 << 1, /* the time of event_loop_add_deadline() is over */
	EVENT_TICK = 1 << 2,     /* once a second */
	EVENT_INPUT =
		1 << 3, /* the input has something new; said once for each wake-up by its writer (edge-triggered) */
	EVENT_OUTPUT = 1 << 4,   /* the output takes data again (only while asked for) */
	EVENT_HANGUP = 1 << 5,   /* nobody will ever read the output again */
	EVENT_INTERVAL = 1 << 6, /* another interval is over; said once however many were missed */
	EVENT_COMMAND = 1 << 7,  /* the command has ended; once */
	EVENT_REOPEN = 1 << 8,   /* somebody has sent SIGHUP for the output file to be opened again */
	EVENT_CLOCK = 1 << 9,    /* somebody has set CLOCK_REALTIME, or the machine was suspended */
};

struct event_loop {
	int epoll_fd;
	int signal_fd;
	int tick_fd;
	int deadline_fd;
	int interval_fd;
	int output_fd;
	int command_fd;
	int command_pid;
	int linger_fd;
	int clock_fd;
	uint64_t linger_ns;
	bool output_wanted;
	bool reopens;        /* SIGHUP is for the output file */
	bool ignores_hangup; /* as it was told when it was started: nohup(1) */
	bool has_terminal;   /* was started from one */
	int stop_signal;     /* the last one that became an EVENT_STOP; 0: none */
};

#define EVENT_LOOP_CLOSED                                                                                              \
	(struct event_loop)                                                                                            \
	{                                                                                                              \
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, false, false, false, false, 0                               \
	}

/*
 * Blocks SIGINT, SIGTERM and SIGHUP for the process (a SIGHUP that was ignored from the start, as under nohup, stays
 * so), and ignores SIGPIPE and SIGXFSZ: writes fail instead. 0 or a negative errno; on success give it to
 * event_loop_close().
 *
 * With `reopens`, a SIGHUP that somebody sends is an EVENT_REOPEN, also under nohup and with a command, which does not
 * get it. A terminal that is closed sends SIGHUP, too: that one stays what it is without `reopens`.
 */
int event_loop_open(bool reopens, struct event_loop *ret);
void event_loop_close(struct event_loop *loop);

/* EVENT_DEADLINE once, after that time. 0 or a negative errno. */
int event_loop_add_deadline(struct event_loop *loop, uint64_t duration_ns);

/* EVENT_INTERVAL from now on, that often. 0 or a negative errno. */
int event_loop_add_interval(struct event_loop *loop, uint64_t interval_ns);

int event_loop_add_input(struct event_loop *loop, int fd);

/*
 * In place of an earlier one, which has been closed. A descriptor that cannot be waited for (a regular file) is fine:
 * it never needs it. 0 or a negative errno.
 */
int event_loop_add_output(struct event_loop *loop, int fd);

/*
 * EVENT_COMMAND when the process of that pidfd, which stays the caller's, has ended `linger_ns` ago. Until it has,
 * there is no EVENT_STOP: signals that somebody has sent to us are passed on to it. Those from the terminal have gone
 * to both, and what the process itself sends to its group, which is ours, too, it has got. 0 or a negative errno.
 */
int event_loop_add_command(struct event_loop *loop, int pid, int pidfd, uint64_t linger_ns);

/* Only waits for the command, and passes on signals; returns at once when the loop has noticed its end. */
void event_loop_await_command(struct event_loop *loop);

/* Whether EVENT_OUTPUT is of interest from now on. 0 or a negative errno. */
int event_loop_want_output(struct event_loop *loop, bool wanted);

/* Waits at most `timeout_ms` (-1: forever). Returns events, 0 when time is over, or a negative errno. */
int event_loop_wait(struct event_loop *loop, int timeout_ms);

#endif

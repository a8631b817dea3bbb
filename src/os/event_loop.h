/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The event loop of a tool: waits for signals, timers, descriptors and the end of the command (epoll, signalfd,
 * timerfd).
 */
#ifndef TCPVITALS_OS_EVENT_LOOP_H
#define TCPVITALS_OS_EVENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* Bits that event_loop_wait() returns, or-ed together. */
enum event {
	EVENT_STOP = 1 << 0,     /* SIGINT, SIGTERM, or a SIGHUP that is no EVENT_REOPEN; once for each signal */
	EVENT_DEADLINE = 1 << 1, /* the time of event_loop_add_deadline() is over */
	EVENT_TICK = 1 << 2,     /* once a second */
	EVENT_INPUT = 1 << 3,    /* the input has new data; once for each wake-up by its writer (edge-triggered) */
	EVENT_OUTPUT = 1 << 4,   /* the output has room again (only after event_loop_want_output()) */
	EVENT_HANGUP = 1 << 5,   /* the reader of the output has closed its end */
	EVENT_INTERVAL = 1 << 6, /* an interval is over; once, even if several were missed */
	EVENT_COMMAND = 1 << 7,  /* the command and the linger time have ended; once */
	EVENT_REOPEN = 1 << 8,   /* a process has sent SIGHUP, so that the output file is opened again */
	EVENT_CLOCK = 1 << 9,    /* CLOCK_REALTIME was set, or the machine was suspended */
	EVENT_SERVICE = 1 << 10, /* a descriptor of event_loop_add_service() is readable (level-triggered) */
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
	bool reopens;        /* SIGHUP opens the output file again */
	bool ignores_hangup; /* SIGHUP was ignored when the tool was started, as under nohup(1) */
	bool has_terminal;   /* the tool had a controlling terminal when the loop was opened */
	int stop_signal;     /* the last signal that became an EVENT_STOP; 0: none */
};

#define EVENT_LOOP_CLOSED                                                                                              \
	(struct event_loop)                                                                                            \
	{                                                                                                              \
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, false, false, false, false, 0                               \
	}

/*
 * Blocks SIGINT, SIGTERM and SIGHUP for the process. A SIGHUP that was ignored from the start, as under nohup(1), stays
 * ignored. Ignores SIGPIPE and SIGXFSZ, so that writes fail instead. Returns 0 or a negative errno. After success, call
 * event_loop_close().
 *
 * With `reopens`, a SIGHUP from another process is an EVENT_REOPEN, also under nohup(1) and with a command. The command
 * does not get that signal. A SIGHUP from a closed terminal acts the same with and without `reopens`.
 */
int event_loop_open(bool reopens, struct event_loop *ret);
void event_loop_close(struct event_loop *loop);

/* Adds one EVENT_DEADLINE after `duration_ns`. Returns 0 or a negative errno. */
int event_loop_add_deadline(struct event_loop *loop, uint64_t duration_ns);

/* Adds an EVENT_INTERVAL every `interval_ns`. Returns 0 or a negative errno. */
int event_loop_add_interval(struct event_loop *loop, uint64_t interval_ns);

/* Adds EVENT_INPUT for `fd`. Returns 0 or a negative errno. */
int event_loop_add_input(struct event_loop *loop, int fd);

/* Adds EVENT_SERVICE for `fd`: the epoll descriptor of a library. Returns 0 or a negative errno. */
int event_loop_add_service(struct event_loop *loop, int fd);

/*
 * Sets the output, in place of an earlier one that has been closed. A descriptor that epoll does not accept (a regular
 * file) is no error: writes to it never wait. Returns 0 or a negative errno.
 */
int event_loop_add_output(struct event_loop *loop, int fd);

/*
 * Adds an EVENT_COMMAND `linger_ns` after the end of the process `pid`. `pidfd` stays the caller's. Returns 0 or a
 * negative errno.
 *
 * Until the process ends there is no EVENT_STOP: signals from other processes are passed on to it. Signals from the
 * terminal are not, because the terminal sends them to both. Signals from the process itself are not: it shares a
 * process group with the tool.
 */
int event_loop_add_command(struct event_loop *loop, int pid, int pidfd, uint64_t linger_ns);

/*
 * Waits only for the end of the command, and passes signals on. Returns at once if the loop has already seen the end.
 */
void event_loop_await_command(struct event_loop *loop);

/* Turns EVENT_OUTPUT on or off. Returns 0 or a negative errno. */
int event_loop_want_output(struct event_loop *loop, bool wanted);

/* Waits at most `timeout_ms` (-1: no limit). Returns events, 0 after the time limit, or a negative errno. */
int event_loop_wait(struct event_loop *loop, int timeout_ms);

#endif

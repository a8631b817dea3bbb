/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A running tcpstates: the one that $TCPSTATES names, or build/tcpstates. Likewise the other tools. */
#ifndef TESTS_KERNEL_TOOL_H
#define TESTS_KERNEL_TOOL_H

#include <signal.h>

#include "process.h"
#include "require.h"
#include "rows.h"

#define TOOL_MAX_ARGS 24

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct tool {
	const char *name;    /* "tcpstates" */
	const char *refused; /* set before it is started: the programs that the kernel is to refuse (tests/refuse) */
	struct process process;
	int out; /* a file without a name, unless the test gave another one */
	int err;
	uint64_t start_ns;   /* before it was started */
	uint64_t tracing_ns; /* from here on it sees every event */
	uint64_t stop_ns;    /* until here */
};

/* What the last line of stderr says. */
struct tool_losses {
	uint64_t lost;
	uint64_t seen; /* printed and lost */
	uint64_t ring_full;
	uint64_t summary_full;
	uint64_t recursion;
	uint64_t undecoded;
	uint64_t unwritten;
};

/* tcpstates with "-o json -v" and `args` (NULL, or ARGS()). `out` < 0 makes a file. Returns once it traces. */
void tool_start(struct tool *tool, const char *const *args, int out);

/* The same for another tool; and with just these arguments, among them "-v". */
void tool_start_json(struct tool *tool, const char *name, const char *const *args, int out);
void tool_start_other(struct tool *tool, const char *name, const char *const *args, int out);

/* Sends the signal and waits for the end, at most 30 s. */
void tool_stop(struct tool *tool, int signal);

/* Waits until it has written that to stderr; fails the test when it ends or the time is over. */
void tool_await_error(struct tool *tool, const char *text, unsigned int seconds);

/* Waits for an end that comes by itself. */
void tool_wait(struct tool *tool, unsigned int seconds);

/* For every teardown: ends what still runs and closes. */
void tool_drop(struct tool *tool);

/* 0, or fails the test: how a tool that had no reason to complain ends. */
int tool_exit_code(const struct tool *tool);

/* Fails the test unless it ended with 0. */
void tool_expect_success(const struct tool *tool);

void tool_read_losses(const struct tool *tool, struct tool_losses *ret_losses);

/* Everything it wrote to stderr so far, in a static buffer. */
const char *tool_errors(const struct tool *tool);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A running tool. For tcpstates, this is the program that $TCPSTATES names, or build/tcpstates; other tools have such a
 * variable, too.
 */
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
	const char *refused; /* set before the start: programs that the kernel is to refuse (tests/refuse) */
	struct process process;
	int out; /* an unnamed file, unless the test gave another one */
	int err;
	uint64_t start_ns;   /* before the start */
	uint64_t tracing_ns; /* from here, the tool sees every event */
	uint64_t stop_ns;    /* until here */
};

/* The last line of stderr. */
struct tool_losses {
	uint64_t lost;
	uint64_t seen; /* printed and lost together */
	uint64_t ring_full;
	uint64_t summary_full;
	uint64_t recursion;
	uint64_t undecoded;
	uint64_t unwritten;
};

/*
 * Starts tcpstates with "-o json -v" and `args` (NULL, or ARGS()). `out` < 0 makes a file. Returns when the tool
 * traces.
 */
void tool_start(struct tool *tool, const char *const *args, int out);

/* tool_start() for another tool. tool_start_other() passes only `args`, which must include "-v". */
void tool_start_json(struct tool *tool, const char *name, const char *const *args, int out);
void tool_start_other(struct tool *tool, const char *name, const char *const *args, int out);

/* Sends the signal and waits for the end, at most 30 s. */
void tool_stop(struct tool *tool, int signal);

/* Waits until the tool has written `text` to stderr. Fails the test if the tool ends before, or if the time is over. */
void tool_await_error(struct tool *tool, const char *text, unsigned int seconds);

/* Waits until the tool ends by itself. */
void tool_wait(struct tool *tool, unsigned int seconds);

/* For every teardown: ends the tool if it still runs, and closes its files. */
void tool_drop(struct tool *tool);

/* The exit status. Fails the test if the tool still runs, or if a signal ended it. */
int tool_exit_code(const struct tool *tool);

/* Fails the test unless the exit status is 0. */
void tool_expect_success(const struct tool *tool);

void tool_read_losses(const struct tool *tool, struct tool_losses *ret_losses);

/* Everything that the tool has written to stderr so far, in a static buffer. */
const char *tool_errors(const struct tool *tool);

#endif

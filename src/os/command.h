/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command behind "--" that a tool runs, and how it ended. */
#ifndef TCPVITALS_OS_COMMAND_H
#define TCPVITALS_OS_COMMAND_H

#include "abi/tree.h"
#include "os/account.h"
#include "os/event_loop.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Exit statuses for a command that cannot be started, as a shell's. */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND      127

/* Signals whose handling a tool changes for itself. */
#define COMMAND_SIGNALS 8

struct command {
	char **argv;       /* NULL: none */
	bool changes_user; /* runs as `account` */
	struct account account;
	uint64_t linger_ns; /* tracing goes on for so long after its end */
	int pidfd;          /* -1 when it is not running */
	pid_t pid;
	/* as the tool found them, and the command shall, too */
	sigset_t mask;
	struct sigaction actions[COMMAND_SIGNALS];
	struct rlimit locked_memory; /* libbpf raises it before 5.11 */
};

/* Before the tool changes anything: fills in what the command shall find. */
void command_prepare(struct command *command);

/* The tool as the root of the command's processes: it starts no others. 0 or a negative errno. */
int command_root(struct tree_root *ret);

/*
 * Runs it; stdin, stdout and stderr are the tool's. 0, or the negative errno for which that cannot be done; then
 * nothing runs. From now on SIGQUIT, which a terminal sends to both, is the command's alone.
 */
int command_start(struct command *command);

/* Waits for its end: its exit status, 128 + N after signal N. */
int command_end(struct command *command);

/*
 * For a tool's main: starts the command, if there is one, and has the loop tell of its end. 0, or the exit status when
 * that failed, which has been said on stderr then.
 */
int command_launch(struct command *command, struct event_loop *loop);

/* Waits for a command that was launched; the exit status of a tool that would end with `status` without it. */
int command_outcome(struct command *command, struct event_loop *loop, int status);

#endif

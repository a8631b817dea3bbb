/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command after "--" on the command line: starts it, waits for its end, and returns its exit status. */
#ifndef TCPVITALS_OS_COMMAND_H
#define TCPVITALS_OS_COMMAND_H

#include "abi/tree.h"
#include "os/account.h"
#include "os/event_loop.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Exit statuses for a command that cannot be started, the same as a shell's. */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND      127

/* The number of signals with an action that a tool changes for itself. */
#define COMMAND_SIGNALS 8

struct command {
	char **argv;       /* NULL: no command */
	bool changes_user; /* the command runs as `account` */
	struct account account;
	uint64_t linger_ns; /* time that tracing goes on after the end of the command */
	int pidfd;          /* -1: not running */
	pid_t pid;
	/* The state that the tool was started with, restored for the command. */
	sigset_t mask;
	struct sigaction actions[COMMAND_SIGNALS];
	struct rlimit locked_memory; /* libbpf raises the limit before Linux 5.11 */
};

/* Saves the state that the command is started with. Call it before the tool changes anything. */
void command_prepare(struct command *command);

/*
 * Describes the tool as the root of the process tree of the command. The tool starts no other processes. Returns 0 or a
 * negative errno.
 */
int command_root(struct tree_root *ret);

/*
 * Starts the command with the tool's stdin, stdout and stderr. Returns 0 or a negative errno; after an error no process
 * is left. From then on only the command reacts to SIGQUIT, which a terminal sends to both processes.
 */
int command_start(struct command *command);

/* Waits for the end of the command. Returns its exit status, or 128 + N after signal N. */
int command_end(struct command *command);

/*
 * For a tool's main: starts the command, if there is one, and adds its end to the event loop. Returns 0, or an exit
 * status after an error, which is reported on stderr.
 */
int command_launch(struct command *command, struct event_loop *loop);

/*
 * Waits for the end of a launched command. Returns the exit status of the tool: the command's, unless that is 0 or
 * there is no command; then `status`.
 */
int command_outcome(struct command *command, struct event_loop *loop, int status);

#endif

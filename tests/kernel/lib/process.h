/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes that a test starts: the files they get, what they write, and their end. None outlives the test. */
#ifndef TESTS_KERNEL_PROCESS_H
#define TESTS_KERNEL_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct process {
	pid_t pid;  /* 0 when none runs */
	int status; /* as from waitpid(), once it has ended */
};

/* fork(), or the test fails. True in the new process, which gets SIGKILL when the test ends. */
bool process_fork(struct process *process);

/*
 * Runs argv[0], which is looked for in $PATH if it has no slash, with these three descriptors and no other. -1 stands
 * for an empty stdin, and for the test's own stdout and stderr. If it cannot be run, PROCESS_CANNOT_RUN, its name and
 * the reason are on stderr, and it ends with 127.
 */
void process_start(struct process *process, const char *const *argv, int in, int out, int err);

#define PROCESS_CANNOT_RUN "cannot run "

/* True also when none was started. */
bool process_has_ended(struct process *process);

/* Waits for its end. False when it still runs after that time. */
bool process_wait(struct process *process, unsigned int seconds);

/*
 * Waits until the file `fd` holds one of the words (`words` ends with NULL; NULL: until it holds anything). False when
 * the process has ended without (pid is 0 then), or the time is over.
 */
bool process_await(struct process *process, int fd, const char *const *words, unsigned int seconds);

/* Stops a child, and returns when it has stopped; lets it go on. */
void process_pause(pid_t pid);
void process_resume(pid_t pid);

/* For every teardown: SIGKILL for what still runs, and its end. */
void process_kill(struct process *process);

/* A file without a name for what a process writes. Writers append: two of them may share it, and reading moves none. */
int process_file(const char *name);

/* All that was written to such a file so far, in a static buffer. */
const char *process_said(int fd);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes that a test starts: their files, their output and their end. No process outlives the test. */
#ifndef TESTS_KERNEL_PROCESS_H
#define TESTS_KERNEL_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct process {
	pid_t pid;  /* 0 when none runs */
	int status; /* of waitpid(), after the end */
};

/* Forks, or fails the test. Returns true in the new process, which gets SIGKILL when the test ends. */
bool process_fork(struct process *process);

/*
 * Runs argv[0] with these three descriptors and no other. Searches $PATH if argv[0] has no slash. -1 stands for an
 * empty stdin, and for the test's own stdout and stderr. If the program cannot run, stderr gets PROCESS_CANNOT_RUN, the
 * name and the reason. The process then exits with 127.
 */
void process_start(struct process *process, const char *const *argv, int in, int out, int err);

#define PROCESS_CANNOT_RUN "cannot run "

/* True also if no process was started. */
bool process_has_ended(struct process *process);

/* Waits for the end of the process. False if it still runs after that time. */
bool process_wait(struct process *process, unsigned int seconds);

/*
 * Waits until the file `fd` has one of the words (`words` ends with NULL; NULL: any content). False if the process has
 * ended before (pid is 0 then), or if the time is over.
 */
bool process_await(struct process *process, int fd, const char *const *words, unsigned int seconds);

/* process_pause() stops a child, and returns when it has stopped. process_resume() continues it. */
void process_pause(pid_t pid);
void process_resume(pid_t pid);

/* For every teardown: sends SIGKILL if the process still runs, and waits for its end. */
void process_kill(struct process *process);

/*
 * An unnamed file for the output of processes. Writes append, so two processes may share the file. Reading does not
 * change the place of the next write.
 */
int process_file(const char *name);

/* Everything that such a file has so far, in a static buffer. */
const char *process_said(int fd);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes of a test with names of their own, and channels for messages between processes. */
#ifndef TESTS_KERNEL_HELPER_H
#define TESTS_KERNEL_HELPER_H

#include <sys/types.h>

struct helper {
	pid_t pid;
	int channel; /* the end of the process that called helper_start() */
};

typedef void helper_fn(int channel, void *context);

/* Runs `body` in a new process with the name `comm` (any bytes; the kernel keeps 15). The process then exits with 0. */
struct helper helper_start(const char *comm, helper_fn *body, void *context);

/* Waits for the end of the process. Fails the test unless the process exits with 0. */
void helper_wait(struct helper *helper);

/* For every teardown: ends all helpers that still run. */
void helpers_kill(void);

/*
 * Send or receive a number and, unless `fd` < 0 or `ret_fd` is NULL, a descriptor. channel_receive() fails the test
 * after 60 s.
 */
void channel_send(int channel, int value, int fd);
int channel_receive(int channel, int *ret_fd);

#endif

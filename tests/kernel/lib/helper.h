/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes of the test with names of their own, and how they tell each other to go on. */
#ifndef TESTS_KERNEL_HELPER_H
#define TESTS_KERNEL_HELPER_H

#include <sys/types.h>

struct helper {
	pid_t pid;
	int channel; /* of the starting process */
};

typedef void helper_fn(int channel, void *context);

/* Runs `body` in a new process called `comm` (any bytes, 15 of them count), which then exits with 0. */
struct helper helper_start(const char *comm, helper_fn *body, void *context);

/* Waits for its exit with 0. */
void helper_wait(struct helper *helper);

/* For every teardown: ends those that still run. */
void helpers_kill(void);

/* A number and, unless fd < 0, a descriptor, between the two ends of a channel. Waiting ends after 60 s. */
void channel_send(int channel, int value, int fd);
int channel_receive(int channel, int *ret_fd);

#endif

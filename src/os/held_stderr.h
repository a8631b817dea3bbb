/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Holds back what is written to standard error while the screen belongs to a picture. */
#ifndef TCPVITALS_OS_HELD_STDERR_H
#define TCPVITALS_OS_HELD_STDERR_H

struct held_stderr {
	int own_fd;  /* standard error as it was; -1: nothing is held back */
	int held_fd; /* what was written meanwhile */
};

/* If standard error is a terminal, messages wait for held_stderr_end(). On failure they are written at once. */
void held_stderr_begin(struct held_stderr *ret);

/* Writes all messages, and stops holding them back. */
void held_stderr_end(struct held_stderr *held);

#endif

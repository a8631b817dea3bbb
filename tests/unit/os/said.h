/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A function's output on stderr. */
#ifndef TCPVITALS_TEST_SAID_H
#define TCPVITALS_TEST_SAID_H

#include "../core/text.h"

#include <fcntl.h>
#include <unistd.h>

struct said {
	int reader;
	int saved; /* stderr */
	char text[2048];
};

static inline void said_begin(struct said *said)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	said->reader = ends[0];
	said->saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
}

static inline void said_end(struct said *said)
{
	ssize_t length;

	dup2(said->saved, STDERR_FILENO);
	length = read(said->reader, said->text, sizeof(said->text) - 1);
	said->text[length > 0 ? length : 0] = '\0';
	close(said->saved);
	close(said->reader);
}

#endif

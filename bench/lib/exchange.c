/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "exchange.h"

#include <errno.h>
#include <sys/socket.h>

/* A large request in so many. */
#define MIXED_ROUNDS 4

const char *const exchange_names[EXCHANGE_KINDS] = {
	[EXCHANGE_PINGPONG] = "pingpong",
	[EXCHANGE_BULK] = "bulk",
	[EXCHANGE_MIXED] = "mixed",
};

size_t exchange_request(enum exchange_kind kind, unsigned long connection, unsigned long round, size_t large)
{
	switch (kind) {
	case EXCHANGE_BULK:
		return large;
	case EXCHANGE_MIXED:
		return (connection + round) % MIXED_ROUNDS == 0 ? large : 1;
	default:
		return 1;
	}
}

int exchange_send(int fd, size_t bytes)
{
	static const char zeros[EXCHANGE_MAX_BYTES];

	while (bytes > 0) {
		ssize_t n = send(fd, zeros, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		bytes -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int exchange_receive(int fd, size_t bytes)
{
	char buffer[64 * 1024];

	while (bytes > 0) {
		ssize_t n = recv(fd, buffer, bytes < sizeof(buffer) ? bytes : sizeof(buffer), 0);

		if (n == 0)
			return -ECONNRESET;
		if (n < 0 && errno != EINTR)
			return -errno;
		bytes -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

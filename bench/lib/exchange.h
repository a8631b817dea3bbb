/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The messages between pingpong's two ends: a request, answered by one byte. */
#ifndef BENCH_EXCHANGE_H
#define BENCH_EXCHANGE_H

#include <stddef.h>

#define EXCHANGE_MAX_BYTES (1024 * 1024)

enum exchange_kind {
	EXCHANGE_PINGPONG, /* requests of one byte */
	EXCHANGE_BULK,     /* large requests */
	EXCHANGE_MIXED,    /* every fourth request of a connection is large, not at the same time on all connections */
	EXCHANGE_KINDS
};

extern const char *const exchange_names[EXCHANGE_KINDS];

/*
 * Bytes of request number `round` on connection number `connection`; both ends count from 0. `large`: bytes of a large
 * request.
 */
size_t exchange_request(enum exchange_kind kind, unsigned long connection, unsigned long round, size_t large);

/*
 * Send or receive `bytes` bytes of any value, up to EXCHANGE_MAX_BYTES, with as many calls as that takes. 0 or a
 * negative errno.
 */
int exchange_send(int fd, size_t bytes);
int exchange_receive(int fd, size_t bytes);

#endif

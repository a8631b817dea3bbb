/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What pingpong's two ends send each other: a request, answered by one byte. */
#ifndef BENCH_EXCHANGE_H
#define BENCH_EXCHANGE_H

#include <stddef.h>

#define EXCHANGE_MAX_BYTES (1024 * 1024)

enum exchange_kind {
	EXCHANGE_PINGPONG, /* requests of one byte */
	EXCHANGE_BULK,     /* large ones */
	EXCHANGE_MIXED,    /* on each connection a large one in four, not at the same time on all */
	EXCHANGE_KINDS
};

extern const char *const exchange_names[EXCHANGE_KINDS];

/* Bytes of the request number `round` on that connection; both ends count from 0. */
size_t exchange_request(enum exchange_kind kind, unsigned long connection, unsigned long round, size_t large);

/* All of them, however often that takes; up to EXCHANGE_MAX_BYTES, of any value. 0 or a negative errno. */
int exchange_send(int fd, size_t bytes);
int exchange_receive(int fd, size_t bytes);

#endif

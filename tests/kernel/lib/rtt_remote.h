/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection over a wire that carries packets by itself, or whose packets another process carries. */
#ifndef TESTS_KERNEL_RTT_REMOTE_H
#define TESTS_KERNEL_RTT_REMOTE_H

#include <stddef.h>

#include "rtt_traffic.h"
#include "wire.h"

/* Opens a connection from a client on the left to a server on the right. */
struct rtt_pair rtt_remote_open(const struct wire *wire, uint16_t port);

/* Sends `bytes` bytes from the client as fast as possible, and reads them at the server. */
void rtt_remote_bulk(const struct rtt_pair *pair, size_t bytes);

/* Closes both sockets over the wire, the client's first, and the listener. */
void rtt_remote_close(struct rtt_pair *pair);

#endif

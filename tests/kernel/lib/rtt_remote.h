/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection over a wire that carries packets by itself or has somebody who does. */
#ifndef TESTS_KERNEL_RTT_REMOTE_H
#define TESTS_KERNEL_RTT_REMOTE_H

#include <stddef.h>

#include "rtt_traffic.h"
#include "wire.h"

/* A client on the left, a server on the right. */
struct rtt_pair rtt_remote_open(const struct wire *wire, uint16_t port);

/* So many bytes from the client, as fast as they go. */
void rtt_remote_bulk(const struct rtt_pair *pair, size_t bytes);

/* The end of both sockets, the client's first, over the wire. */
void rtt_remote_close(struct rtt_pair *pair);

#endif

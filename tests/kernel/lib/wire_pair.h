/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection over a hand-carried wire: the client on the left, the server on the right. */
#ifndef TESTS_KERNEL_WIRE_PAIR_H
#define TESTS_KERNEL_WIRE_PAIR_H

#include "wire.h"

struct wire_pair {
	int listener, client, server;
};

/* In namespaces of its own a test may choose what it likes. */
#define WIRE_SERVER_PORT 7733

/* Listens on the right, at WIRE_SERVER_PORT. */
int wire_listen(const struct wire *wire);

/* A non-blocking client's connect() to it: only the SYN has been sent. */
int wire_connect(const struct wire *wire);

/* The rest of the handshake, whatever packets that takes, and accept(): nothing is under way then. */
void wire_pair_establish(const struct wire *wire, struct wire_pair *pair);

/* Established and accepted, and nothing is under way. */
struct wire_pair wire_pair_open(const struct wire *wire);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection over a hand-carried wire: the client on the left, the server on the right. */
#ifndef TESTS_KERNEL_WIRE_PAIR_H
#define TESTS_KERNEL_WIRE_PAIR_H

#include "run.h"
#include "wire.h"

struct wire_pair {
	int listener, client, server;
};

/* In namespaces of its own a test may choose what it likes. */
#define WIRE_SERVER_PORT 7733

/* The wire of the test that is under way. */
extern struct wire test_wire;

/* Opens it, or skips the test, and starts the tool; the second one has a pair (below), too. */
void wire_start(struct run *run);
struct wire_pair wire_start_pair(struct run *run);

/* A teardown of cmocka's: closes it, and run_teardown(). */
int wire_teardown(void **state);

/* Listens on the right, at WIRE_SERVER_PORT. */
int wire_listen(const struct wire *wire);

/* A non-blocking client's connect() to it: only the SYN has been sent. */
int wire_connect(const struct wire *wire);

/* The rest of the handshake, whatever packets that takes, and accept(): nothing is under way then. */
void wire_pair_establish(const struct wire *wire, struct wire_pair *pair);

/* Established and accepted, and nothing is under way. */
struct wire_pair wire_pair_open(const struct wire *wire);

#endif

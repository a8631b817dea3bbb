/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection over a wire on which the test carries each packet: the client on the left, the server on the right. */
#ifndef TESTS_KERNEL_WIRE_PAIR_H
#define TESTS_KERNEL_WIRE_PAIR_H

#include "run.h"
#include "wire.h"

struct wire_pair {
	int listener, client, server;
};

/* The network namespaces are the test's own, so it may use any port. */
#define WIRE_SERVER_PORT 7733

/* The wire of the running test. */
extern struct wire test_wire;

/*
 * wire_start() opens test_wire, or skips the test, and starts the tool. wire_start_pair() also opens a connection, with
 * wire_pair_open().
 */
void wire_start(struct run *run);
struct wire_pair wire_start_pair(struct run *run);

/* A teardown for cmocka: closes test_wire, and calls run_teardown(). */
int wire_teardown(void **state);

/* Opens a listener on the right, on WIRE_SERVER_PORT. */
int wire_listen(const struct wire *wire);

/* Starts a non-blocking connect() on the left. Only the SYN has been sent. */
int wire_connect(const struct wire *wire);

/* Carries the rest of the handshake, and accepts the connection. No packet is under way then. */
void wire_pair_establish(const struct wire *wire, struct wire_pair *pair);

/* Opens an established and accepted connection. No packet is under way then. */
struct wire_pair wire_pair_open(const struct wire *wire);

#endif

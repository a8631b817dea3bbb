/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of tcpstates about the ends of a test's own sockets. */
#ifndef TESTS_KERNEL_ENDS_H
#define TESTS_KERNEL_ENDS_H

#include "run.h"
#include "wire_pair.h"

enum ends_side {
	ENDS_CLIENT,
	ENDS_SERVER,
	ENDS_LISTENER,
};

/* One transition to CLOSE. */
struct end {
	enum ends_side side;
	const char *oldstate;
	const char *cause;
};

#define ENDS_MAX  16
#define ENDS(...) ((const struct end[ENDS_MAX]){__VA_ARGS__, {0, NULL, NULL}})

/*
 * Call after the traffic. Calls run_stop() and run_check(). Fails the test unless the sockets of the server's port
 * ended in exactly these ways, in any order. Rows that are known to be missing are no failure.
 */
void ends_check(struct run *run, uint16_t port, const struct end *ends);

/* The descriptors of a connection over loopback. */
struct loopback_pair {
	int listener, client, server;
	uint16_t port;
};

/* Calls run_start(), then opens a connection. The client sends a byte, and the server reads it. */
struct loopback_pair ends_open_loopback(struct run *run);

/*
 * Closes both ends, the client first, so that each gets the other's FIN. Also closes the listener, and calls settle().
 */
void ends_close_loopback(const struct loopback_pair *pair);

/* Closes the listener, then calls ends_check() for all three sockets. Call after the ends of client and server. */
void ends_check_loopback(struct run *run, const struct loopback_pair *pair, struct end client, struct end server);

/*
 * ends_check() for a connection over a wire whose client has ended. Aborts the server, which may still be open: the end
 * of the client may be unknown to it. Closes everything.
 */
void ends_check_pair(struct run *run, const struct wire_pair *pair, struct end client, struct end server);

/* ends_check_pair() for two established sockets whose wire is cut: the server gets no packet any more. */
void ends_check_cut(struct run *run, const struct wire_pair *pair, const char *cause);

#endif

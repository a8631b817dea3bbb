/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tool says about the ends of a test's own sockets. */
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
 * After the traffic: run_stop(), run_check(), and fails the test unless the sockets of the server's port ended in just
 * these ways, in any order. Rows known to be missing are forgiven.
 */
void ends_check(struct run *run, uint16_t port, const struct end *ends);

/* A connection over loopback. */
struct loopback_pair {
	int listener, client, server;
	uint16_t port;
};

/* run_start(), and then a connection whose server has read what its client has sent. */
struct loopback_pair ends_open_loopback(struct run *run);

/* Both ends see the other's FIN, the client's first; the listener is closed. Then settle(). */
void ends_close_loopback(const struct loopback_pair *pair);

/* ends_check(), when all but the listener has come to its end. */
void ends_check_loopback(struct run *run, const struct loopback_pair *pair, struct end client, struct end server);

/*
 * The same for a connection over a wire whose client has met its end, whatever that was: the server, who may not know
 * of it, is aborted unless it has ended, too. Closes everything.
 */
void ends_check_pair(struct run *run, const struct wire_pair *pair, struct end client, struct end server);

/* The same for two established sockets of which the server hears nothing any more. */
void ends_check_cut(struct run *run, const struct wire_pair *pair, const char *cause);

#endif

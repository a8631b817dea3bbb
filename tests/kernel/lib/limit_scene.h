/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that something limits: the client sends, the server reads. The path is one of three:
 * - loopback, in a network namespace of its own
 * - the TUN wire of wire.h, on which the test itself delays, loses, repeats and marks packets
 * - the veth wire, on which netem does so
 *
 * All sockets have their own congestion control: that of the machine may be any. The ports are fixed.
 */
#ifndef TESTS_KERNEL_LIMIT_SCENE_H
#define TESTS_KERNEL_LIMIT_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit_values.h"
#include "netem.h"
#include "netns.h"
#include "run_base.h"
#include "wire_pair.h"

#define LIMIT_SERVER_PORT WIRE_SERVER_PORT
#define LIMIT_CLIENT_PORT 7744

enum limit_path {
	LIMIT_LOOPBACK,
	LIMIT_WIRE,
	LIMIT_VETH,
};

struct limit_scene {
	enum limit_path path;
	int listener, client, server;
	const char *congestion; /* NULL: "cubic" */
	int send_buffer;        /* SO_SNDBUF of the client; 0: a large one */
	int receive_buffer;     /* SO_RCVBUF of the server; 0: the usual one */
	int mss;                /* TCP_MAXSEG of both; 0: the path's */
	size_t message;         /* bytes of each send(); 0: many */
	unsigned int delay_ms;  /* wire: of each direction; else of each round */
	unsigned int width;     /* wire: packets from the client in each round; 0: all */
	bool server_waits;      /* the server does not read */
	/* Wire: of the client's packets with data, so many get lost from now on. */
	unsigned int losses;
	unsigned int repeats;    /* then so many come twice */
	unsigned int marks;      /* then so many get a mark of congestion (CE) */
	uint64_t begin_ns;       /* before connect() */
	uint64_t established_ns; /* after it, or begin_ns */
};

/* Opens the path, or skips the test. limit_teardown() closes it, and calls run_base_teardown(). */
void limit_path_open(enum limit_path path);
int limit_teardown(void **state);

/* Starts tcpstates -c for the ports above. limit_start() also opens the path, after that. */
struct tool *limit_start_tool(struct run_base *base);
struct tool *limit_start(struct run_base *base, enum limit_path path);

/* Opens a connection: limit_connect() begins it, and limit_establish() completes it. */
void limit_open(struct limit_scene *scene);
void limit_connect(struct limit_scene *scene);
void limit_establish(struct limit_scene *scene);

/* Sends up to that many bytes from the client, as many as there is room for. */
void limit_fill(const struct limit_scene *scene, size_t bytes);

/* Sends so much that the client still has data which it has not sent. */
void limit_top_up(const struct limit_scene *scene);

/* One round trip: carries what both sides have sent. The server reads. */
void limit_round(struct limit_scene *scene);

/* Goes on until all is acknowledged. */
void limit_drain(struct limit_scene *scene);

/* The client's only segment gets lost, and the loss probe, too: a timeout follows. Goes on until all is acknowledged.
 */
void limit_time_out(struct limit_scene *scene);

/*
 * Whether so many us are more than two thirds of the time since the handshake, which is not too short for a verdict.
 * Then the verdict does not depend on what the machine does meanwhile.
 */
bool limit_prevails(const struct limit_scene *scene, int64_t us);

/* Fails the test when a scene takes too long. */
void limit_be_patient(const struct limit_scene *scene, const char *what);

/* Aborts both ends, the client first, and closes the listener. */
void limit_close(struct limit_scene *scene);

/*
 * limit_close() and the end of the tool. Both sides' records must agree with TCP_INFO, just before. Returns the
 * client's record, whose verdict must be `verdict` (NULL: any). The server, which has sent nothing, was limited by
 * none.
 */
struct limit_values limit_finish(struct limit_scene *scene, struct tool *tool, const char *verdict);

/* Time in which data was on its way, or waited for the congestion window. */
int64_t limit_network_us(const struct limit_values *values);

/* Bytes sent again without those that the peer had twice. */
int64_t limit_bytes_lost(const struct limit_values *values);

void limit_expect_verdict(const struct limit_values *record, const char *verdict);

/*
 * Fails the test unless the verdict is "network". A machine that stands still makes the sender send again: then the
 * verdict must be "loss" where the record's own values say so.
 */
void limit_expect_network(const struct limit_values *record, bool timeouts_count);

/* Segments that the sender took for lost have no witness, but at least one was, and each was sent again. */
void limit_expect_lost(const struct limit_values *record);

#endif

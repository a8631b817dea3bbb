/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that stay in a state, one in each state there is. Their wire (`test_wire`) drops the packets that would
 * end the state.
 */
#ifndef TESTS_KERNEL_STUCK_SCENE_H
#define TESTS_KERNEL_STUCK_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "wire_pair.h"

/* One end of a connection, which entered its state between `before_ns` and `after_ns` (CLOCK_MONOTONIC). */
struct stuck_victim {
	const char *state;
	uint16_t lport, rport;
	uint64_t before_ns, after_ns;
	bool began_here; /* a call of its own process led to the state, and no segment */
};

enum {
	ESTABLISHED_END,
	CLOSE_WAIT_END,
	FIN_WAIT2_END,
	CLOSING_END,
	LAST_ACK_END,
	FIN_WAIT1_END,
	SYN_SENT_END,
	VICTIMS
};

struct stuck_scene {
	struct wire_pair idle, half_closed, crossing, closed, closing;
	int connecting;
	struct stuck_victim victims[VICTIMS];
	char namespaces[64]; /* for --netns */
};

/* Opens the wire between two network namespaces, or skips the test. */
void stuck_open_wire(struct stuck_scene *scene);

/*
 * Starts a process in each network namespace of the wire: a tool that enters network namespaces finds these through
 * processes.
 */
void stuck_populate(void);

/* Leads all connections into their states, and records when. */
void stuck_play(struct stuck_scene *scene);

/* Resets the connections of stuck_play(). */
void stuck_leave(struct stuck_scene *scene);

/* Waits until the socket is in `state`. `before_ns`: a time before the event that leads to the state. */
struct stuck_victim stuck_enter(const char *state, int fd, uint16_t rport, uint64_t before_ns);

struct wire_pair stuck_open_pair(int listener);

/* Closes the client's direction of the connection. Returns when the server has the FIN, and the client has its ACK. */
void stuck_half_close(const struct wire_pair *pair);

void stuck_close_pair(const struct wire_pair *pair);

#endif

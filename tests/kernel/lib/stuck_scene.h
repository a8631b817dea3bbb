/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections that stay in a state, one in each there is, over a wire (`test_wire`) that loses what would end it. */
#ifndef TESTS_KERNEL_STUCK_SCENE_H
#define TESTS_KERNEL_STUCK_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "wire_pair.h"

/* One end of a connection, and between which times it entered its state. */
struct stuck_victim {
	const char *state;
	uint16_t lport, rport;
	uint64_t before_ns, after_ns;
	bool began_here; /* by a call of its process, which no segment came with */
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

/* The wire between two namespaces; without it the test is skipped. */
void stuck_open_wire(struct stuck_scene *scene);

/* For a tool that enters network namespaces: it finds those that a process is in. */
void stuck_populate(void);

/* Leads all victims into their states, and notes when. */
void stuck_play(struct stuck_scene *scene);

/* Resets what stuck_play() has opened. */
void stuck_leave(struct stuck_scene *scene);

/* Waits until the socket is in the state that something since `before_ns` leads it into. */
struct stuck_victim stuck_enter(const char *state, int fd, uint16_t rport, uint64_t before_ns);

struct wire_pair stuck_open_pair(int listener);

/* The server has its client's FIN, and the client the ACK. */
void stuck_half_close(const struct wire_pair *pair);

void stuck_close_pair(const struct wire_pair *pair);

#endif

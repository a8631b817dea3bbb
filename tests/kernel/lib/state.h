/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One transition, as the witness, the tool and the peer report it. Independent of src/, so that each checks the other.
 */
#ifndef TESTS_KERNEL_STATE_H
#define TESTS_KERNEL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_STATE 13

struct tuple {
	uint8_t laddr[16]; /* network byte order, IPv4 in the first four bytes, the rest zero */
	uint8_t raddr[16];
	uint16_t lport; /* host byte order */
	uint16_t rport;
	uint8_t ip_version; /* 4 or 6 */
};

struct change {
	uint64_t skaddr;
	struct tuple tuple;
	uint8_t oldstate;
	uint8_t newstate;
};

/* The name of a state, such as "ESTABLISHED". */
const char *state_name(unsigned int state);

/* The number of a state. 0 if the name is no state. */
uint8_t state_number(const char *name);

bool tuple_has_port(const struct tuple *tuple, const uint16_t *ports, size_t count);

/* "4 127.0.0.1:80 <- 127.0.0.1:4711 LISTEN -> SYN_RECV", in one of four static buffers. */
const char *change_text(const struct change *change);

/*
 * True if a connection or listener begins. On a reused socket, the tracepoint then reads inet_sport, which still has
 * the last port; the kernel chooses the new port later. The tool shows no port, or the new one if it could wait for it.
 */
bool change_begins(const struct change *change);

/*
 * True if both have the same states and socket, and `shown` agrees with every part of the tuple that `witness` has.
 * `shown` may also have an address or port that the kernel had not filled in yet for the witness.
 */
bool change_agrees(const struct change *witness, const struct change *shown);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the witness, the tool and the peer all say about one transition. Written apart from src/ so that both are
 * checked. */
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

/* "ESTABLISHED" and so on. */
const char *state_name(unsigned int state);

/* 0 for a name that is no state. */
uint8_t state_number(const char *name);

bool tuple_has_port(const struct tuple *tuple, const uint16_t *ports, size_t count);

/* "4 127.0.0.1:80 <- 127.0.0.1:4711 LISTEN -> SYN_RECV", in a static buffer of which there are four. */
const char *change_text(const struct change *change);

/*
 * A connection or listener begins. On a used socket, the tracepoint then reads inet_sport, which still is the last
 * one's port, and the new one is chosen later: the tool shows none, or, when it could wait, the new one.
 */
bool change_begins(const struct change *change);

/*
 * The same states and socket, and a tuple that agrees wherever `witness` knows it: an address or port that the kernel
 * had not filled in yet there may be known here.
 */
bool change_agrees(const struct change *witness, const struct change *shown);

#endif

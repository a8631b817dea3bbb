/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Paths of known delay: what netem imposes on a wire of veth devices, the connections that are played over it, and what
 * others than the tools say of these: the kernel (TCP_INFO, which `ss -ti` prints) and tshark.
 */
#ifndef TESTS_KERNEL_PATH_H
#define TESTS_KERNEL_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netem.h"

#define PATH_CONNECTIONS 2
#define PATH_SAMPLES_MAX 2048

struct path {
	const char *name;
	struct netem ways[WIRE_ENDS]; /* what leaves that end; the loss begins behind the handshake */
	unsigned int exchanges;       /* on each connection */
	unsigned int burst;           /* segments of the server's after each exchange: more can get lost */
	size_t bulk;                  /* bytes from the client */
};

#define PATH_FAR(...)  .ways = {[WIRE_RIGHT] = {__VA_ARGS__}}
#define PATH_BOTH(...) .ways = {{__VA_ARGS__}, {__VA_ARGS__}}

struct samples {
	uint64_t us[PATH_SAMPLES_MAX];
	size_t count;
};

struct path_witness {
	struct samples smoothed[WIRE_ENDS]; /* TCP_INFO's rtt, after each exchange */
	struct samples least[WIRE_ENDS];    /* TCP_INFO's min_rtt, before the end of each connection */
	/*
	 * What tshark says of the client's round trips and handshakes, once paths_read_capture() has asked it; empty
	 * where path_is_captured() says no.
	 */
	struct samples captured, captured_syn;
	/* How long the test itself waited for an exchange, and for connect() and accept(): no round trip in it is
	 * longer. */
	struct samples exchanges, openings;
	uint64_t sent_again;
};

void samples_add(struct samples *samples, uint64_t us);

/* Nearest rank. Fails the test when there are none. */
double samples_quantile(struct samples *samples, unsigned int permille);

bool path_has_loss(const struct path *path);

/* Of a round trip, without what is no delay. */
double path_least_us(const struct path *path);
double path_most_us(const struct path *path);

/* Only where the client's own device delays nothing: a capture shows what leaves a device behind netem. */
bool path_is_captured(const struct path *path);

/* Before the first of them, or skips the test; and for every teardown. */
void paths_open(void);
void paths_close(void);

/* PATH_CONNECTIONS to that port, one after the other. */
void path_play(const struct path *path, uint16_t port, struct path_witness *ret_witness);

/* After the last one: the first of these paths was played to `first_port`, the second to the next one, and so on. */
void paths_read_capture(const struct path *paths, struct path_witness *witnesses, size_t count, uint16_t first_port);

#endif

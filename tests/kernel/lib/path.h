/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Paths of known delay: netem on a wire of veth devices, connections over the wire, and independent witnesses of their
 * times. The witnesses are the kernel (TCP_INFO, which `ss -ti` prints) and tshark.
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
	struct netem ways[WIRE_ENDS]; /* packets that leave that end; losses begin after the handshake */
	unsigned int exchanges;       /* for each connection */
	unsigned int burst;           /* segments of the server after each exchange: more can get lost */
	size_t bulk;                  /* bytes from the client */
};

#define PATH_FAR(...)  .ways = {[WIRE_RIGHT] = {__VA_ARGS__}}
#define PATH_BOTH(...) .ways = {{__VA_ARGS__}, {__VA_ARGS__}}

struct samples {
	uint64_t us[PATH_SAMPLES_MAX];
	size_t count;
};

struct path_witness {
	struct samples smoothed[WIRE_ENDS]; /* rtt of TCP_INFO, after each exchange */
	struct samples least[WIRE_ENDS];    /* min_rtt of TCP_INFO, before the end of each connection */
	/*
	 * The client's round trips and handshakes by tshark, after paths_read_capture(). Empty unless
	 * path_is_captured().
	 */
	struct samples captured, captured_syn;
	/*
	 * Time that the test itself waited for an exchange, and for connect() and accept(). No round trip within that
	 * time is longer.
	 */
	struct samples exchanges, openings;
	uint64_t sent_again;
};

void samples_add(struct samples *samples, uint64_t us);

/* The quantile in us, by nearest rank. Sorts the samples. Fails the test if there are none. */
double samples_quantile(struct samples *samples, unsigned int permille);

bool path_has_loss(const struct path *path);

/* Limits of the delay of a round trip, without any other time that it takes. */
double path_least_us(const struct path *path);
double path_most_us(const struct path *path);

/* True if the client's own device adds no delay: a capture shows packets that leave a device after netem. */
bool path_is_captured(const struct path *path);

/*
 * Call paths_open() before the first path: it opens the wire and the capture, or skips the test. Call paths_close() in
 * every teardown.
 */
void paths_open(void);
void paths_close(void);

/* Plays PATH_CONNECTIONS connections to that port, one after the other. */
void path_play(const struct path *path, uint16_t port, struct path_witness *ret_witness);

/* Call after the last path. paths[i] must have been played to port `first_port` + i. */
void paths_read_capture(const struct path *paths, struct path_witness *witnesses, size_t count, uint16_t first_port);

#endif

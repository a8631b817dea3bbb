/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The histograms of Debian's tcprtt. */
#ifndef TESTS_KERNEL_PEER_RTT_H
#define TESTS_KERNEL_PEER_RTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peer.h"

#define PEER_RTT_SLOTS      32
#define PEER_RTT_HISTOGRAMS 8

struct peer_histogram {
	char key[64];                   /* the address; "******" for all */
	uint64_t slots[PEER_RTT_SLOTS]; /* [0]: 0 and 1; [n]: from 2^n; in the unit of the output */
	uint64_t count;
	bool has_average;
	uint64_t average;
};

struct peer_histograms {
	struct peer_histogram items[PEER_RTT_HISTOGRAMS];
	size_t count;
};

/* Fails the test at a line that it cannot parse. */
void peer_read_histograms(const struct peer *peer, struct peer_histograms *ret_histograms);

#endif

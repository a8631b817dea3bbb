/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The figures of a line of the live view: of one connection, or the sum of several. */
#ifndef TCPVITALS_CORE_LIVE_FIGURES_H
#define TCPVITALS_CORE_LIVE_FIGURES_H

#include "abi/connection.h"
#include "core/limit.h"

#include <stdbool.h>
#include <stdint.h>

enum live_counter {
	LIVE_IN,      /* bytes received */
	LIVE_OUT,     /* bytes that the peer has acknowledged */
	LIVE_RETRANS, /* segments sent again */
	LIVE_COUNTERS
};

struct live_figures {
	uint64_t total[LIVE_COUNTERS]; /* since the connections began */
	uint64_t rate[LIVE_COUNTERS];  /* a second, rounded up, where has_rate */
	uint64_t recv_queue, send_queue;
	uint64_t rtt_sum_us; /* of smoothed round-trip times */
	uint32_t rtt_count;  /* connections in rtt_sum_us */
	uint32_t connections;
	uint32_t limits_now[LIMITED_BY_COUNT];   /* connections, by what limited them in the last interval */
	uint32_t limits_total[LIMITED_BY_COUNT]; /* the same since they began */
	bool has_rate;
};

/* Returns `count` a second, rounded up. `ns` is not 0. */
uint64_t live_per_second(uint64_t count, uint64_t ns);

/*
 * Returns the figures of one connection. `before` is an earlier record of it, or NULL: then the rates are since its
 * beginning, if that is known, or in `interval_ns` if that is longer.
 */
struct live_figures live_figures_of(const struct connection *before, const struct connection *now,
				    uint64_t interval_ns);

/*
 * Returns what limits the most of the connections that are limited by something, in the last interval or (`totals`)
 * since they began.
 */
enum limited_by live_figures_limit(const struct live_figures *figures, bool totals);

void live_figures_add(struct live_figures *sum, const struct live_figures *figures);

/* Mean round-trip time in us, 0 without a measurement. */
static inline uint64_t live_figures_rtt_us(const struct live_figures *figures)
{
	return figures->rtt_count ? figures->rtt_sum_us / figures->rtt_count : 0;
}

#endif

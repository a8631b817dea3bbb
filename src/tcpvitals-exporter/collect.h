/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everything that the exporter knows: walks, groups, listeners. Reads it from the probe. */
#ifndef TCPVITALS_EXPORTER_COLLECT_H
#define TCPVITALS_EXPORTER_COLLECT_H

#include "core/labels.h"
#include "core/loss.h"
#include "os/resolver.h"
#include "probe/metrics.h"
#include "probe/probe.h"
#include "tcpvitals-exporter/groups.h"

#include <stddef.h>
#include <stdint.h>

/* The longest accept queue is that of the last walks: several servers may scrape. */
#define BACKLOG_WALKS 6

/* The listeners of a port. */
struct port_reading {
	uint32_t port;
	struct port_listeners now;
	uint32_t highest[BACKLOG_WALKS]; /* of each of the last walks, by the number of the walk */
};

struct collect {
	struct probe *probe;
	struct groups groups;
	struct walk_result walk;
	bool has_walked;
	struct port_reading *ports; /* those with the fullest accept queues first */
	size_t port_count;
	size_t listening;   /* the first ones, which the last walk has found */
	uint64_t walk_ns;   /* how long the last walk took */
	uint64_t scrape_ns; /* how long the last scrape took */
	/* Of the last reading. */
	uint64_t open[METRICS_STATES];
	struct loss_report losses;
	struct group_metrics total; /* live_read() sets it */
};

struct collect_loss {
	const char *place;
	uint64_t count;
};

#define COLLECT_LOSSES 8

/* `places`: the most groups that are shown one by one. Returns 0 or -ENOMEM. Call collect_close() in both cases. */
int collect_open(const struct labels *labels, struct probe *probe, struct resolver *resolver, size_t places,
		 struct collect *ret);
void collect_close(struct collect *collect);

/* Walks through all sockets. Returns 0 or a negative errno. */
int collect_walk(struct collect *collect);

/* Read all counters, for a scrape, or those that have no group. Return 0 or a negative errno. */
int collect_read(struct collect *collect);
int collect_read_host(struct collect *collect);

/* Returns the sockets in a state, those that are no full ones included. */
uint64_t collect_sockets(const struct collect *collect, uint8_t state);

void collect_losses(const struct collect *collect, struct collect_loss ret[COLLECT_LOSSES]);

/* Returns the longest accept queue of the port since the last BACKLOG_WALKS walks. */
uint32_t collect_highest(const struct port_reading *port);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The listeners of each port. A few ports are shown one by one, the others as "other", whose sums never fall. */
#ifndef TCPVITALS_EXPORTER_PORTS_H
#define TCPVITALS_EXPORTER_PORTS_H

#include "core/series.h"
#include "probe/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ports with series of their own: those with the most in their accept queues. */
#define PORTS_SHOWN 3

/* The longest accept queue is that of the last walks: several servers may scrape. */
#define BACKLOG_WALKS 6

struct port_reading {
	bool is_used;
	uint32_t port;
	struct port_listeners now;
	uint32_t highest[BACKLOG_WALKS]; /* of each of the last walks, by the number of the walk */
	uint64_t weight;                 /* grows with what is in the accept queue */
};

struct ports {
	struct port_reading *readings; /* PORT_LISTENERS_MAX */
	struct series_table series;    /* by the index of the reading; one counter: drops */
	uint32_t walk;                 /* number of the last walk */
};

/* Returns 0 or -ENOMEM. Call ports_close() in both cases. */
int ports_open(struct ports *ret);
void ports_close(struct ports *ports);

/* Reads all listeners, after a walk with that number. Returns 0 or a negative errno. */
int ports_read(struct ports *ports, const struct probe *probe, uint32_t walk);

/* Whether the last walk has found a listener of the port: its gauges are of now. */
bool port_listens(const struct ports *ports, size_t i);

/* Returns the longest accept queue of the port in the last BACKLOG_WALKS walks. */
uint32_t port_highest(const struct port_reading *port);

#endif

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
#include "tcpvitals-exporter/ports.h"

#include <stddef.h>
#include <stdint.h>

struct collect {
	struct probe *probe;
	struct groups groups;
	struct walk_result walk;
	bool has_walked;
	struct ports ports;
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

#define COLLECT_LOSSES 9

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

#endif

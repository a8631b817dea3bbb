/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The events of the live page: what has happened since the last event, as JSON. */
#ifndef TCPVITALS_EXPORTER_LIVE_H
#define TCPVITALS_EXPORTER_LIVE_H

#include "core/strbuf.h"
#include "os/resolver.h"
#include "tcpvitals-exporter/collect.h"
#include "tcpvitals-exporter/view.h"

#include <stdbool.h>
#include <stdint.h>

/* Rows of the heat map that a new page begins with. */
#define LIVE_ROWS 300

/* Round-trip times between two events. */
struct live_row {
	uint64_t from_ms, to_ms; /* since 1970 */
	uint32_t slots[TIME_SLOTS];
};

struct live {
	struct collect *collect;
	struct resolver *resolver;
	struct view view;
	bool has_view;
	uint64_t view_due_ns; /* CLOCK_MONOTONIC */
	char host[65];
	struct group_metrics before; /* sums of all groups at the last event */
	uint64_t before_ms;
	struct live_row *rows; /* a ring */
	size_t row_count;      /* rows so far */
};

/* Returns 0 or a negative errno. Call live_close() in both cases. */
int live_open(struct collect *collect, struct resolver *resolver, struct live *ret);
void live_close(struct live *live);

/*
 * Reads the counters, and adds a row of round-trip times. `has_pages`: somebody looks, so connections are looked at one
 * by one, too, as often as that takes at most a twentieth of a CPU. Returns 0 or a negative errno.
 */
int live_read(struct live *live, bool has_pages);

/* Append an event of server-sent events: the rows so far, or the present numbers. */
void live_write_history(const struct live *live, struct strbuf *out);
void live_write_tick(struct live *live, struct strbuf *out);

#endif

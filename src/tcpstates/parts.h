/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --every: reads all open connections at intervals. The records wait here until there is room for their rows, so that a
 * walk through many sockets waits for no reader.
 */
#ifndef TCPVITALS_TCPSTATES_PARTS_H
#define TCPVITALS_TCPSTATES_PARTS_H

#include "core/connection_queue.h"
#include "core/part.h"
#include "probe/probe.h"

#include <stdbool.h>

/* A zeroed struct is ready. Call parts_close() afterwards. */
struct parts {
	struct part_table table;         /* the last printed record of each open connection */
	struct connection_queue waiting; /* records without a row, in the order in which they were read */
	bool has_walked;
};

void parts_close(struct parts *parts);

/*
 * Reads all open connections; those that end meanwhile may be among the records, behind their last state. Reports at
 * the first time what is left out. Returns 0 or a negative errno.
 */
int parts_walk(struct parts *parts, struct probe *probe, bool verbose);

/* If a ring buffer is getting full while open connections wait, its records wait here, too, behind the others. */
void parts_relieve(struct parts *parts, struct rings *rings);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/parts.h"

#include "os/netns.h"
#include "probe/snapshot.h"

#include <errno.h>

/* The most records of ended connections that wait: the output may be slower than they end. */
#define ENDED_MAX 65536

void parts_close(struct parts *parts)
{
	part_table_close(&parts->table);
	connection_queue_close(&parts->waiting);
}

/* A record that is no connection stays in the ring buffer, for the one who counts it. */
static int keep_ended(void *context, const void *record, size_t size)
{
	struct connection_queue *waiting = context;

	if (size != sizeof(struct connection) || waiting->ended == ENDED_MAX)
		return -EAGAIN;
	return connection_queue_add(waiting, record);
}

static void relieve(struct parts *parts, struct rings *rings)
{
	if (rings_quarter_full(rings))
		rings_drain(rings, keep_ended, &parts->waiting);
}

void parts_relieve(struct parts *parts, struct rings *rings)
{
	/* Else records might come for ever, and nobody would wait for events. */
	if (connection_queue_open(&parts->waiting))
		relieve(parts, rings);
}

struct walk {
	struct parts *parts;
	struct rings *rings;
	int error;
};

static void keep_open(void *context, const struct connection *record)
{
	struct walk *walk = context;

	if (!walk->error)
		walk->error = connection_queue_add(&walk->parts->waiting, record);
}

/*
 * Called in the middle of the walk, when all records read so far are kept. A connection that has ended is not found
 * any more, so nothing of it follows its end. No row is written here: names belong to the tool's own network namespace.
 */
static void relieve_rings(void *context)
{
	struct walk *walk = context;

	relieve(walk->parts, walk->rings);
}

int parts_walk(struct parts *parts, struct probe *probe, bool verbose)
{
	struct walk walk = {parts, &probe->rings, 0};
	struct netns_omissions omissions = {};
	int error;

	/* By now, the records of connections that ended during the last walk have been taken. */
	part_walk_end(&parts->table);
	part_walk_begin(&parts->table);
	probe->pause = relieve_rings;
	probe->pause_context = &walk;
	error = snapshot_take(probe, keep_open, &walk, &omissions);
	probe->pause = NULL;
	if (!parts->has_walked && (verbose || netns_is_partial(&omissions)))
		netns_report(&omissions, "connections there have no record before their end");
	parts->has_walked = true;
	return error ? error : walk.error;
}

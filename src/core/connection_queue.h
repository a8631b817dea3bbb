/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A queue of records of connections, open ones and ended ones. */
#ifndef TCPVITALS_CORE_CONNECTION_QUEUE_H
#define TCPVITALS_CORE_CONNECTION_QUEUE_H

#include "abi/connection.h"

#include <stddef.h>

/* A zeroed queue is empty. Call connection_queue_close() afterwards. */
struct connection_queue {
	struct connection *records; /* `first` to `end` of `room` are in the queue */
	size_t first, end, room;
	size_t ended; /* of those in the queue, the ones of connections that have ended */
};

void connection_queue_close(struct connection_queue *queue);

/* Returns 0, or -ENOMEM and the queue is as before. */
int connection_queue_add(struct connection_queue *queue, const struct connection *record);

/* Returns the oldest record, or NULL. The next call for the queue makes it invalid. */
const struct connection *connection_queue_first(const struct connection_queue *queue);

/* Removes the oldest record. An empty queue takes no memory. */
void connection_queue_drop(struct connection_queue *queue);

/* Returns the number of records of open connections (TRANSITION_SCAN). */
static inline size_t connection_queue_open(const struct connection_queue *queue)
{
	return queue->end - queue->first - queue->ended;
}

#endif

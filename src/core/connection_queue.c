/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/connection_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 256

void connection_queue_close(struct connection_queue *queue)
{
	free(queue->records);
	*queue = (struct connection_queue){};
}

/* Moves the records to the beginning if they take less than half of the room, else doubles it. 0 or -ENOMEM. */
static int make_room(struct connection_queue *queue)
{
	size_t count = queue->end - queue->first, room = queue->room ? 2 * queue->room : ROOM_MIN;
	struct connection *records;

	if (count < queue->room / 2) {
		memmove(queue->records, queue->records + queue->first, count * sizeof(*queue->records));
		queue->first = 0;
		queue->end = count;
		return 0;
	}
	records = realloc(queue->records, room * sizeof(*records));
	if (!records)
		return -ENOMEM;
	queue->records = records;
	queue->room = room;
	return 0;
}

static size_t is_ended(const struct connection *record)
{
	return !(record->end.flags & TRANSITION_SCAN);
}

int connection_queue_add(struct connection_queue *queue, const struct connection *record)
{
	int error = queue->end == queue->room ? make_room(queue) : 0;

	if (error)
		return error;
	queue->records[queue->end++] = *record;
	queue->ended += is_ended(record);
	return 0;
}

const struct connection *connection_queue_first(const struct connection_queue *queue)
{
	return queue->first < queue->end ? &queue->records[queue->first] : NULL;
}

void connection_queue_drop(struct connection_queue *queue)
{
	queue->ended -= is_ended(&queue->records[queue->first]);
	if (++queue->first == queue->end)
		connection_queue_close(queue);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcprtt/row_queue.h"

#include "app/hangup.h"
#include "os/clock.h"

#define MS_NS    1000000ULL
#define GRACE_NS (1000 * MS_NS)

static size_t pending(const struct row_queue *queue)
{
	return queue->sink.buffer.length - queue->sink.written;
}

/* Counts the rows written by a flush that began with `before` bytes pending. */
static void note_written(struct row_queue *queue, size_t before)
{
	size_t written = before - pending(queue);

	if (written && queue->ending)
		queue->give_up_ns = clock_monotonic_ns() + GRACE_NS;
	queue->written += written;
	while (queue->first_row != queue->next_row &&
	       queue->rows[queue->first_row % ROW_QUEUE_SIZE].end <= queue->written)
		queue->delivered += queue->rows[queue->first_row++ % ROW_QUEUE_SIZE].samples;
}

void row_queue_flush(struct row_queue *queue)
{
	size_t before = pending(queue);

	sink_flush(&queue->sink);
	sink_sync(&queue->sink);
	note_written(queue, before);
}

void row_queue_reopen(struct row_queue *queue)
{
	row_queue_flush(queue);
	hangup_reopen(queue->loop, &queue->sink, queue->file);
}

static bool has_room(struct row_queue *queue, size_t size)
{
	size_t before = pending(queue);
	bool room = sink_room(&queue->sink, size);

	note_written(queue, before);
	if (queue->next_row - queue->first_row == ROW_QUEUE_SIZE)
		row_queue_flush(queue);
	return room && queue->next_row - queue->first_row < ROW_QUEUE_SIZE;
}

/*
 * Waits for an event that may come from the reader. Returns false if the reader has closed its end, has taken nothing
 * for too long, or at a second signal. The clock decides, because the loop also wakes for ticks and intervals.
 */
static bool wait_for_reader(struct row_queue *queue)
{
	uint64_t now_ns = clock_monotonic_ns();
	int timeout_ms = -1, events;

	if (queue->ending && !queue->give_up_ns)
		queue->give_up_ns = now_ns + GRACE_NS;
	if (queue->ending && now_ns >= queue->give_up_ns)
		return false;
	if (queue->ending)
		timeout_ms = (int)((queue->give_up_ns - now_ns) / MS_NS) + 1;
	if (event_loop_want_output(queue->loop, true))
		return false;
	events = event_loop_wait(queue->loop, timeout_ms);
	if (events & EVENT_HANGUP)
		row_queue_flush(queue); /* so that the sink sees the error */
	if (events > 0 && events & EVENT_REOPEN)
		row_queue_reopen(queue);
	if (events < 0 || events & EVENT_HANGUP || (queue->ending && events & EVENT_STOP))
		return false;
	queue->ending |= !!(events & (EVENT_STOP | EVENT_DEADLINE | EVENT_COMMAND));
	return true;
}

bool row_queue_make_room(struct row_queue *queue, size_t size)
{
	while (!queue->given_up && !has_room(queue, size))
		queue->given_up = queue->sink.error || !wait_for_reader(queue);
	return !queue->given_up;
}

void row_queue_add(struct row_queue *queue, uint64_t samples)
{
	queue->rows[queue->next_row % ROW_QUEUE_SIZE].end = queue->written + pending(queue);
	queue->rows[queue->next_row++ % ROW_QUEUE_SIZE].samples = samples;
}

void row_queue_drop(struct row_queue *queue, uint64_t samples)
{
	queue->dropped++;
	queue->dropped_samples += samples;
}

void row_queue_finish(struct row_queue *queue)
{
	queue->ending = true;
	row_queue_flush(queue);
	while (!queue->given_up && !queue->sink.error && !sink_is_empty(&queue->sink)) {
		queue->given_up = !wait_for_reader(queue);
		row_queue_flush(queue);
	}
}

void row_queue_unwritten(const struct row_queue *queue, uint64_t *ret_rows, uint64_t *ret_samples)
{
	*ret_rows = queue->dropped + queue->next_row - queue->first_row;
	*ret_samples = queue->dropped_samples;
	for (uint64_t row = queue->first_row; row != queue->next_row; row++)
		*ret_samples += queue->rows[row % ROW_QUEUE_SIZE].samples;
}

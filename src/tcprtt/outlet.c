/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcprtt/outlet.h"

#include "app/hangup.h"
#include "os/clock.h"

#define MS_NS    1000000ULL
#define GRACE_NS (1000 * MS_NS)

static size_t pending(const struct outlet *outlet)
{
	return outlet->sink.buffer.length - outlet->sink.written;
}

/* After a flush that began with so many bytes pending. */
static void note_written(struct outlet *outlet, size_t before)
{
	size_t written = before - pending(outlet);

	if (written && outlet->ending)
		outlet->give_up_ns = clock_monotonic_ns() + GRACE_NS;
	outlet->written += written;
	while (outlet->first_row != outlet->next_row &&
	       outlet->rows[outlet->first_row % OUTLET_ROWS].end <= outlet->written)
		outlet->delivered += outlet->rows[outlet->first_row++ % OUTLET_ROWS].samples;
}

void outlet_flush(struct outlet *outlet)
{
	size_t before = pending(outlet);

	sink_flush(&outlet->sink);
	note_written(outlet, before);
}

void outlet_reopen(struct outlet *outlet)
{
	outlet_flush(outlet);
	hangup_reopen(outlet->loop, &outlet->sink, outlet->file);
}

static bool has_room(struct outlet *outlet, size_t size)
{
	size_t before = pending(outlet);
	bool room = sink_room(&outlet->sink, size);

	note_written(outlet, before);
	return room && outlet->next_row - outlet->first_row < OUTLET_ROWS;
}

/*
 * Until something happens that may be the reader's doing. False when it has gone, when it has taken nothing for too
 * long, and at a second signal. The clock decides: the loop also wakes for ticks and intervals.
 */
static bool wait_for_reader(struct outlet *outlet)
{
	uint64_t now_ns = clock_monotonic_ns();
	int timeout_ms = -1, events;

	if (outlet->ending && !outlet->give_up_ns)
		outlet->give_up_ns = now_ns + GRACE_NS;
	if (outlet->ending && now_ns >= outlet->give_up_ns)
		return false;
	if (outlet->ending)
		timeout_ms = (int)((outlet->give_up_ns - now_ns) / MS_NS) + 1;
	if (event_loop_want_output(outlet->loop, true))
		return false;
	events = event_loop_wait(outlet->loop, timeout_ms);
	if (events & EVENT_HANGUP)
		outlet_flush(outlet); /* for the sink to know */
	if (events > 0 && events & EVENT_REOPEN)
		outlet_reopen(outlet);
	if (events < 0 || events & EVENT_HANGUP || (outlet->ending && events & EVENT_STOP))
		return false;
	outlet->ending |= !!(events & (EVENT_STOP | EVENT_DEADLINE | EVENT_COMMAND));
	return true;
}

bool outlet_make_room(struct outlet *outlet, size_t size)
{
	while (!outlet->given_up && !has_room(outlet, size))
		outlet->given_up = outlet->sink.error || !wait_for_reader(outlet);
	return !outlet->given_up;
}

void outlet_put_row(struct outlet *outlet, uint64_t samples)
{
	outlet->rows[outlet->next_row % OUTLET_ROWS].end = outlet->written + pending(outlet);
	outlet->rows[outlet->next_row++ % OUTLET_ROWS].samples = samples;
}

void outlet_drop_row(struct outlet *outlet, uint64_t samples)
{
	outlet->dropped++;
	outlet->dropped_samples += samples;
}

void outlet_finish(struct outlet *outlet)
{
	outlet->ending = true;
	outlet_flush(outlet);
	while (!outlet->given_up && !outlet->sink.error && !sink_is_empty(&outlet->sink)) {
		outlet->given_up = !wait_for_reader(outlet);
		outlet_flush(outlet);
	}
}

void outlet_unwritten(const struct outlet *outlet, uint64_t *ret_rows, uint64_t *ret_samples)
{
	*ret_rows = outlet->dropped + outlet->next_row - outlet->first_row;
	*ret_samples = outlet->dropped_samples;
	for (uint64_t row = outlet->first_row; row != outlet->next_row; row++)
		*ret_samples += outlet->rows[row % OUTLET_ROWS].samples;
}

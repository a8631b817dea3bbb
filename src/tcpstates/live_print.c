/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --live for scripts. Rates need two looks: the first one is not printed. --once ends after the second one, -o json
 * alone goes on.
 */
#include "app/hangup.h"
#include "os/clock.h"
#include "output/connection.h"
#include "output/json.h"
#include "output/live_json.h"
#include "tcpstates/live.h"

#include <errno.h>

/* How long a reader may take nothing, before it misses the rest of a table. */
#define PATIENCE_NS 5000000000ULL

#define NAP_MS 50

static void handle(struct live_tool *tool, int events)
{
	tool->is_over |= events < 0 || events & (EVENT_STOP | EVENT_DEADLINE | EVENT_HANGUP);
	if (events > 0 && events & EVENT_TICK)
		app_tick(&tool->app);
	if (events > 0 && events & EVENT_REOPEN)
		hangup_reopen(&tool->app.loop, &tool->sink, command_output_file(&tool->options->app.command));
}

/* Waits until `size` bytes fit into the sink. Returns false if the reader is gone or takes nothing. */
static bool wait_for_room(struct live_tool *tool, size_t size)
{
	uint64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;
	bool has_room;

	while (!(has_room = sink_room(&tool->sink, size)) && !tool->sink.error && clock_monotonic_ns() < end_ns) {
		int events;

		event_loop_want_output(&tool->app.loop, true);
		events = event_loop_wait(&tool->app.loop, NAP_MS);
		handle(tool, events);
		if (events < 0 || events & (EVENT_STOP | EVENT_HANGUP))
			break;
		live_drain(tool);
	}
	event_loop_want_output(&tool->app.loop, false);
	return has_room;
}

static void print_json(struct live_tool *tool, const struct live_row *row)
{
	const struct names *names = NULL;

	live_json(&tool->sink.buffer, row, &tool->base);
	if (tool->options->app.names || resolver_has_zone(&row->now.end))
		names = resolver_names(&tool->app.resolver, &row->now.end);
	if (names)
		json_add_names(&tool->sink.buffer, names);
	if (tool->options->app.fleet)
		json_add_host(&tool->sink.buffer, &tool->app.host);
}

/* Prints all rows of the view. A reader that takes nothing for long misses the rest. */
static void print_rows(struct live_tool *tool)
{
	size_t size = ROW_TEXT_MAX + ROW_NAMES_MAX + JSON_HOST_MAX;

	if (tool->options->format == OUTPUT_TEXT) {
		live_text_header(&tool->sink.buffer);
		sink_keep_header(&tool->sink);
	}
	for (size_t i = 0; i < tool->view.count; i++) {
		const struct live_row *row = live_view_row(&tool->view, &tool->live, i);

		if (!row)
			continue;
		if (!wait_for_room(tool, size)) {
			tool->unprinted += tool->view.count - i;
			return;
		}
		if (tool->options->format == OUTPUT_JSON)
			print_json(tool, row);
		else
			live_text(&tool->sink.buffer, row, tool->options->columns.width);
		tool->sink.rows++;
	}
	if (sink_flush(&tool->sink))
		wait_for_room(tool, tool->sink.buffer.capacity);
}

/* Waits until the next look. Returns false at the end of the tool. */
static bool wait_for_look(struct live_tool *tool)
{
	uint64_t end_ns = tool->look_ns + tool->pace.interval_ns, now_ns = clock_monotonic_ns();

	while (now_ns < end_ns && !tool->is_over) {
		uint64_t left_ms = (end_ns - now_ns + 999999) / 1000000;
		int events = live_wait(tool, left_ms < NAP_MS ? (int)left_ms : NAP_MS, true);

		handle(tool, events);
		live_drain(tool);
		now_ns = clock_monotonic_ns();
	}
	return !tool->is_over;
}

int live_print(struct live_tool *tool)
{
	int error = live_look(tool);

	while (!error && wait_for_look(tool)) {
		error = live_look(tool);
		if (!error)
			print_rows(tool);
		if (tool->options->live.once || tool->sink.error)
			break;
	}
	tool->unprinted += sink_unwritten(&tool->sink);
	return error;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --live for scripts. Rates need two looks: the first one is not printed. --once ends after the second one, -o json
 * alone goes on. Text has a section for each part of the screen; JSON has an object for each of their lines.
 */
#include "app/hangup.h"
#include "core/human.h"
#include "os/clock.h"
#include "output/connection.h"
#include "output/json.h"
#include "output/listener.h"
#include "output/live_json.h"
#include "output/live_text.h"
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

/*
 * Waits until `size` bytes fit into the sink. Returns false if the reader is gone or takes nothing. Such a reader is
 * not waited for a second time.
 */
static bool wait_for_room(struct live_tool *tool, size_t size)
{
	uint64_t end_ns = tool->is_behind ? 0 : clock_monotonic_ns() + PATIENCE_NS;
	bool has_room;

	live_relieve(tool);
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
	tool->is_behind = !has_room;
	return has_room;
}

/* Waits for the room of a line. Without room, `lines` are counted as unprinted. */
static bool has_room(struct live_tool *tool, size_t size, uint64_t lines)
{
	bool has = wait_for_room(tool, size);

	tool->unprinted += has ? 0 : lines;
	return has;
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

/* Bytes of an object about a socket. */
#define SOCKET_SIZE (2 * ROW_TEXT_MAX + ROW_NAMES_MAX + JSON_HOST_MAX)

/* Completes an object. `socket`: its names are looked up, if any are asked for; NULL: it has none. */
static void end_object(struct live_tool *tool, const struct transition *socket)
{
	const struct names *found = NULL;

	if (socket && (tool->options->row_names || resolver_has_zone(socket)))
		found = resolver_names(&tool->app.resolver, socket);
	if (found) {
		struct names names = *found;

		names.asked &= tool->options->row_names;
		json_add_names(&tool->sink.buffer, &names);
	}
	if (tool->options->app.fleet)
		json_add_host(&tool->sink.buffer, &tool->app.host);
	tool->sink.rows++;
}

void live_print_ends(struct live_tool *tool)
{
	if (tool->options->format != OUTPUT_JSON)
		return;
	for (; tool->printed_ends < tool->live.end_count; tool->printed_ends++) {
		const struct live_end *end;

		if (!has_room(tool, SOCKET_SIZE, tool->live.end_count - tool->printed_ends)) {
			tool->printed_ends = tool->live.end_count;
			return;
		}
		/* More may have arrived while the reader was waited for. */
		end = live_end_number(&tool->live, tool->printed_ends);
		if (!end) {
			tool->unprinted++;
			continue;
		}
		connection_json(&tool->sink.buffer,
				&(struct connection_line){.connection = &end->last, .base = &tool->base});
		end_object(tool, &end->last.end);
	}
}

static void print_json_rows(struct live_tool *tool)
{
	const struct live_view *view = &tool->view;

	for (size_t i = 0; i < view->count; i++) {
		const struct live_row *row = live_view_row(view, &tool->live, i);
		const struct live_group *group = live_view_group(view, i);

		if (!has_room(tool, group ? LIVE_GROUP_JSON_MAX + JSON_HOST_MAX : SOCKET_SIZE, view->count - i))
			return;
		if (row)
			live_json(&tool->sink.buffer, row, &tool->base);
		else if (group)
			live_json_group(&tool->sink.buffer, &view->groups, group, tool->look_ns, &tool->base);
		end_object(tool, row ? &row->now.end : NULL);
	}
}

static void print_json_look(struct live_tool *tool)
{
	const struct listener_table *listeners = &tool->live.listeners;

	if (has_room(tool, ROW_TEXT_MAX + JSON_HOST_MAX, 1)) {
		live_json_look(&tool->sink.buffer, &tool->live, loss_total(&tool->losses) + tool->live.omitted,
			       &tool->base);
		end_object(tool, NULL);
	}
	print_json_rows(tool);
	for (size_t i = 0; i < listeners->count && has_room(tool, SOCKET_SIZE, listeners->count - i); i++) {
		listener_json(&tool->sink.buffer, &listeners->rows[i], &tool->base);
		end_object(tool, &listeners->rows[i].now.socket);
	}
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* Cells of the header, which has no long values; and bytes of a sentence. */
#define HEADER_WIDTH 200
#define SENTENCE_MAX 128

static void print_header(struct live_tool *tool)
{
	struct live_frame frame = live_frame_of(tool);
	struct picture picture = {.cell_width = tool->options->columns.width};

	if (picture_begin(&picture, HEADER_WIDTH, LIVE_HEADER_LINES))
		return;
	live_draw_header(&frame, &picture);
	for (size_t i = 0; i < LIVE_HEADER_LINES && has_room(tool, LIVE_TEXT_MAX, 1); i++) {
		strbuf_append(&tool->sink.buffer, picture.lines[i].text.data, picture.lines[i].text.length);
		strbuf_append_char(&tool->sink.buffer, '\n');
	}
	picture_close(&picture);
}

/* Begins a section: an empty line, a sentence if it has one, and the titles unless it has no lines. */
static void begin_section(struct live_tool *tool, enum live_table table, const struct strbuf *sentence, size_t lines)
{
	struct strbuf *out = &tool->sink.buffer;

	if (!has_room(tool, LIVE_TEXT_MAX, 1))
		return;
	strbuf_append_char(out, '\n');
	if (sentence) {
		strbuf_append(out, sentence->data, sentence->length);
		strbuf_append_string(out, lines ? ":\n" : "\n");
	}
	if (lines || !sentence)
		live_text_titles(out, table, table == LIVE_TABLE_GROUPS ? tool->view.labels : NULL);
}

static bool print_line(struct live_tool *tool, enum live_table table, struct live_line line, size_t left)
{
	if (!has_room(tool, LIVE_TEXT_MAX, left))
		return false;
	line.now_ns = tool->look_ns;
	line.cell_width = tool->options->columns.width;
	live_text(&tool->sink.buffer, table, &line);
	tool->sink.rows++;
	return true;
}

static void print_rows(struct live_tool *tool)
{
	enum live_table table = tool->view.by == LIVE_BY_GROUP ? LIVE_TABLE_GROUPS : LIVE_TABLE_CONNECTIONS;
	size_t count = tool->view.count;

	begin_section(tool, table, NULL, count);
	for (size_t i = 0; i < count; i++)
		if (!print_line(tool, table, live_line_at(&tool->live, &tool->view, i), count - i))
			return;
}

static void print_ends(struct live_tool *tool)
{
	uint64_t watched_ns = tool->look_ns - tool->begin_ns;
	size_t count = tool->view.end_count;
	char text[SENTENCE_MAX];
	struct strbuf sentence = strbuf_over(text, sizeof(text));

	if (count)
		strbuf_append_u64(&sentence, count);
	strbuf_append_string(&sentence, !count       ? "no connection has ended"
					: count == 1 ? " connection has ended"
						     : " connections have ended");
	strbuf_append_literal(&sentence, " in the ");
	if (watched_ns > LIVE_ENDED_NS) {
		strbuf_append_literal(&sentence, "last ");
		human_duration(&sentence, LIVE_ENDED_NS);
	} else {
		human_duration(&sentence, watched_ns);
		strbuf_append_literal(&sentence, " that tcpstates has watched");
	}
	begin_section(tool, LIVE_TABLE_ENDS, &sentence, count);
	for (size_t i = 0; i < count; i++) {
		const struct live_end *end = live_view_end(&tool->view, &tool->live, i);
		struct live_figures figures;

		/* More may have arrived while the reader was waited for. */
		if (end && !print_line(tool, LIVE_TABLE_ENDS, live_line_of_end(end, &figures), count - i))
			return;
	}
}

static void print_listeners(struct live_tool *tool)
{
	const struct listener_table *listeners = &tool->live.listeners;
	char text[SENTENCE_MAX];
	struct strbuf sentence = strbuf_over(text, sizeof(text));

	strbuf_append_string(&sentence,
			     tool->unjudged ? "no listener that is known to be in scope" : "no listener in scope");
	begin_section(tool, LIVE_TABLE_LISTENERS, listeners->count ? NULL : &sentence, listeners->count);
	for (size_t i = 0; i < listeners->count; i++)
		if (!print_line(tool, LIVE_TABLE_LISTENERS, live_line_of_listener(&listeners->rows[i]),
				listeners->count - i))
			return;
}

/* ---- looks ------------------------------------------------------------------------------------------------------- */

/* Prints a look. A reader that takes nothing for long misses the rest. */
static void print_look(struct live_tool *tool)
{
	live_count_losses(tool);
	if (tool->options->format == OUTPUT_JSON) {
		print_json_look(tool);
	} else {
		print_header(tool);
		print_rows(tool);
		print_ends(tool);
		print_listeners(tool);
	}
	if (sink_flush(&tool->sink))
		wait_for_room(tool, tool->sink.buffer.capacity);
}

/* Waits until the next look, and writes what has ended meanwhile. Returns false at the end of the tool. */
static bool wait_for_look(struct live_tool *tool)
{
	uint64_t end_ns = tool->look_ns + tool->pace.interval_ns, now_ns = clock_monotonic_ns();

	while (now_ns < end_ns && !tool->is_over && !tool->sink.error) {
		uint64_t left_ms = (end_ns - now_ns + 999999) / 1000000;
		int events = live_wait(tool, left_ms < NAP_MS ? (int)left_ms : NAP_MS, true);

		handle(tool, events);
		live_drain(tool);
		live_print_ends(tool);
		sink_flush(&tool->sink);
		now_ns = clock_monotonic_ns();
	}
	return !tool->is_over && !tool->sink.error;
}

int live_print(struct live_tool *tool)
{
	int error = live_look(tool);

	while (!error && wait_for_look(tool)) {
		error = live_look(tool);
		if (error)
			break;
		live_print_ends(tool);
		print_look(tool);
		if (tool->options->live.once || tool->sink.error)
			break;
	}
	live_drain(tool);
	live_print_ends(tool);
	if (sink_flush(&tool->sink))
		wait_for_room(tool, tool->sink.buffer.capacity);
	tool->unprinted += sink_unwritten(&tool->sink);
	return error;
}

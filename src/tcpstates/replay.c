/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/replay.h"

#include "app/hangup.h"
#include "app/output.h"
#include "os/event_loop.h"
#include "os/message.h"
#include "output/sink.h"
#include "replay/lines.h"
#include "replay/moments.h"
#include "replay/record.h"
#include "replay/source.h"
#include "tcpstates/print.h"
#include "tcpstates/replay_report.h"
#include "tcpstates/replay_scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The zones of all times that are kept change their offset only at a quarter of an hour. */
#define QUARTER_S 900

/* Room for any row of a record. */
#define ROOM (ROW_TEXT_MAX + ESCAPED_MAX * RECORD_NAMES_MAX)

enum progress {
	PROGRESS_GOING,
	PROGRESS_WAITING, /* for the source */
	PROGRESS_BLOCKED, /* the reader of the output is behind */
	PROGRESS_OVER
};

struct replay {
	struct tcpstates_options *options;
	struct sink sink;
	struct printer printer;
	struct event_loop loop;
	struct source source;
	struct lines lines;
	struct line line; /* waits for room, if `has_line` */
	bool has_line;
	struct members members;
	struct replay_scope scope;
	struct moments moments;
	struct replay_report report;
	const char *out_name;
	uint64_t quarter; /* for which utc_offset_s holds, from 1; 0: none yet */
	int32_t utc_offset_s;
};

/* ---- a line ------------------------------------------------------------------------------------------------------ */

static enum record_type wanted_type(const struct tcpstates_options *options)
{
	return options->connections   ? RECORD_CONNECTION
	       : options->retransmits ? RECORD_RETRANSMISSION
				      : RECORD_TRANSITION;
}

/* The offset of local time then, as the tool of the recording had it in this time zone. */
static int32_t utc_offset_at(struct replay *replay, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	uint64_t quarter = (uint64_t)seconds / QUARTER_S + 1;
	struct tm local;

	if (quarter != replay->quarter) {
		replay->quarter = quarter;
		replay->utc_offset_s = localtime_r(&seconds, &local) ? (int32_t)local.tm_gmtoff : 0;
	}
	return replay->utc_offset_s;
}

/*
 * The line as it was read: so members and values that only a newer version knows stay, and a replay of a replay is the
 * same.
 */
static void print_as_it_is(struct replay *replay, const struct line *line)
{
	strbuf_append(&replay->sink.buffer, line->bytes, line->length);
	strbuf_append_char(&replay->sink.buffer, '\n');
	replay->sink.rows++;
}

static void print_row(struct replay *replay, struct record *record)
{
	struct printer *printer = &replay->printer;
	unsigned int asked = replay->options->row_names;
	struct names names = record->names;

	if (!(asked & NAMES_CGROUP))
		names.cgroup = names.unit = names.container = names.pod = (struct name){};
	if (!(asked & NAMES_NETNS))
		names.netns = (struct name){};
	if (!(asked & NAMES_SERVICES))
		names.lservice = names.rservice = (struct name){};
	record_set_clocks(record, utc_offset_at(replay, record->transition.time_ns), &printer->base.clocks);
	print_given(printer, &record->transition, record->from_ns, &names);
}

/* Prints a record of the wanted type, if it is in scope. Returns 0 or -EINVAL. */
static int take_record(struct replay *replay, const struct line *line, enum record_type type)
{
	const struct tcpstates_options *options = replay->options;
	struct record record;

	if (record_read(&replay->members, type, &record))
		return -EINVAL;
	if (type == RECORD_TRANSITION)
		moments_place(&replay->moments, &record.transition);
	replay_report_count(&replay->report, type, record.is_part);
	if ((record.is_part && !options->every_ns) || !replay_scope_admits(&replay->scope, &record))
		return 0;
	if (options->row_names & ~record.names.asked)
		replay->report.unnamed++;
	if (options->format == OUTPUT_JSON)
		print_as_it_is(replay, line);
	else
		print_row(replay, &record);
	return 0;
}

/* Returns 0, -EINVAL with a fault in members->error, or -ENOMEM. */
static int take_json(struct replay *replay, const struct line *line)
{
	enum record_type type;
	int error = members_read(&replay->members, line->bytes, line->length);

	if (!error)
		error = record_type_of(&replay->members, &type);
	if (error)
		return error;
	if (type == wanted_type(replay->options))
		return take_record(replay, line, type);
	replay_report_count(&replay->report, type, false);
	/* Rows of another type are what another run prints. All else, such as the first and the last line, stays. */
	if (type == RECORD_NOTE && replay->options->format == OUTPUT_JSON)
		print_as_it_is(replay, line);
	return 0;
}

/* Returns 0 or -ENOMEM. A damaged line is only reported. */
static int take_line(struct replay *replay, const struct line *line)
{
	struct line_error *error = &replay->members.error;
	int failed = 0;

	if (line->is_too_long) {
		error->fault = FAULT_TOO_LONG;
		failed = parse_refuse(&error->why, "longer than 65535 bytes, which no row is");
	} else {
		failed = take_json(replay, line);
	}
	if (failed != -EINVAL)
		return failed;
	if (line->is_cut_off && error->fault == FAULT_NOT_JSON) {
		error->fault = FAULT_CUT_OFF;
		parse_refuse(&error->why, "cut off: the last line has no end");
	}
	replay_report_damage(&replay->report, replay->lines.number, error);
	return 0;
}

/* ---- the run ----------------------------------------------------------------------------------------------------- */

/* Room for a row of text or CSV is not known before it is read. */
static size_t room_for(const struct replay *replay, const struct line *line)
{
	return replay->options->format == OUTPUT_JSON && !line->is_too_long ? line->length + 1 : ROOM;
}

/* Takes all lines that were read, and reads more. Returns an enum progress, or a negative errno. */
static int advance(struct replay *replay)
{
	struct line *line = &replay->line;
	ssize_t length;

	while (replay->has_line || lines_next(&replay->lines, line)) {
		replay->has_line = !sink_room(&replay->sink, room_for(replay, line));
		if (replay->has_line)
			return replay->sink.error ? PROGRESS_OVER : PROGRESS_BLOCKED;
		if (take_line(replay, line))
			return -ENOMEM;
	}
	if (replay->lines.is_over)
		return PROGRESS_OVER;
	length = lines_fill(&replay->lines, &replay->source);
	if (length == -EAGAIN)
		return PROGRESS_WAITING;
	return length < 0 ? (int)length : PROGRESS_GOING;
}

/* Returns 0 at the end or when it is asked for, or a negative errno of the source. */
static int go_through(struct replay *replay)
{
	int progress = PROGRESS_GOING;

	for (;;) {
		int events = event_loop_wait(&replay->loop, progress == PROGRESS_GOING ? 0 : -1);

		if (events < 0)
			return events;
		if (events & (EVENT_STOP | EVENT_HANGUP))
			return 0;
		progress = advance(replay);
		if (progress < 0)
			return progress;
		if (progress != PROGRESS_GOING)
			sink_flush(&replay->sink);
		if (events & EVENT_TICK)
			sink_sync(&replay->sink);
		if (events & EVENT_REOPEN)
			hangup_reopen(&replay->loop, &replay->sink, command_output_file(&replay->options->app.command));
		if (replay->sink.error || (progress == PROGRESS_OVER && sink_is_empty(&replay->sink)))
			return 0;
		event_loop_want_output(&replay->loop, progress != PROGRESS_GOING && !sink_is_empty(&replay->sink));
	}
}

/* Returns 0, or a negative errno after a message. */
static int open_all(struct replay *replay)
{
	int fd, error = source_open(replay->options->replay, &replay->source);

	if (error) {
		message("cannot read %s: %s", replay->report.name, strerror(-error));
		return error;
	}
	error = output_open(&replay->options->app.command, &replay->sink, &fd, &replay->out_name);
	if (error)
		return error;
	error = lines_open(&replay->lines);
	if (!error)
		error = members_open(&replay->members);
	if (!error)
		error = event_loop_open(command_output_file(&replay->options->app.command), &replay->loop);
	if (!error)
		error = event_loop_add_output(&replay->loop, replay->sink.fd);
	if (!error)
		error = event_loop_add_input(&replay->loop, replay->source.fd);
	/* A file is always ready, and cannot be waited for. */
	if (error && error != -EPERM)
		message("cannot wait for events: %s", strerror(-error));
	return error == -EPERM ? 0 : error;
}

static void close_all(struct replay *replay)
{
	event_loop_close(&replay->loop);
	members_close(&replay->members);
	lines_close(&replay->lines);
	if (replay->sink.buffer.data)
		sink_close(&replay->sink);
	source_close(&replay->source);
}

static int run(struct replay *replay)
{
	int error;

	replay_scope_begin(&replay->options->app.scope, &replay->scope);
	print_header(&replay->printer);
	error = go_through(replay);
	sink_sync(&replay->sink);
	hangup_report_end(&replay->loop);
	if (error)
		message("cannot read %s: %s", replay->report.name, source_error(error));
	if (replay->sink.error && replay->sink.error != -EPIPE) {
		error = replay->sink.error;
		message("cannot write to %s: %s", replay->out_name, strerror(-error));
	}
	if (replay_report_end(&replay->report, replay->lines.number, replay->lines.is_over))
		error = -EINVAL;
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}

int replay_run(struct tcpstates_options *options)
{
	static struct replay replay; /* static: the clocks are too large for some stacks */
	int status = EXIT_FAILURE;

	replay.options = options;
	replay.loop = EVENT_LOOP_CLOSED;
	replay.source = SOURCE_CLOSED;
	replay.printer = (struct printer){.options = options, .sink = &replay.sink, .journal_fd = -1};
	replay.report.wanted = wanted_type(options);
	replay.report.name = strcmp(options->replay, "-") ? options->replay : "standard input";
	if (!open_all(&replay))
		status = run(&replay);
	close_all(&replay);
	return status;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcprtt: attaches the programs, prints histograms at each interval or at the end, detaches, and reports losses. */
#include "app/app.h"
#include "core/loss.h"
#include "core/number.h"
#include "core/rtt_report.h"
#include "core/timestamp.h"
#include "os/clock.h"
#include "os/event_loop.h"
#include "os/message.h"
#include "os/terminal.h"
#include "output/heatmap.h"
#include "output/rtt.h"
#include "probe/losses.h"
#include "probe/probe.h"
#include "probe/samples.h"
#include "tcprtt/losses.h"
#include "tcprtt/measure.h"
#include "tcprtt/options.h"
#include "tcprtt/row_queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_RUNTIME 1
#define EXIT_LOST    3

/* Lines of the heat map between two scales. */
#define SCALE_EVERY 20

struct tool {
	struct tcprtt_options options;
	struct app app;
	struct measure measure;
	struct row_queue queue;
	struct heatmap map;
	struct timebase base;
	uint64_t start_ns;
	uint64_t since_ns; /* start of the interval */
	char by[64];
	char key[GROUPING_NAME_MAX + GROUPING_NAMES_MAX]; /* key of the row, with names */
};

static const char *const sample_names[] = {
	[RTT_SRTT] = "srtt", [RTT_RTT] = "rtt", [RTT_MIN] = "min", [RTT_HANDSHAKE] = "handshake"};

/* Writes the scale of the heat map, if it is due or the width of the terminal has changed. */
static void write_scale(struct tool *tool, uint32_t width)
{
	if (width == tool->map.width && tool->map.lines % SCALE_EVERY)
		return;
	tool->map.width = width;
	heatmap_scale(&tool->map, &tool->queue.sink.buffer);
}

static const struct names *find_names(struct tool *tool, const struct group_key *key, struct grouping_ids *ret_ids)
{
	*ret_ids = grouping_ids(&tool->options.grouping, key);
	return resolver_group(&tool->app.resolver, &tool->options.grouping, key);
}

/* Adds names to the report. In CSV and JSON, names are separate fields; only a zone is always in the key. */
static void add_names(struct tool *tool, const struct measured *row, struct rtt_report *report)
{
	struct strbuf key = strbuf_over(tool->key, sizeof(tool->key) - 1);
	struct names in_key = {};

	report->names = find_names(tool, &row->key, &report->ids);
	if (row->other)
		report->ids = (struct grouping_ids){};
	if (!report->names || row->other)
		return;
	if (tool->options.output == RTT_OUTPUT_TEXT)
		in_key = *report->names;
	in_key.zone = report->names->zone;
	grouping_format_key(&key, &tool->options.grouping, &row->key, row->distinction, &in_key);
	tool->key[key.length] = '\0';
	report->key = tool->key;
}

/* Looks up the names of a group early. A cgroup may be gone when its row is printed. */
static void learn_names(void *context, const struct group_key *key)
{
	struct grouping_ids ids;

	find_names(context, key, &ids);
}

static void write_row(struct tool *tool, const struct measured *row, uint64_t now_ns)
{
	struct strbuf *out = &tool->queue.sink.buffer;
	struct rtt_report report = {
		.time_realtime_ns = (uint64_t)clock_history_realtime_ns(&tool->base.clocks, now_ns),
		.interval_s = (double)(now_ns - tool->since_ns) / 1e9,
		.by = tool->by,
		.key = row->name,
		.sample = sample_names[tool->options.sample],
		.hook = tool->app.probe.hook,
		.tick = tool->measure.tick,
		.histogram = &row->histogram,
		.jitter = tcprtt_shows_means(&tool->options),
		.other = row->other,
		.unknown = row->unknown,
	};
	char time[8];
	struct strbuf clock = strbuf_over(time, sizeof(time));

	if (tcprtt_is_grouped(&tool->options))
		add_names(tool, row, &report);
	switch (tool->options.output) {
	case RTT_OUTPUT_TEXT:
		rtt_text(out, &report, tool->options.extended);
		break;
	case RTT_OUTPUT_CSV:
		rtt_csv(out, &report);
		break;
	case RTT_OUTPUT_JSON:
		rtt_json(out, &report);
		if (tool->options.app.fleet)
			json_add_host(out, &tool->app.host);
		break;
	case RTT_OUTPUT_HEATMAP:
		write_scale(tool, terminal_width(tool->app.out_fd));
		timestamp_format_local(&clock, &tool->base, now_ns);
		heatmap_line(&tool->map, out, time, &row->histogram);
		break;
	}
}

/* Writes the lines that libbpf-tools' tcprtt prints before the histograms of an interval. */
static void write_interval_heading(struct tool *tool, uint64_t now_ns)
{
	struct strbuf *out = &tool->queue.sink.buffer;

	if (tool->options.output != RTT_OUTPUT_TEXT)
		return;
	strbuf_append_char(out, '\n');
	if (tool->options.timestamp) {
		timestamp_format_local(out, &tool->base, now_ns);
		strbuf_append_char(out, '\n');
	}
}

/* Prints the samples since the last call. Returns 0 or a negative errno. */
static int print_interval(struct tool *tool)
{
	uint64_t now_ns;
	int error;

	clock_refresh(&tool->base);
	now_ns = clock_monotonic_ns();
	error = measure_take(&tool->measure);
	if (error)
		return error;
	if (row_queue_make_room(&tool->queue, RTT_TEXT_MAX))
		write_interval_heading(tool, now_ns);
	for (size_t i = 0; i < tool->measure.count; i++) {
		const struct measured *row = &tool->measure.rows[i];

		if (!row_queue_make_room(&tool->queue, RTT_TEXT_MAX + JSON_HOST_MAX)) {
			row_queue_drop(&tool->queue, row->stats.count);
			continue;
		}
		write_row(tool, row, now_ns);
		row_queue_add(&tool->queue, row->stats.count);
	}
	tool->since_ns = now_ns;
	row_queue_flush(&tool->queue);
	return 0;
}

/*
 * Returns whether -d ends within a tenth of an interval: then the last summary includes the rest. The two timers may
 * fire in either order if they expire together.
 */
static bool is_almost_over(const struct tool *tool)
{
	uint64_t duration_ns = tool->options.app.duration_ns;

	return duration_ns && clock_monotonic_ns() + tool->options.interval_ns / 10 >= tool->start_ns + duration_ns;
}

/*
 * Runs until a signal, the end of -d, the end of the command, or the end of the output. Returns 0 or a negative errno.
 */
static int trace(struct tool *tool)
{
	struct row_queue *queue = &tool->queue;
	int error = 0;

	while (!error && !queue->sink.error && !queue->ending) {
		int events;

		error = event_loop_want_output(&tool->app.loop, !sink_is_empty(&queue->sink));
		if (error)
			break;
		events = event_loop_wait(&tool->app.loop, -1);
		if (events < 0)
			return events;
		if (events & EVENT_HANGUP)
			return 0;
		if (events & (EVENT_STOP | EVENT_DEADLINE | EVENT_COMMAND)) {
			queue->ending = true;
			return 0;
		}
		if (events & EVENT_OUTPUT)
			row_queue_flush(queue);
		if (events & EVENT_REOPEN) {
			row_queue_reopen(queue);
			tool->map.width = 0; /* a new file starts with a scale */
		}
		if (events & EVENT_TICK)
			app_tick(&tool->app);
		if (events & EVENT_TICK && tool->options.app.names & NAMES_CGROUP)
			error = measure_visit_groups(&tool->measure, learn_names, tool);
		if (!error && events & EVENT_INTERVAL && !is_almost_over(tool))
			error = print_interval(tool);
	}
	return error;
}

static void write_opening(struct tool *tool)
{
	struct strbuf *out = &tool->queue.sink.buffer;

	if (tool->options.output == RTT_OUTPUT_CSV)
		rtt_csv_header(out, tool->by, tool->options.app.names);
	if (tool->options.output == RTT_OUTPUT_TEXT) {
		strbuf_append_string(out, "Tracing TCP RTT");
		if (tool->options.app.duration_ns) {
			strbuf_append_string(out, " for ");
			number_append_short(out, (double)tool->options.app.duration_ns / 1e9, 3);
			strbuf_append_string(out, " secs.\n");
		} else if (tool->options.app.command.command.argv) {
			strbuf_append_string(out, " until the command ends.\n");
		} else {
			strbuf_append_string(out, "... Hit Ctrl-C to end.\n");
		}
	}
	app_begin_output(&tool->app);
	sink_keep_header(&tool->queue.sink);
	row_queue_flush(&tool->queue);
}

/* Counts losses in samples, and what the tracker missed in connections. */
static struct loss_report count_losses(const struct tool *tool)
{
	struct loss_report losses = {.delivered = tool->queue.delivered + tool->measure.left_out, .unit = "sample"};
	struct loss_report tracker = {};
	uint64_t rows;

	probe_losses(&tool->app.probe, true, &tracker);
	losses.recursion = tracker.unsampled;
	losses.untracked = tracker.recursion;
	losses.unjudged = tracker.unjudged;
	losses.unaccepted = tracker.unaccepted;
	losses.unfollowed = tracker.unfollowed;
	/* A reader that has closed its end (EPIPE) has all it wanted: that is no loss. */
	if (tool->queue.sink.error != -EPIPE)
		row_queue_unwritten(&tool->queue, &rows, &losses.unwritten);
	return losses;
}

/* Reports why the output is incomplete, if it is. */
static void report_unwritten(const struct tool *tool, int error)
{
	uint64_t rows, samples;

	row_queue_unwritten(&tool->queue, &rows, &samples);
	if (tool->queue.sink.error == -EPIPE || (!rows && !error))
		return;
	if (error && !rows)
		message("cannot write to %s: %s", tool->app.out_name, strerror(-error));
	else if (error)
		message("cannot write to %s: %s; histograms not written: %llu (samples: %llu)", tool->app.out_name,
			strerror(-error), (unsigned long long)rows, (unsigned long long)samples);
	else
		message("the reader of the output stopped; histograms not written: %llu (samples: %llu)",
			(unsigned long long)rows, (unsigned long long)samples);
}

static int run(struct tool *tool)
{
	int error = app_begin(&tool->app, tool->options.interval_ns);
	struct loss_report losses;
	bool lost;

	app_report(&tool->app);
	write_opening(tool);
	tool->start_ns = tool->since_ns = clock_monotonic_ns();
	if (!error)
		error = trace(tool);
	app_detach(&tool->app);
	samples_add_pending(&tool->app.probe);
	tool->queue.ending = true;
	if (!error)
		error = print_interval(tool);
	row_queue_finish(&tool->queue);
	if (error)
		message("cannot go on measuring: %s; start tcprtt again", strerror(-error));
	else if (tool->queue.sink.error != -EPIPE)
		error = tool->queue.sink.error;
	report_unwritten(tool, tool->queue.sink.error);
	losses = count_losses(tool);
	app_end_output(&tool->app, &losses);
	lost = losses_report(&tool->options, &tool->app.probe, &losses, tool->queue.sink.error != -EPIPE);
	if (error)
		return EXIT_RUNTIME;
	return tool->options.app.strict && lost ? EXIT_LOST : EXIT_SUCCESS;
}

static struct probe_wants wants_of(const struct tcprtt_options *options)
{
	struct probe_wants wants = app_wants("tcprtt", &options->app);

	wants.emits = EMIT_SAMPLES;
	wants.samples = (struct sample_wants){.kind = options->sample,
					      .grouping = options->grouping,
					      .max_keys = options->max_keys,
					      .milliseconds = options->milliseconds,
					      .sums = tcprtt_has_sums(options)};
	wants.owners = tcprtt_uses_owner(options);
	return wants;
}

/* Opens the probe and the output. Reports failures. Returns 0 or a negative errno. */
static int prepare(struct tool *tool)
{
	struct probe_wants wants = wants_of(&tool->options);
	int error = app_open(&tool->options.app, &wants, &tool->queue.sink, &tool->app);

	if (error)
		return error;
	tool->map.color = terminal_has_color(tool->app.out_fd);
	tool->queue.loop = &tool->app.loop;
	tool->queue.file = command_output_file(&tool->options.app.command);
	error = measure_open(&tool->options, &tool->app.probe, &tool->measure);
	if (error)
		message("no memory for the histograms; lower --max-keys");
	return error;
}

int main(int argc, char **argv)
{
	static struct tool tool; /* static: the port sets and lists of the scope are too large for some stacks */
	struct strbuf by = strbuf_over(tool.by, sizeof(tool.by) - 1);
	int status = EXIT_RUNTIME;

	tcprtt_options_parse(argc, argv, &tool.options);
	grouping_format(&by, &tool.options.grouping);
	tool.app = APP_CLOSED;
	tool.map = (struct heatmap){
		.tick = tool.options.milliseconds ? TICK_MS1024 : TICK_US,
	};
	clock_refresh(&tool.base);
	if (!prepare(&tool))
		status = app_launch(&tool.app, true);
	if (!status)
		status = run(&tool);
	measure_close(&tool.measure);
	return app_close(&tool.app, status);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcpvitals-exporter: attaches the programs, walks through all sockets every --interval, and answers requests. */
#include "abi/tcp_state.h"
#include "app/app.h"
#include "os/clock.h"
#include "os/event_loop.h"
#include "os/message.h"
#include "output/exposition.h"
#include "tcpvitals-exporter/collect.h"
#include "tcpvitals-exporter/live.h"
#include "tcpvitals-exporter/options.h"
#include "tcpvitals-exporter/page.h"
#include "tcpvitals-exporter/serve.h"
#include "tcpvitals-exporter/text.h"
#include "tcpvitals-exporter/textfile.h"
#include "tcpvitals-exporter/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_RUNTIME 1

/* States in which a socket should not stay for long. */
#define STUCK_STATES                                                                                                   \
	(1 << STATE_SYN_SENT | 1 << STATE_FIN_WAIT1 | 1 << STATE_FIN_WAIT2 | 1 << STATE_CLOSE_WAIT |                   \
	 1 << STATE_LAST_ACK | 1 << STATE_CLOSING)

struct tool {
	struct exporter_options options;
	struct app app;
	struct collect collect;
	struct live live;
	struct serve serve;
	struct text body, event;
	int textfile_error; /* of the last write */
	int walk_error;     /* of the last walk */
	int publish_error;  /* of the last event */
};

/*
 * Formats the metrics into tool->body. Returns 0 or -ENOMEM. When there are too many series, one group less is shown
 * from now on, in all formats: if it came back when there is room, two groups would replace each other at each scrape.
 */
static int format_metrics(struct tool *tool, struct exposition *exposition)
{
	struct series_table *series = &tool->collect.groups.series;
	size_t most = tool->options.max_series                    ? tool->options.max_series
		      : exposition->format == EXPOSITION_PROTOBUF ? SERIES_NATIVE
								  : SERIES_TEXT;
	int error = 0;

	exposition->out = &tool->body.out;
	while (!error) {
		text_begin(&tool->body);
		exposition->series = 0;
		write_metrics(exposition, &tool->collect);
		if (!text_fits(&tool->body, &error))
			continue;
		if (exposition->series <= most || !series->shown)
			break;
		series_limit(series, series->shown - 1);
	}
	return error;
}

static struct reply answer_scrape(struct tool *tool, const char *accept)
{
	struct exposition exposition = {.format = exposition_choose(accept)};
	uint64_t start_ns = clock_monotonic_ns();
	int error = collect_read(&tool->collect);

	if (!error)
		error = format_metrics(tool, &exposition);
	if (error) {
		message("cannot read the metrics for a scrape: %s", strerror(-error));
		return text_reply(500, "the metrics cannot be read; the exporter's log has the reason\n");
	}
	tool->collect.scrape_ns = clock_monotonic_ns() - start_ns;
	return (struct reply){200, exposition_types[exposition.format], tool->body.data, tool->body.out.length, false};
}

/* Formats an event into tool->event. Returns 0 or -ENOMEM. */
static int format_event(struct tool *tool, bool with_history)
{
	int error;

	do {
		text_begin(&tool->event);
		if (with_history)
			live_write_history(&tool->live, &tool->event.out);
		else
			live_write_tick(&tool->live, &tool->event.out);
	} while (!text_fits(&tool->event, &error) && !error);
	return error;
}

static struct reply answer_page(struct tool *tool)
{
	if (format_event(tool, true))
		return text_reply(503, "no memory for the events; try again\n");
	return (struct reply){200, "text/event-stream", tool->event.data, tool->event.out.length, true};
}

static struct reply answer(void *context, const char *path, const char *accept)
{
	const struct page_file *file = page_find(path);

	if (file)
		return (struct reply){200, file->type, file->bytes, file->length, false};
	if (!strcmp(path, "/metrics"))
		return answer_scrape(context, accept);
	if (!strcmp(path, "/events"))
		return answer_page(context);
	if (!strcmp(path, "/-/healthy"))
		return text_reply(200, "healthy\n");
	return text_reply(404, "not found; try / or /metrics\n");
}

/* Returns 0 or a negative errno. */
static int publish(struct tool *tool)
{
	int error = live_read(&tool->live, true);

	if (!error)
		error = format_event(tool, false);
	if (!error)
		server_publish(&tool->serve.server, tool->event.data, tool->event.out.length);
	return error;
}

/* Writes the file of --textfile. A failure is reported once, until it works again. */
static int write_textfile(struct tool *tool)
{
	struct exposition exposition = {.format = EXPOSITION_TEXT};
	int error = collect_read(&tool->collect), failed;

	if (!error)
		error = format_metrics(tool, &exposition);
	if (error)
		return error;
	failed = textfile_write(tool->options.textfile, tool->body.data, tool->body.out.length);
	if (failed && failed != tool->textfile_error)
		message("cannot write %s: %s; trying again", tool->options.textfile, strerror(-failed));
	tool->textfile_error = failed;
	return 0;
}

static int walk(struct tool *tool)
{
	int error = collect_walk(&tool->collect);

	if (!error && !tool->serve.server.stream_count)
		error = live_read(&tool->live, false);
	return !error && tool->options.textfile ? write_textfile(tool) : error;
}

/* A walk that fails is reported once, until one works again. The results of the last one stay. */
static void try_walk(struct tool *tool)
{
	int error = walk(tool);

	if (error && error != tool->walk_error)
		message("cannot look at all sockets: %s; trying again", strerror(-error));
	tool->walk_error = error;
}

/* Sends an event to those who look at the page. A failure is reported once, until it works again. */
static void try_publish(struct tool *tool)
{
	int error = publish(tool);

	if (error && error != tool->publish_error)
		message("cannot update the page: %s; trying again", strerror(-error));
	tool->publish_error = error;
}

/* Once a second. Returns 0, or a negative errno if the server cannot go on. */
static int tick(struct tool *tool)
{
	app_tick(&tool->app);
	if (tool->serve.server.stream_count)
		try_publish(tool);
	return serve_tick(&tool->serve);
}

static int trace(struct tool *tool)
{
	for (;;) {
		int events = event_loop_wait(&tool->app.loop, server_timeout_ms(&tool->serve.server)), error = 0;

		if (events < 0)
			return events;
		if (events & (EVENT_STOP | EVENT_DEADLINE | EVENT_COMMAND))
			return 0;
		if (events & EVENT_INTERVAL)
			try_walk(tool);
		if (events & EVENT_TICK)
			error = tick(tool);
		if (error)
			return error;
		server_run(&tool->serve.server);
	}
}

static int run(struct tool *tool)
{
	int error = app_begin(&tool->app, tool->options.walk_ns);

	if (!error)
		error = walk(tool);
	app_report(&tool->app);
	if (!error)
		serve_report(&tool->serve);
	if (!error)
		error = trace(tool);
	app_detach(&tool->app);
	if (error)
		message("cannot go on: %s; start tcpvitals-exporter again", strerror(-error));
	return error ? EXIT_RUNTIME : EXIT_SUCCESS;
}

static struct probe_wants wants_of(const struct exporter_options *options)
{
	struct probe_wants wants = app_wants("tcpvitals-exporter", &options->app);

	wants.emits = EMIT_METRICS | EMIT_SAMPLES | EMIT_SNAPSHOTS;
	wants.samples = (struct sample_wants){
		.kind = options->sample,
		.grouping = options->labels.grouping,
		.max_keys = options->max_groups,
	};
	wants.owners = grouping_is_by_owner(&options->labels.grouping) || options->app.scope.settings.by_owner;
	wants.stuck.longer_ns = options->stuck_ns;
	wants.stuck.states = STUCK_STATES;
	return wants;
}

/* During a long walk. */
static void serve_meanwhile(void *context)
{
	struct tool *tool = context;

	server_run(&tool->serve.server);
}

/* Opens the probe, the collection and the server. Reports failures. Returns 0 or a negative errno. */
static int prepare(struct tool *tool)
{
	struct probe_wants wants = wants_of(&tool->options);
	int error;

	if (tool->options.textfile && !textfile_is_possible(tool->options.textfile)) {
		message("cannot write %s: not a regular file; give another --textfile", tool->options.textfile);
		return -EEXIST;
	}
	error = app_open(&tool->options.app, &wants, NULL, &tool->app);
	if (error)
		return error;
	tool->app.probe.pause = serve_meanwhile;
	tool->app.probe.pause_context = tool;
	error = collect_open(&tool->options.labels, &tool->app.probe, &tool->app.resolver,
			     exporter_places(&tool->options), &tool->collect);
	if (!error)
		error = live_open(&tool->collect, &tool->app.resolver, &tool->live);
	if (error) {
		message("no memory for the groups; lower --max-groups");
		return error;
	}
	return serve_open(&tool->options, &tool->app.loop, answer, tool, &tool->serve);
}

int main(int argc, char **argv)
{
	static struct tool tool; /* static: the port sets and lists of the scope are too large for some stacks */
	int status = EXIT_RUNTIME;

	exporter_options_parse(argc, argv, &tool.options);
	tool.app = APP_CLOSED;
	if (!prepare(&tool))
		status = app_launch(&tool.app, false);
	if (!status)
		status = run(&tool);
	serve_close(&tool.serve);
	live_close(&tool.live);
	collect_close(&tool.collect);
	free(tool.body.data);
	free(tool.event.data);
	return app_close(&tool.app, status);
}

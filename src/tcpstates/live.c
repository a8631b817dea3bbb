/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/live.h"

#include "abi/emit.h"
#include "os/clock.h"
#include "os/message.h"
#include "os/netns.h"
#include "os/screen.h"
#include "probe/losses.h"
#include "probe/probe.h"
#include "probe/snapshot.h"
#include "tcpstates/listeners.h"
#include "tcpstates/live_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXIT_RUNTIME 1
#define EXIT_LOST    3

/* ---- a look ------------------------------------------------------------------------------------------------------ */

static int take_end(void *context, const void *record, size_t size)
{
	struct live_tool *tool = context;
	const struct connection *connection = record;

	if (size != sizeof(*connection) || (connection->end.ip_version != 4 && connection->end.ip_version != 6))
		tool->undecoded++;
	else
		live_take_end(&tool->live, connection, clock_monotonic_ns());
	return 0;
}

int64_t live_drain(struct live_tool *tool)
{
	return rings_drain(&tool->app.probe.rings, take_end, tool);
}

int live_wait(struct live_tool *tool, int timeout_ms, bool naps)
{
	uint64_t now_ns = clock_monotonic_ns(), end_ns = now_ns + (uint64_t)timeout_ms * 1000000;
	int events;

	do {
		events = event_loop_wait(&tool->app.loop,
					 timeout_ms < 0 ? -1 : (int)((end_ns - now_ns + 999999) / 1000000));
		if (events != EVENT_INPUT || !naps || rings_quarter_full(&tool->app.probe.rings))
			return events;
		now_ns = clock_monotonic_ns();
	} while (timeout_ms < 0 || now_ns < end_ns);
	return 0;
}

static void take_open(void *context, const struct connection *record)
{
	struct live_tool *tool = context;

	live_take(&tool->live, record);
}

/* Returns 0 or a negative errno. */
static int look_at_listeners(struct live_tool *tool)
{
	struct netns_omissions omissions; /* those of the connections' walk, which are reported */
	uint32_t before = tool->unjudged;
	int error = listeners_take(&tool->app.probe, tool->look_ns, &tool->live.listeners, &tool->unjudged, &omissions);

	if (!before)
		listing_report_unjudged(tool->unjudged);
	return error;
}

void live_relieve(struct live_tool *tool)
{
	if (rings_quarter_full(&tool->app.probe.rings))
		live_drain(tool);
}

/*
 * Called in the middle of a walk. A connection that has ended is not found any more, so nothing of it follows its end.
 */
static void relieve_rings(void *context)
{
	live_relieve(context);
	live_print_ends(context);
}

/* Reads all connections and listeners, and drains the ring buffers meanwhile. Returns 0 or a negative errno. */
static int walk(struct live_tool *tool, struct netns_omissions *omissions)
{
	int error;

	tool->app.probe.pause = relieve_rings;
	tool->app.probe.pause_context = tool;
	error = snapshot_take(&tool->app.probe, take_open, tool, omissions);
	if (!error)
		error = look_at_listeners(tool);
	tool->app.probe.pause = NULL;
	return error;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int live_look(struct live_tool *tool)
{
	struct netns_omissions omissions = {0};
	uint64_t begin_ns = cpu_ns();
	int error;

	tool->look_ns = clock_monotonic_ns();
	clock_refresh(&tool->base);
	live_drain(tool);
	live_pass_begin(&tool->live, tool->look_ns);
	error = walk(tool, &omissions);
	if (error)
		return error;
	live_drain(tool);
	live_pass_end(&tool->live);
	if (netns_is_partial(&omissions) && !tool->was_partial) {
		tool->was_partial = true;
		netns_report(&omissions, "connections there are not shown");
	}
	error = live_view_arrange(&tool->view, &tool->live, tool->look_ns);
	live_pace_note(&tool->pace, cpu_ns() - begin_ns);
	return error;
}

uint64_t live_count_losses(struct live_tool *tool)
{
	probe_losses(&tool->app.probe, true, &tool->losses);
	tool->losses.delivered = tool->live.end_count;
	tool->losses.undecoded = tool->undecoded;
	return loss_total(&tool->losses);
}

struct live_frame live_frame_of(const struct live_tool *tool)
{
	return (struct live_frame){
		.live = &tool->live,
		.view = &tool->view,
		.base = &tool->base,
		.pace = &tool->pace,
		.now_ns = tool->look_ns,
		.lost = loss_total(&tool->losses),
		.filter = "",
		.typed = "",
	};
}

/* ---- begin and end ----------------------------------------------------------------------------------------------- */

static struct probe_wants wants_of(const struct tcpstates_options *options)
{
	struct probe_wants wants = app_wants("tcpstates", &options->app);

	wants.emits = EMIT_CONNECTIONS | EMIT_SNAPSHOTS | EMIT_LISTENERS;
	wants.owners = true;
	wants.uses_older_sockets = true;
	wants.needs_btf = "--live";
	wants.buffer_size = options->buffer_size;
	wants.rings = options->rings;
	return wants;
}

static int report(struct live_tool *tool, int error)
{
	const struct tcpstates_options *options = tool->options;
	char text[LOSS_TEXT_MAX];
	struct strbuf out = strbuf_over(text, sizeof(text));
	bool missed;

	live_count_losses(tool);
	if (error)
		message("cannot go on: %s; start tcpstates --live again", strerror(-error));
	else if (tool->sink.error && tool->sink.error != -EPIPE)
		message("cannot write to %s: %s", tool->app.out_name, strerror(-tool->sink.error));
	if (options->app.verbose || loss_total(&tool->losses) || loss_impaired(&tool->losses)) {
		tool->losses.unit = "ended connection";
		loss_format(&out, &tool->losses);
		message("%.*s", (int)out.length, text);
	}
	if (tool->unprinted && tool->sink.error != -EPIPE)
		message(tool->unprinted == 1 ? "%llu row was not written, because the reader was behind"
					     : "%llu rows were not written, because the reader was behind",
			(unsigned long long)tool->unprinted);
	if (tool->live.omitted)
		message("connections are missing: not enough memory");
	if (error || (tool->sink.error && tool->sink.error != -EPIPE))
		return EXIT_RUNTIME;
	missed = loss_missed(&tool->losses) || tool->unprinted || tool->live.omitted;
	return options->app.strict && missed && tool->sink.error != -EPIPE ? EXIT_LOST : EXIT_SUCCESS;
}

static int run(struct live_tool *tool)
{
	bool on_screen = live_options_wants_screen(tool->options);
	int error = app_begin(&tool->app, 0);

	if (!error) {
		app_report(&tool->app);
		tool->begin_ns = clock_monotonic_ns();
		live_surroundings_begin(&tool->surroundings, &tool->app.resolver);
		tool->view.world = &tool->surroundings.world;
		tool->view.sort = LIVE_COLUMN_IN;
		live_views_begin(&tool->views, &tool->options->sum.groups, &tool->view);
		error = on_screen ? live_show(tool) : live_print(tool);
	}
	app_detach(&tool->app);
	return error == -ENOTTY || error == -EOPNOTSUPP ? EXIT_RUNTIME : report(tool, error);
}

int live_run(struct tcpstates_options *options)
{
	static struct live_tool tool; /* static: the view is too large for some stacks */
	struct probe_wants wants = wants_of(options);
	bool on_screen = live_options_wants_screen(options);
	uint64_t interval_ns = options->live.interval_ns;
	int status = EXIT_RUNTIME;

	tool.options = options;
	tool.app = APP_CLOSED;
	tool.pace = (struct live_pace){.wanted_ns = interval_ns, .interval_ns = interval_ns};
	clock_refresh(&tool.base);
	if (live_open(&tool.live))
		message("not enough memory");
	else if (!app_open(&options->app, &wants, on_screen ? NULL : &tool.sink, &tool.app))
		status = app_launch(&tool.app, true);
	if (!status)
		status = run(&tool);
	live_view_close(&tool.view);
	live_close(&tool.live);
	return app_close(&tool.app, status);
}

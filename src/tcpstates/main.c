/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcpstates: attaches the programs, prints rows until the end is asked for, detaches, prints the rest, and reports
 * losses.
 */
#include "abi/loss.h"
#include "app/app.h"
#include "app/hangup.h"
#include "core/loss.h"
#include "os/clock.h"
#include "os/event_loop.h"
#include "os/message.h"
#include "output/sink.h"
#include "probe/probe.h"
#include "tcpstates/hint.h"
#include "tcpstates/listeners.h"
#include "tcpstates/live.h"
#include "tcpstates/losses.h"
#include "tcpstates/options.h"
#include "tcpstates/parts.h"
#include "tcpstates/print.h"
#include "tcpstates/replay.h"
#include "tcpstates/stuck.h"
#include "tcpstates/summary.h"
#include "tcpstates/sums.h"
#include "tcpstates/wants.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_RUNTIME 1
#define EXIT_TROUBLE 2 /* an error with --once, where status 1 means "stuck" */
#define EXIT_LOST    3

/* The pause between two drains. A row is late by this time at most. */
#define NAP_MS 10

/* At the end, a reader that takes nothing for GRACE_IDLE_NS is given up, and any reader after GRACE_MAX_NS. */
#define GRACE_IDLE_NS 1000000000ULL
#define GRACE_MAX_NS  5000000000ULL

struct tool {
	struct tcpstates_options options;
	struct app app;
	struct sink sink;
	struct printer printer;
	struct summarizer summarizer; /* with --summary, without --by */
	struct sums sums;             /* with --by or --sum */
	struct stuck_watch watch;     /* with --stuck */
	struct listing listing;       /* with --listeners */
	struct parts parts;           /* with --every */
	struct losses losses;
	struct hint hint;
};

static int failure_status(const struct tool *tool)
{
	return tool->options.stuck.once || tool->options.listeners.once ? EXIT_TROUBLE : EXIT_RUNTIME;
}

static uint64_t held_rows(const struct tool *tool)
{
	return __atomic_load_n(&tool->app.probe.losses->held, __ATOMIC_RELAXED);
}

static void tick(struct tool *tool)
{
	app_tick(&tool->app);
	sink_sync(&tool->sink);
	losses_report_new(&tool->losses, true);
	if (tool->options.stuck.states)
		stuck_tick(&tool->watch, clock_monotonic_ns());
	if (!tool->sink.rows && !tool->printer.cover && !tool->options.stuck.states && !tool->options.retransmits &&
	    !tool->options.listeners.wanted)
		hint_tick(&tool->hint, &tool->app, held_rows(tool));
}

/*
 * Prints a summary, unless the reader is behind: then the next interval is longer, because the counters stay. Returns 0
 * or a negative errno.
 */
static int summarize(struct tool *tool)
{
	if (sink_flush(&tool->sink) || tool->sums.is_due)
		return 0;
	clock_refresh(&tool->printer.base);
	if (tool->printer.sums)
		return sums_end_interval(&tool->sums, clock_monotonic_ns());
	return summary_print(&tool->summarizer, &tool->printer, clock_monotonic_ns());
}

/* Runs a scan, unless rows of the last one are still in the ring buffers. Returns 0 or a negative errno. */
static int scan(struct tool *tool)
{
	print_drain(&tool->printer, &tool->app.probe.rings);
	if (sink_flush(&tool->sink) || rings_pending(&tool->app.probe.rings))
		return 0;
	return stuck_scan(&tool->watch, &tool->app.probe, clock_monotonic_ns(), false);
}

/* Reads all open connections, unless rows still wait for the reader: then the next parts are longer. */
static int take_parts(struct tool *tool, bool is_last)
{
	print_drain(&tool->printer, &tool->app.probe.rings);
	if (!is_last && connection_queue_first(&tool->parts.waiting))
		return 0;
	return parts_walk(&tool->parts, &tool->app.probe, tool->options.app.verbose);
}

/* Returns 0 or a negative errno. */
static int end_interval(struct tool *tool)
{
	int error;

	if (tool->printer.sums && sums_are_almost_over(&tool->sums, clock_monotonic_ns()))
		return 0;
	error = sums_walk(&tool->sums);
	return error ? error : summarize(tool);
}

/* Sleeps until there is work, for at most `nap_ms` (negative: no limit). Returns events or a negative errno. */
static int wait_for_work(struct tool *tool, int nap_ms)
{
	bool blocked = !sink_is_empty(&tool->sink), napping = nap_ms >= 0;
	uint64_t now_ns = clock_monotonic_ns(), end_ns = now_ns + (uint64_t)nap_ms * 1000000;
	int error = event_loop_want_output(&tool->app.loop, blocked);
	int events = 0;

	while (error == 0 && !events) {
		events = event_loop_wait(&tool->app.loop, napping ? (int)((end_ns - now_ns + 999999) / 1000000) : -1);
		/*
		 * The first event after a drain wakes the loop. Its records can wait, unless a ring buffer is getting
		 * full.
		 */
		if (events == EVENT_INPUT && napping && !rings_quarter_full(&tool->app.probe.rings))
			events = 0;
		/* While the reader is behind, new events stay in the ring buffers. */
		if (events == EVENT_INPUT && blocked)
			events = 0;
		now_ns = clock_monotonic_ns();
		if (napping && now_ns >= end_ns)
			break;
	}
	return error ? error : events;
}

/* Returns the nap for wait_for_work() after a drain of `taken` records. */
static int nap_after(const struct tool *tool, int64_t taken)
{
	if (!taken || !sink_is_empty(&tool->sink))
		return -1;
	/* Many records have arrived since that drain began: only check for other events. */
	if (taken > 0 && rings_quarter_full(&tool->app.probe.rings))
		return 0;
	/* Also for a negative count: the journal is behind, and no descriptor reports when it is ready. */
	return NAP_MS;
}

/*
 * Runs until a signal, the end of -d, the end of the command, or the end of the output. Returns 0 or a negative errno.
 */
static int trace(struct tool *tool)
{
	int nap_ms = tool->printer.parts ? 0 : -1; /* the first parts wait */

	for (;;) {
		int events = wait_for_work(tool, nap_ms);
		int64_t taken;

		if (events < 0)
			return events;
		if (events & (EVENT_STOP | EVENT_DEADLINE | EVENT_HANGUP | EVENT_COMMAND))
			return 0;
		if (events & EVENT_TICK)
			tick(tool);
		if (events & EVENT_INTERVAL) {
			int error = tool->options.stuck.states ? scan(tool)
				    : tool->options.listeners.wanted
					    ? listing_take(&tool->listing, &tool->app.probe, &tool->printer, false)
				    : tool->printer.parts ? take_parts(tool, false)
							  : end_interval(tool);

			if (error || stuck_is_decided(&tool->watch) || listing_is_decided(&tool->listing))
				return error;
		}
		taken = print_drain(&tool->printer, &tool->app.probe.rings);
		listing_print(&tool->listing, &tool->printer);
		if (sink_flush(&tool->sink) != 0 && tool->sink.error)
			return 0;
		if (events & EVENT_REOPEN)
			hangup_reopen(&tool->app.loop, &tool->sink, command_output_file(&tool->options.app.command));
		losses_report_new(&tool->losses, false);
		nap_ms = nap_after(tool, taken);
	}
}

/* Returns a value that grows whenever the reader takes something. */
static uint64_t progress(const struct tool *tool)
{
	return rings_position(&tool->app.probe.rings) + tool->sink.rows - sink_unwritten(&tool->sink);
}

/*
 * Writes the rest of the ring buffers and the sink, and the last summary, while the reader takes it. Returns 0 or a
 * negative errno.
 */
static int finish(struct tool *tool, bool summary_due)
{
	uint64_t start_ns = clock_monotonic_ns(), moved_ns = start_ns, seen = 0;
	int events = 0, error = 0;

	while (events >= 0 && !(events & (EVENT_STOP | EVENT_HANGUP))) {
		uint64_t now_ns = clock_monotonic_ns();

		print_drain(&tool->printer, &tool->app.probe.rings);
		listing_print(&tool->listing, &tool->printer);
		if (!sink_flush(&tool->sink) && summary_due && !tool->sums.is_due) {
			error = summarize(tool);
			summary_due = false;
			sink_flush(&tool->sink);
		}
		if (tool->sink.error ||
		    (sink_is_empty(&tool->sink) && print_has_all(&tool->printer, &tool->app.probe.rings) &&
		     !listing_waits(&tool->listing)))
			break;
		if (progress(tool) != seen)
			moved_ns = now_ns;
		seen = progress(tool);
		if (now_ns - moved_ns > GRACE_IDLE_NS || now_ns - start_ns > GRACE_MAX_NS)
			break;
		event_loop_want_output(&tool->app.loop, !sink_is_empty(&tool->sink));
		events = event_loop_wait(&tool->app.loop, NAP_MS);
	}
	/* A reader that has closed its end (EPIPE) has all it wanted: that is no loss. */
	tool->printer.discarding = tool->sink.error != -EPIPE;
	print_drain(&tool->printer, &tool->app.probe.rings);
	listing_print(&tool->listing, &tool->printer);
	if (tool->printer.sums) {
		sums_drop(&tool->sums);
		return error;
	}
	return summary_due ? summary_drop(&tool->summarizer) : error;
}

/* Writes the last diagnostics. Returns the exit status. */
static int report(struct tool *tool, int error)
{
	struct loss_report losses;
	bool missed;

	sink_sync(&tool->sink);
	losses = losses_count(&tool->losses, true);
	losses.held = held_rows(tool);
	app_end_output(&tool->app, &losses);
	missed = losses.storage_full || losses.unjudged || (tool->options.app.strict && loss_missed(&losses));

	if (error) {
		message("cannot go on tracing: %s; start tcpstates again", strerror(-error));
	} else if (tool->sink.error && tool->sink.error != -EPIPE) {
		error = tool->sink.error;
		message("cannot write to %s: %s", tool->app.out_name, strerror(-error));
	}
	if (tool->options.app.verbose || loss_total(&losses) || loss_impaired(&losses))
		losses_report(&tool->losses, &losses);
	if (error)
		return failure_status(tool);
	if (tool->options.stuck.once)
		return stuck_answer(&tool->watch, missed);
	if (tool->options.listeners.once)
		return listing_answer(&tool->listing, missed);
	return tool->options.app.strict && loss_missed(&losses) ? EXIT_LOST : EXIT_SUCCESS;
}

/* Scans at once, then at intervals. Returns 0 or a negative errno. */
static int trace_stuck(struct tool *tool)
{
	int error = scan(tool);

	if (!error && !stuck_is_decided(&tool->watch))
		error = trace(tool);
	if (!error && tool->options.stuck.once && !stuck_is_decided(&tool->watch))
		error = stuck_scan(&tool->watch, &tool->app.probe, clock_monotonic_ns(), true);
	return error;
}

/* Lists at once, then at intervals. Returns 0 or a negative errno. */
static int trace_listeners(struct tool *tool)
{
	int error = listing_take(&tool->listing, &tool->app.probe, &tool->printer, false);

	if (!error && !listing_is_decided(&tool->listing))
		error = trace(tool);
	if (!error && tool->options.listeners.once && !listing_is_decided(&tool->listing))
		error = listing_take(&tool->listing, &tool->app.probe, &tool->printer, true);
	return error;
}

/* Takes parts at the end, too: then they add up to all that was seen. Returns 0 or a negative errno. */
static int trace_parts(struct tool *tool)
{
	int error = trace(tool);

	return error || tool->sink.error ? error : take_parts(tool, true);
}

static uint64_t interval_of(const struct tcpstates_options *options)
{
	if (options->listeners.wanted)
		return options->listeners.interval_ns;
	if (options->every_ns)
		return options->every_ns;
	return options->stuck.states ? options->stuck.interval_ns : options->interval_ns;
}

/* Begins a summary or sums. Returns 0 or a negative errno. */
static int begin(struct tool *tool)
{
	int error;

	if (!sums_are_wanted(&tool->options))
		return tool->options.summary
			       ? summary_open(tool->app.probe.summary_fd, clock_monotonic_ns(), &tool->summarizer)
			       : 0;
	error = sums_open(&tool->printer, &tool->app.probe, clock_monotonic_ns(), &tool->sums);
	return error ? error : sums_walk(&tool->sums);
}

static int run(struct tool *tool)
{
	int error = app_begin(&tool->app, interval_of(&tool->options)), finish_error;

	if (!error)
		error = begin(tool);
	if (!error && tool->printer.parts)
		error = parts_walk(&tool->parts, &tool->app.probe, tool->options.app.verbose);
	if (!error) {
		app_report(&tool->app);
		app_begin_output(&tool->app);
		print_header(&tool->printer);
		sink_flush(&tool->sink);
		if (!tool->sink.error)
			error = tool->options.stuck.states       ? trace_stuck(tool)
				: tool->options.listeners.wanted ? trace_listeners(tool)
				: tool->printer.parts            ? trace_parts(tool)
								 : trace(tool);
	}
	if (!error)
		error = sums_walk(&tool->sums);
	app_detach(&tool->app);
	finish_error = finish(tool, tool->printer.cover && !error);
	return report(tool, error ? error : finish_error);
}

int main(int argc, char **argv)
{
	static struct tool tool; /* static: the port sets and lists of the scope are too large for some stacks */
	struct probe_wants wants;
	int status;

	tcpstates_options_parse(argc, argv, &tool.options);
	if (tool.options.live.wanted)
		return live_run(&tool.options);
	if (tool.options.replay)
		return replay_run(&tool.options);
	status = failure_status(&tool);
	tool.watch.options = &tool.options.stuck;
	tool.watch.verbose = tool.options.app.verbose;
	tool.listing.options = &tool.options.listeners;
	tool.listing.verbose = tool.options.app.verbose;
	tool.app = APP_CLOSED;
	tool.printer = (struct printer){&tool.options,
					&tool.sink,
					.resolver = &tool.app.resolver,
					.journal_fd = -1,
					.host = tool.options.app.fleet ? &tool.app.host : NULL,
					.parts = tool.options.every_ns ? &tool.parts : NULL,
					.cover = sums_are_wanted(&tool.options) ? &tool.sums.cover
						 : tool.options.summary         ? &tool.summarizer.cover
										: NULL};
	tool.losses = (struct losses){.printer = &tool.printer, .probe = &tool.app.probe, .listing = &tool.listing};
	clock_refresh(&tool.printer.base);
	wants = tcpstates_wants(&tool.options);
	if ((!tool.options.journal || !print_open_journal(&tool.printer)) &&
	    !app_open(&tool.options.app, &wants, &tool.sink, &tool.app))
		/* A scan of --stuck and --listeners may be long, and nothing is lost meanwhile: no priority. */
		status = app_launch(&tool.app, !tool.options.stuck.states && !tool.options.listeners.wanted);
	if (!status)
		status = run(&tool);
	summary_close(&tool.summarizer);
	sums_close(&tool.sums);
	listing_close(&tool.listing);
	parts_close(&tool.parts);
	status = app_close(&tool.app, status);
	if (tool.printer.journal_fd >= 0)
		close(tool.printer.journal_fd);
	return status;
}

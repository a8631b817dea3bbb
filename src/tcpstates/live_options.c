/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/live_options.h"

#include "core/parse.h"
#include "os/screen.h"

#include <unistd.h>

#define NS_PER_S 1000000000ULL

#define INTERVAL_MIN_NS (100 * PARSE_TIME_MS)

bool live_options_wants_screen(const struct tcpstates_options *options)
{
	return options->live.wanted && !options->live.once && options->format == OUTPUT_TEXT;
}

static void check_scope(const struct argp_state *state, const struct scope *scope)
{
	if (scope->settings.states_wanted || scope->settings.states_unwanted || scope->settings.min_duration_ns)
		argp_error(state, "--state and --min-duration select transitions; with --live, press / and type: "
				  "state CLOSE_WAIT min-duration 10s");
	if (scope->causes[0] || scope->causes[1])
		argp_error(state, "--cause is known only when a connection ends; use -c instead of --live, "
				  "or press / and type: cause reset-sent");
}

void live_options_end(const struct argp_state *state, bool has_layout, bool has_names,
		      struct tcpstates_options *options)
{
	const struct command_options *command = &options->app.command;
	struct live_options *live = &options->live;

	/* As top(1): without sums, --top has no number. */
	live->wanted |= options->sum.top_next && !options->summary && !options->sum.has_sum;
	if (!live->wanted)
		return;
	if (options->connections || options->every_ns || options->summary || options->sum.has_sum ||
	    options->stuck.states || options->retransmits || options->listeners.wanted || options->journal)
		argp_error(state, "--live shows connections now; it excludes -c, --every, --summary, --sum, "
				  "--stuck, --retransmits, --listeners and -Y");
	if (options->sum.order.top || options->sum.has_sort)
		argp_error(state, "--sort and --top=N are for sums; with --live, press < or > to choose the column");
	if (has_layout || options->format == OUTPUT_CSV)
		argp_error(state, "--live has columns of its own; it excludes -O, -T, -t, -w and -o csv");
	if (has_names && options->format == OUTPUT_TEXT)
		argp_error(state, "--live has no columns for --names and --services; add -o json");
	check_scope(state, &options->app.scope);
	if (command->command.argv)
		argp_error(state, "--live needs the terminal, and a command needs it, too; start the command in "
				  "another terminal");
	if (options->app.hook == HOOK_TRACEPOINT || options->app.storage == STORAGE_HASH)
		argp_error(state, "--live needs socket storage; leave --hook and --storage out");
	if (options->stuck.longer_ns)
		argp_error(state, "--longer is for --stuck STATES; with --live, press / and type: min-duration 10s");
	live->once = options->stuck.once;
	live->interval_ns = options->stuck.interval_ns ? options->stuck.interval_ns : NS_PER_S;
	options->stuck.once = false;
	options->stuck.interval_ns = 0;
	if (live->interval_ns < INTERVAL_MIN_NS)
		argp_error(state, "--interval of --live is at least 100ms");
	if (!live_options_wants_screen(options))
		return;
	if (!screen_is_built())
		argp_error(state, "this build has no ncurses; build with libncurses-dev installed, or add --once or "
				  "-o json");
	if (command_output_file(command))
		argp_error(state, "--out is for rows; add --once or -o json to --live, or leave --out out");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		argp_error(state, "--live needs a terminal on standard input and output; in a script, add --once or "
				  "-o json");
}

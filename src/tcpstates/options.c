/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/options.h"

#include "core/parse.h"
#include "os/command_line.h"
#include "os/terminal.h"
#include "probe/rings.h"
#include "tcpstates/help.h"
#include "tcpstates/listeners_options.h"
#include "tcpstates/live_options.h"
#include "tcpstates/replay_options.h"
#include "tcpstates/retransmission_options.h"
#include "tcpstates/stuck_options.h"
#include "tcpstates/sum_options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE_MIN (64ULL << 10)
#define BUFFER_SIZE_MAX (1ULL << 30)

/* Limits without --buffer-size: one ring buffer of RINGS_SIZE_MIN for each CPU, within these. */
#define BUFFER_SIZE_FEW_CPUS  (4ULL << 20)
#define BUFFER_SIZE_MANY_CPUS (64ULL << 20)

enum {
	KEY_BUFFER_SIZE = 0x100,
	KEY_SUMMARY,
	KEY_RETRANSMITS,
	KEY_EVERY,
	KEY_NAMES,
	KEY_SERVICES
};

/* Options that depend on each other, before finish_options() combines them. */
struct command_line {
	struct tcpstates_options *options;
	const char *columns;
	const char *output;
	int summary_next; /* index of the word behind "--summary", or 0 */
	bool time, elapsed, wide, csv, names, services;
};

static const struct argp_option option_table[] = {
	SCOPE_OPTIONS(1, 0, 0),
	{0, 0, 0, 0, "What to see of them:", 2},
	SCOPE_TRANSITION_OPTIONS(2, 0),
	APP_END_OPTIONS(2),
	{"connections", 'c', 0, 0, "one row for each connection, at its end", 2},
	{"every", KEY_EVERY, "TIME", 0, "with -c: also what open ones did, every TIME", 2},
	{"summary", KEY_SUMMARY, "TIME", OPTION_ARG_OPTIONAL, "times in each state, at the end or every TIME", 2},
	SUM_OPTIONS(2),
	STUCK_OPTIONS(2),
	{"retransmits", KEY_RETRANSMITS, 0, 0, "one row for each segment that is sent again", 2},
	LISTENERS_OPTIONS(2),
	LIVE_OPTIONS(2),
	REPLAY_OPTIONS(2),
	{0, 0, 0, 0, "How to show it:", 3},
	{"timestamp", 'T', 0, 0, "wall time (HH:MM:SS) first", 3},
	{"time", 0, 0, OPTION_ALIAS, 0, 3},
	{"elapsed", 't', 0, 0, "seconds since the first event first", 3},
	{"wide", 'w', 0, 0, "columns with room for IPv6 addresses", 3},
	APP_FORMAT_OPTIONS(3),
	{"columns", 'O', "LIST", 0, "columns of text or csv, see below", 3},
	{"services", KEY_SERVICES, 0, 0, "names from /etc/services for ports", 3},
	{"names", KEY_NAMES, 0, 0, "json, csv of -c: unit, container, pod, netns", 3},
	{"journal", 'Y', 0, 0, "write to the systemd journal, too", 3},
	{0, 0, 0, 0, "What to rely on:", 4},
	{"buffer-size", KEY_BUFFER_SIZE, "SIZE", 0, "ring buffers, 64K to 1G (default 1M a CPU)", 4},
	APP_KERNEL_OPTIONS(4, "auto, tp_btf or tracepoint"),
	APP_HELP_OPTIONS,
	APP_FOREIGN_OPTION('p'),
	APP_FOREIGN_OPTION('P'),
	APP_FOREIGN_OPTION('b'),
	APP_FOREIGN_OPTION('B'),
	APP_FOREIGN_OPTION('e'),
	APP_FOREIGN_OPTION('m'),
	{0},
};

static const struct app_foreign_option foreign_options[] = {
	{'p', "in tcprtt it is the local port, use -L PORTS; for a process use --pid PIDS"},
	{'P', "in tcprtt it is the remote port, use -D PORTS; for a process use --pid PIDS"},
	{'b', "only tcprtt has this option"},
	{'B', "only tcprtt has this option"},
	{'e', "only tcprtt has this option"},
	{'m', "only tcprtt has this option"},
	{0},
};

static const char documentation[] =
	"Print TCP state changes: which connection, which process, how long in each state.\v"
	"Examples:\n"
	"  tcpstates                  # every transition on this machine\n"
	"  tcpstates --cgroup nginx.service --cause 'timeout*,reset-*'\n"
	"  tcpstates -c               # each connection at its end, and what limited it\n"
	"  tcpstates --summary 5 --by comm,port   # traffic of each process and service\n"
	"  tcpstates --stuck CLOSE_WAIT,FIN_WAIT1 --longer 5m   # who forgot to close\n"
	"  tcpstates -- curl -s https://example.com/ -o page.html\n"
	"\n"
	"TIME is in seconds, or has a unit: us, ms, s, m, h, d. An unknown value is printed as \"-\". "
	"Needs root or CAP_BPF+CAP_PERFMON. Manual: tcpstates(8).\n"
	"Exit status: 0; 1 error; 2 wrong command line; 3 with --strict: rows were lost. With COMMAND: its own, unless "
	"0. With --stuck or --listeners --once: 0 no, 1 yes, 2 error, 3 unknown.";

static uint64_t parse_buffer_size(const struct argp_state *state, const char *text)
{
	struct parse_error error;
	uint64_t size, power = BUFFER_SIZE_MIN;

	if (parse_size("buffer size", text, BUFFER_SIZE_MIN, BUFFER_SIZE_MAX, &size, &error))
		command_line_fail(state, &error);
	while (power < size)
		power *= 2;
	return power;
}

static void settle_buffer(struct tcpstates_options *options)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	size_t cpus = online > 0 ? (size_t)online : 1;

	if (!options->buffer_size) {
		options->buffer_size = BUFFER_SIZE_FEW_CPUS;
		while (options->buffer_size < BUFFER_SIZE_MANY_CPUS && options->buffer_size < cpus * RINGS_SIZE_MIN)
			options->buffer_size *= 2;
	}
	options->rings = rings_count(options->buffer_size, cpus);
}

static uint64_t summary_interval(const struct argp_state *state, const char *text)
{
	return command_line_time(state, "summary interval", text, PARSE_TIME_MS);
}

static error_t parse_selection(int key, const char *argument, const struct argp_state *state)
{
	struct command_line *line = state->input;
	struct tcpstates_options *options = line->options;

	switch (key) {
	case 'c':
		options->connections = true;
		return 0;
	case KEY_EVERY:
		options->every_ns = command_line_time(state, "time between two records", argument, PARSE_TIME_MS);
		return 0;
	case KEY_SUMMARY:
		options->summary = true;
		line->summary_next = argument ? 0 : state->next;
		options->interval_ns = argument ? summary_interval(state, argument) : 0;
		return 0;
	case ARGP_KEY_ARG:
		/* "--summary 5": getopt takes an optional argument only behind "=" */
		if (line->summary_next != state->next - 1)
			break;
		options->interval_ns = summary_interval(state, argument);
		return 0;
	case KEY_RETRANSMITS:
		options->retransmits = true;
		return 0;
	case LISTENERS_KEY:
		options->listeners.wanted = true;
		return 0;
	case LIVE_KEY:
		options->live.wanted = true;
		return 0;
	case REPLAY_KEY:
		options->replay = argument;
		return 0;
	case KEY_BUFFER_SIZE:
		options->buffer_size = parse_buffer_size(state, argument);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void check_scope(const struct tcpstates_options *options, const struct argp_state *state)
{
	const char *unknown = tcpstates_unknown_to_tracepoint(options);

	if (options->app.hook == HOOK_TRACEPOINT && unknown)
		argp_error(state, "--hook tracepoint does not support %s; leave --hook out", unknown);
}

static void check_combinations(const struct command_line *line, const struct argp_state *state)
{
	const struct tcpstates_options *options = line->options;
	/* The columns are not those of transitions. */
	bool fixed = options->connections || options->retransmits || options->listeners.wanted;

	sum_options_check(options, line->names || line->services, line->columns || line->elapsed || line->wide, state);
	if (line->csv && line->output && options->format != OUTPUT_CSV)
		argp_error(state, "-s means -o csv; it excludes -o %s", line->output);
	if (line->columns && options->format == OUTPUT_JSON)
		argp_error(state,
			   "-O chooses columns of text and csv; JSON always has every field (try: | jq '{pid,comm}')");
	if (options->format == OUTPUT_JSON && (line->time || line->elapsed || line->wide))
		argp_error(state, "-T, -t and -w are for columns of text; JSON always has every field; leave them out");
	retransmission_options_check(options, state);
	if (options->summary &&
	    (options->connections || options->journal || line->columns || line->elapsed || line->wide))
		argp_error(state, "--summary prints no transitions: it excludes -c, -Y, -O, -t and -w");
	if (line->names && fixed && options->format == OUTPUT_TEXT)
		argp_error(state, "--names adds no columns to text; use -O CGPATH,UNIT,CONTAINER,... or -o json");
	if (line->names && !fixed && options->format != OUTPUT_JSON)
		argp_error(state, "--names is for JSON; in text and csv use columns: -O CGPATH,UNIT,CONTAINER,...");
	if (options->summary && (line->names || line->services))
		argp_error(state, "--summary counts by states; it excludes --names and --services");
	if (options->connections && options->journal)
		argp_error(state, "-Y writes transitions; it excludes -c");
	if (options->connections && (options->app.hook == HOOK_TRACEPOINT || options->app.storage == STORAGE_HASH))
		argp_error(state, "-c needs socket storage; leave --hook and --storage out");
	if (options->every_ns && !options->connections)
		argp_error(state, "--every is for records of connections; add -c");
	if (options->every_ns && options->app.scope.settings.causes)
		argp_error(state, "--cause is known only when a connection ends; it excludes --every");
	stuck_options_check(options, state);
	check_scope(options, state);
	if (options->app.hook == HOOK_TRACEPOINT && options->app.storage == STORAGE_SOCKET)
		argp_error(state, "--hook tracepoint has no socket storage; use --storage hash");
	if (options->app.hook == HOOK_TRACEPOINT && options->app.accept != ACCEPT_AUTO &&
	    options->app.accept != ACCEPT_NONE)
		argp_error(state, "--hook tracepoint has no accept hook; leave --accept out");
}

/* Returns the columns without -O. */
static struct column_list usual_columns(const struct command_line *line)
{
	const struct tcpstates_options *options = line->options;

	if (options->connections)
		return column_list_connections(options->style, line->time, line->elapsed);
	if (options->retransmits)
		return column_list_retransmissions(options->style, line->time, line->elapsed);
	if (options->listeners.wanted)
		return column_list_listeners(options->style, line->time, line->elapsed);
	if (options->stuck.states)
		return column_list_stuck(options->style, line->time, line->elapsed);
	return column_list_default(options->style, line->time, line->elapsed);
}

static enum column_set column_set(const struct tcpstates_options *options)
{
	return options->connections        ? COLUMNS_OF_CONNECTIONS
	       : options->retransmits      ? COLUMNS_OF_RETRANSMISSIONS
	       : options->listeners.wanted ? COLUMNS_OF_LISTENERS
	       : options->stuck.states     ? COLUMNS_OF_STUCK
					   : COLUMNS_OF_TRANSITIONS;
}

/* --interval is --summary's time, too. */
static void finish_summary(const struct argp_state *state, struct tcpstates_options *options)
{
	if (options->interval_ns && options->interval_ns != options->stuck.interval_ns)
		argp_error(state, "--summary=TIME and --interval TIME say different times; leave one out");
	if (options->stuck.interval_ns < PARSE_TIME_MS)
		argp_error(state, "--interval of a summary is at least 1ms");
	options->interval_ns = options->stuck.interval_ns;
}

static void finish_options(const struct command_line *line, const struct argp_state *state)
{
	struct tcpstates_options *options = line->options;
	struct parse_error error;

	if (line->csv && !line->output)
		options->format = OUTPUT_CSV;
	app_options_format(state, options->format == OUTPUT_JSON, &options->app);
	replay_options_end(state, options);
	live_options_end(state, line->columns || line->time || line->elapsed || line->wide,
			 line->names || line->services, options);
	app_options_end(state, options->connections || options->live.wanted, &options->app);
	listeners_options_end(state, options);
	sum_options_end(state, options);
	if ((options->summary || options->sum.groups.count) && options->stuck.interval_ns)
		finish_summary(state, options);
	stuck_options_end(state, options->summary || options->sum.groups.count, &options->stuck);
	check_combinations(line, state);
	options->style = options->format == OUTPUT_CSV ? COLUMN_STYLE_CSV
			 : line->wide                  ? COLUMN_STYLE_WIDE
						       : COLUMN_STYLE_TEXT;
	options->time = line->time;
	options->columns = usual_columns(line);
	if (line->columns && column_list_parse(line->columns, column_set(options), &options->columns, &error))
		command_line_fail(state, &error);
	if (options->every_ns && !line->columns && options->format == OUTPUT_CSV)
		options->columns.ids[options->columns.count++] = COLUMN_FINAL;
	if (line->names && !line->columns &&
	    (options->connections || options->retransmits || options->listeners.wanted))
		column_list_append_names(&options->columns);
	if (line->columns && line->elapsed)
		column_list_prepend(&options->columns, COLUMN_ELAPSED);
	if (line->columns && line->time)
		column_list_prepend(&options->columns, COLUMN_TIME);
	options->app.names = line->names ? NAMES_CGROUP | NAMES_NETNS : column_list_names(&options->columns);
	if (line->services)
		options->app.names |= NAMES_SERVICES;
	options->row_names = options->app.names;
	options->app.names |= grouping_names(&options->sum.groups.grouping);
	if (live_options_wants_screen(options))
		options->app.names |= NAMES_CGROUP;
}

static error_t parse_presentation(int key, char *argument, struct argp_state *state)
{
	static const char *const formats[] = {"text", "csv", "json", NULL};
	struct command_line *line = state->input;

	switch (key) {
	case 'T':
		line->time = true;
		return 0;
	case 't':
		line->elapsed = true;
		return 0;
	case 'w':
		line->wide = true;
		return 0;
	case 's':
		line->csv = true;
		return 0;
	case 'o':
		line->output = argument;
		line->options->format =
			command_line_choose(state, "output", argument, formats, "not one of text, csv, json");
		return 0;
	case 'O':
		line->columns = argument;
		return 0;
	case KEY_NAMES:
		line->names = true;
		return 0;
	case KEY_SERVICES:
		line->services = true;
		return 0;
	case 'Y':
		line->options->journal = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct tcpstates_options *options = ((struct command_line *)state->input)->options;

	if (key == ARGP_KEY_END) {
		finish_options(state->input, state);
		return 0;
	}
	if (stuck_option(key, argument, state, &options->stuck) == 0 ||
	    sum_option(key, argument, state, &options->sum) == 0)
		return 0;
	if (parse_selection(key, argument, state) == 0 || parse_presentation(key, argument, state) == 0)
		return 0;
	if (app_option(key, argument, state, &options->app) == 0)
		return 0;
	return app_refuse_foreign(key, state, foreign_options);
}

void tcpstates_options_parse(int argc, char **argv, struct tcpstates_options *ret)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "[-- COMMAND [ARG...]]",
		.doc = documentation,
		.help_filter = tcpstates_filter_help,
	};
	/* static: the port sets and lists of the scope are too large for some stacks */
	static struct tcpstates_options options = {
		.app = {.hash_size = APP_HASH_SIZE_DEFAULT, .hooks_allowed = 1 << HOOK_TP_BTF | 1 << HOOK_TRACEPOINT}};
	struct command_line line = {.options = &options};

	command_options_begin(&argc, argv, &options.app.command);
	command_line_parse(&argp, argc, argv, "tcpstates (tcpvitals) " TCPVITALS_VERSION, &line);
	settle_buffer(&options);
	options.columns.width = terminal_cells();
	*ret = options;
}

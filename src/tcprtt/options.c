/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcprtt/options.h"

#include "core/parse.h"
#include "os/command_line.h"

#define SECOND_NS        1000000000ULL
#define MAX_KEYS_DEFAULT 10240
#define MAX_KEYS_LIMIT   1000000

enum {
	KEY_BY = 0x100,
	KEY_TOP,
	KEY_SORT,
	KEY_MAX_KEYS,
	KEY_SAMPLE,
	KEY_NAMES,
	KEY_HEATMAP
};

/* Options that depend on each other, before finish_options() combines them. */
struct command_line {
	struct tcprtt_options *options;
	bool byladdr, byraddr, by, sort, max_keys, names, heatmap, csv;
	const char *output;
};

static const struct argp_option option_table[] = {
	SCOPE_OPTIONS(1, 'p', 'P'),
	SCOPE_TRANSITION_OPTIONS(1, OPTION_HIDDEN),
	{0, 0, 0, 0, "What to measure:", 2},
	{"sample", KEY_SAMPLE, "KIND", 0, "srtt (the default), rtt, min or handshake", 2},
	APP_END_OPTIONS(2),
	{0, 0, 0, 0, "How to group it:", 3},
	{"byladdr", 'b', 0, 0, "a histogram for each local address", 3},
	{"byraddr", 'B', 0, 0, "a histogram for each remote address", 3},
	{"by", KEY_BY, "WORDS", 0, "a histogram for each one, see below", 3},
	{"top", KEY_TOP, "N", 0, "only the first N groups by --sort", 3},
	{"sort", KEY_SORT, "WHAT", 0, "p99 (the default), count or mean, descending", 3},
	{"max-keys", KEY_MAX_KEYS, "N", 0, "groups (default 10240); later ones are \"other\"", 3},
	{0, 0, 0, 0, "How to show it:", 4},
	{"interval", 'i', "TIME", 0, "print every TIME; without it, once at the end", 4},
	{"extension", 'e', 0, 0, "also count, mean, jitter, min, p50 to p99.9, max", 4},
	{"millisecond", 'm', 0, 0, "milliseconds instead of microseconds", 4},
	{"milliseconds", 0, 0, OPTION_ALIAS | OPTION_HIDDEN, 0, 4},
	{"timestamp", 'T', 0, 0, "wall time (HH:MM:SS) before each summary", 4},
	APP_FORMAT_OPTIONS(4),
	{"names", KEY_NAMES, 0, 0, "names of the groups of --by cgroup, --by netns", 4},
	{"heatmap", KEY_HEATMAP, 0, 0, "a heat map, one line per interval (default 1s)", 4},
	{0, 0, 0, 0, "What to rely on:", 5},
	APP_KERNEL_OPTIONS(5, "auto, tp_btf, fentry or kprobe"),
	APP_HELP_OPTIONS,
	APP_FOREIGN_OPTION('c'),
	APP_FOREIGN_OPTION('t'),
	APP_FOREIGN_OPTION('w'),
	APP_FOREIGN_OPTION('O'),
	APP_FOREIGN_OPTION('Y'),
	{0},
};

static const struct app_foreign_option foreign_options[] = {
	{'c', "only tcpstates has this option"}, {'t', "only tcpstates has this option"},
	{'w', "only tcpstates has this option"}, {'O', "only tcpstates has this option"},
	{'Y', "only tcpstates has this option"}, {0},
};

static const char documentation[] =
	"Measure TCP round-trip times: histograms and quantiles, of all connections or by group.\v"
	"Examples:\n"
	"  tcprtt -i 1 -d 10            # a histogram a second, ten times\n"
	"  tcprtt -e -D 443             # with quantiles, to remote port 443\n"
	"  tcprtt -B -d 10              # for each remote address\n"
	"  tcprtt --by comm --top 5 -e -d 1m\n"
	"  tcprtt --by cgroup --names -e -d 1m\n"
	"  tcprtt --cgroup nginx.service --role server -e\n"
	"  tcprtt --sample rtt -i 1 -o json | jq .p99\n"
	"  tcprtt --heatmap\n"
	"  tcprtt -e -- iperf3 -c 192.0.2.1\n"
	"\n"
	"WORDS of --by: one or two of laddr, raddr, lport, rport, port, role, pid, comm, cgroup, netns, "
	"prefix:LEN[/LEN6] (of "
	"the remote address); or conn alone, each connection.\n"
	"KIND of --sample: srtt, smoothed, at each segment; rtt, each measurement once; min and handshake, once per "
	"connection.\n"
	"TIME is in seconds, or has a unit: us, ms, s, m, h, d. -p and -P are ports; a process is --pid.\n"
	"Needs root or CAP_BPF+CAP_PERFMON. Manual: tcprtt(8).\n"
	"Exit status: 0; 1 runtime error; 2 wrong command line; 3 with --strict: something was lost or missed. With "
	"COMMAND: its own, unless that is 0.";

static error_t parse_selection(int key, const char *argument, const struct argp_state *state)
{
	static const char *const samples[] = {"srtt", "rtt", "min", "handshake", NULL};
	struct tcprtt_options *options = ((struct command_line *)state->input)->options;

	switch (key) {
	case KEY_SAMPLE:
		options->sample =
			command_line_choose(state, "sample", argument, samples, "not one of srtt, rtt, min, handshake");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_groups(int key, const char *argument, const struct argp_state *state)
{
	static const char *const sorts[] = {"p99", "count", "mean", NULL};
	struct command_line *line = state->input;
	struct tcprtt_options *options = line->options;
	struct parse_error error;

	switch (key) {
	case 'b':
		line->byladdr = true;
		return 0;
	case 'B':
		line->byraddr = true;
		return 0;
	case KEY_BY:
		if (grouping_parse(argument, &options->grouping, &error))
			command_line_fail(state, &error);
		line->by = true;
		return 0;
	case KEY_TOP:
		options->top = command_line_number(state, "number of groups", argument, MAX_KEYS_LIMIT);
		return 0;
	case KEY_SORT:
		options->sort = command_line_choose(state, "sort", argument, sorts, "not one of p99, count, mean");
		line->sort = true;
		return 0;
	case KEY_MAX_KEYS:
		options->max_keys = command_line_number(state, "number of groups", argument, MAX_KEYS_LIMIT);
		line->max_keys = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_presentation(int key, const char *argument, const struct argp_state *state)
{
	static const char *const formats[] = {"text", "csv", "json", NULL};
	struct command_line *line = state->input;
	struct tcprtt_options *options = line->options;

	switch (key) {
	case 'i':
		options->interval_ns = command_line_time(state, "interval", argument, PARSE_TIME_MS);
		return 0;
	case 'e':
		options->extended = true;
		return 0;
	case 'm':
		options->milliseconds = true;
		return 0;
	case 'T':
		options->timestamp = true;
		return 0;
	case 'o':
		options->output = command_line_choose(state, "output", argument, formats, "not one of text, csv, json");
		line->output = argument;
		return 0;
	case 's':
		line->csv = true;
		return 0;
	case KEY_NAMES:
		line->names = true;
		return 0;
	case KEY_HEATMAP:
		line->heatmap = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Options of the report: -o, -s, --heatmap. */
static void finish_output(const struct command_line *line, const struct argp_state *state)
{
	struct tcprtt_options *options = line->options;

	if (line->csv && line->output && options->output != RTT_OUTPUT_CSV)
		argp_error(state, "-s means -o csv; it excludes -o %s", line->output);
	if (line->csv)
		options->output = RTT_OUTPUT_CSV;
	if (options->timestamp && (line->heatmap || options->output != RTT_OUTPUT_TEXT))
		argp_error(state, "-T is for text; json, csv and --heatmap always have the time; leave -T out");
	if (options->extended && line->heatmap)
		argp_error(state, "-e is for text; --heatmap has no room for statistics; leave one out");
	app_options_format(state, options->output == RTT_OUTPUT_JSON && !line->heatmap, &options->app);
	if (!line->heatmap)
		return;
	if (line->output || line->csv || tcprtt_is_grouped(options))
		argp_error(state, "--heatmap shows all connections on a terminal; it excludes -o, -s, -b, -B and --by");
	options->output = RTT_OUTPUT_HEATMAP;
	if (!options->interval_ns)
		options->interval_ns = SECOND_NS;
}

static void check_hook(const struct tcprtt_options *options, const struct argp_state *state)
{
	if (options->app.hook != HOOK_AUTO && options->app.hook != HOOK_TP_BTF && !tcprtt_samples_segments(options))
		argp_error(state, "--sample min and --sample handshake need --hook tp_btf; leave --hook out");
	if (options->app.hook == HOOK_KPROBE &&
	    (options->sample != RTT_SRTT || tcprtt_uses_owner(options) || options->app.scope.settings.roles))
		argp_error(state,
			   "--hook kprobe has only --sample srtt, and neither owners nor roles of connections; use "
			   "another hook");
	if (options->app.hook == HOOK_KPROBE && options->app.storage == STORAGE_SOCKET)
		argp_error(state, "--hook kprobe has no socket storage; leave --storage out");
}

/* Refuses the parts of the scope language that are about transitions. */
static void check_scope(const struct tcprtt_options *options, const struct argp_state *state)
{
	const struct scope *scope = &options->app.scope;

	if (scope->settings.states_wanted || scope->settings.states_unwanted || scope->settings.min_duration_ns)
		argp_error(state,
			   "--state and --min-duration select changes of state; tcprtt shows none (see tcpstates)");
	if (scope->causes[0] || scope->causes[1])
		argp_error(state,
			   "--cause is known only when a connection ends; round trips come before (see tcpstates)");
}

static void finish_options(const struct command_line *line, const struct argp_state *state)
{
	struct tcprtt_options *options = line->options;

	check_scope(options, state);
	app_options_end(state, false, &options->app);
	if (line->by && (line->byladdr || line->byraddr))
		argp_error(state, "-b means --by laddr, -B --by raddr; use these letters or --by");
	if (line->byladdr)
		grouping_add(&options->grouping, GROUP_BY_LADDR);
	if (line->byraddr)
		grouping_add(&options->grouping, GROUP_BY_RADDR);
	if (!tcprtt_is_grouped(options) && (options->top || line->sort || line->max_keys))
		argp_error(state, "--top, --sort and --max-keys need groups; add --by");
	if (line->names)
		options->app.names = grouping_names(&options->grouping);
	if (line->names && !options->app.names)
		argp_error(state, "--names needs groups by cgroup or netns; add --by cgroup or --by netns");
	check_hook(options, state);
	finish_output(line, state);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct tcprtt_options *options = ((struct command_line *)state->input)->options;

	if (key == ARGP_KEY_END) {
		finish_options(state->input, state);
		return 0;
	}
	if (parse_selection(key, argument, state) == 0 || parse_groups(key, argument, state) == 0)
		return 0;
	if (parse_presentation(key, argument, state) == 0)
		return 0;
	/* bcc's letters for the ports */
	key = key == 'p' ? 'L' : key == 'P' ? 'D' : key;
	if (app_option(key, argument, state, &options->app) == 0)
		return 0;
	return app_refuse_foreign(key, state, foreign_options);
}

void tcprtt_options_parse(int argc, char **argv, struct tcprtt_options *ret)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "[-- COMMAND [ARG...]]",
		.doc = documentation,
	};
	/* static: the port sets and lists of the scope are too large for some stacks */
	static struct tcprtt_options options = {
		.max_keys = MAX_KEYS_DEFAULT,
		.app = {.hash_size = APP_HASH_SIZE_DEFAULT,
			.hooks_allowed = 1 << HOOK_TP_BTF | 1 << HOOK_FENTRY | 1 << HOOK_KPROBE}};
	struct command_line line = {.options = &options};

	command_options_begin(&argc, argv, &options.app.command);
	command_line_parse(&argp, argc, argv, "tcprtt (tcpvitals) " TCPVITALS_VERSION, &line);
	*ret = options;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/sum_options.h"

#include "os/command_line.h"

#define SORTS "bytes, tx, rx, open, opened, closed, retrans, time"

static void parse_groups(const struct argp_state *state, const char *argument, struct sum_options *options)
{
	struct parse_error error;

	if (labels_parse_groups(argument, &options->groups, &error))
		command_line_fail(state, &error);
}

static enum sum_sort parse_sort(const struct argp_state *state, const char *argument)
{
	static const char *const sorts[] = {
		[SUM_SORT_BYTES] = "bytes",     [SUM_SORT_TX] = "tx",         [SUM_SORT_RX] = "rx",
		[SUM_SORT_OPEN] = "open",       [SUM_SORT_OPENED] = "opened", [SUM_SORT_CLOSED] = "closed",
		[SUM_SORT_RETRANS] = "retrans", [SUM_SORT_TIME] = "time",     [SUM_SORTS] = NULL};

	return (enum sum_sort)command_line_choose(state, "sort", argument, sorts, "not one of " SORTS);
}

static uint32_t parse_top(const struct argp_state *state, const char *argument)
{
	return command_line_number(state, "number of groups", argument, GROUP_TABLE_MAX);
}

error_t sum_option(int key, const char *argument, const struct argp_state *state, struct sum_options *options)
{
	switch (key) {
	case SUM_KEY_BY:
		parse_groups(state, argument, options);
		options->has_by = true;
		return 0;
	case SUM_KEY_SUM:
		parse_groups(state, argument, options);
		options->has_sum = true;
		return 0;
	case SUM_KEY_TOP:
		options->top_next = argument ? 0 : state->next;
		if (argument)
			options->order.top = parse_top(state, argument);
		return 0;
	case ARGP_KEY_ARG:
		/* "--top 5": getopt takes an optional argument only behind "=" */
		if (!options->top_next || options->top_next != state->next - 1)
			break;
		options->top_next = 0;
		options->order.top = parse_top(state, argument);
		return 0;
	case SUM_KEY_SORT:
		options->order.sort = parse_sort(state, argument);
		options->has_sort = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

void sum_options_end(const struct argp_state *state, const struct tcpstates_options *options)
{
	const struct sum_options *sum = &options->sum;

	if (sum->top_next && !options->live.wanted)
		argp_error(state, "--top of groups needs a number, as in --top 5");
	if (sum->has_by && !options->summary && !options->live.wanted)
		argp_error(state, "--by groups a summary; add --summary or --live, or use -c --sum GROUP");
	if (sum->has_sum && options->every_ns)
		argp_error(state, "--every is for rows of -c, and --sum prints none; use --summary=TIME --by GROUP");
	if (sum->has_sum && !options->connections)
		argp_error(state, "--sum adds up the rows of -c; add -c, or use --summary --by GROUP");
	if (!sum->groups.count && (sum->order.top || sum->has_sort))
		argp_error(state, "--top and --sort need groups; add --summary --by GROUP or -c --sum GROUP");
}

void sum_options_check(const struct tcpstates_options *options, bool names, bool columns,
		       const struct argp_state *state)
{
	const struct scope_settings *scope = &options->app.scope.settings;

	if (!options->sum.groups.count || options->live.wanted)
		return;
	if (names)
		argp_error(state, "groups have their names anyway; leave --names and --services out");
	if (columns)
		argp_error(state, "sums have fixed columns; leave -O, -t and -w out");
	if (options->connections)
		return;
	if (options->app.hook == HOOK_TRACEPOINT || options->app.storage == STORAGE_HASH)
		argp_error(state, "--by needs socket storage; leave --hook and --storage out");
	if (scope->states_wanted || scope->states_unwanted || scope->min_duration_ns || scope->causes)
		argp_error(state,
			   "--state, --min-duration and --cause select transitions; with --by the summary counts "
			   "connections (--cause: use -c --sum GROUP)");
}

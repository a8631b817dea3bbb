/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/stuck_options.h"

#include "core/stuck.h"
#include "os/command_line.h"

#define NS_PER_S 1000000000ULL

#define LONGER_DEFAULT_NS   (60 * NS_PER_S)
#define INTERVAL_DEFAULT_NS (10 * NS_PER_S)

/* With --once, the answer is late by at most an eighth of --longer, and by at most a second. */
#define ONCE_PARTS           8
#define ONCE_INTERVAL_MIN_NS (NS_PER_S / 100)
#define ONCE_INTERVAL_MAX_NS NS_PER_S

error_t stuck_option(int key, const char *argument, const struct argp_state *state, struct stuck_options *options)
{
	struct parse_error error;

	switch (key) {
	case STUCK_KEY_STATES:
		if (stuck_parse_states(argument, &options->states, &error))
			command_line_fail(state, &error);
		return 0;
	case STUCK_KEY_LONGER:
		options->longer_ns = command_line_time(state, "least time in the state", argument, PARSE_TIME_US);
		return 0;
	case 'i':
		options->interval_ns = command_line_time(state, "interval", argument, PARSE_TIME_US);
		return 0;
	case STUCK_KEY_ONCE:
		options->once = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static uint64_t once_interval_ns(uint64_t longer_ns)
{
	uint64_t ns = longer_ns / ONCE_PARTS;

	if (ns < ONCE_INTERVAL_MIN_NS)
		return ONCE_INTERVAL_MIN_NS;
	return ns > ONCE_INTERVAL_MAX_NS ? ONCE_INTERVAL_MAX_NS : ns;
}

void stuck_options_end(const struct argp_state *state, bool summary, struct stuck_options *options)
{
	if (!options->states && options->longer_ns)
		argp_error(state, "--longer is for --stuck STATES; for transitions use --min-duration TIME");
	if (!options->states && options->once)
		argp_error(state,
			   "--once is for --stuck STATES, --listeners or --live; add one of them, or leave --once out");
	if (!options->states && !summary && options->interval_ns)
		argp_error(state, "--interval is for --stuck STATES, --listeners, --live, --summary or --sum");
	if (options->once && options->interval_ns)
		argp_error(state, "--once scans as often as it needs; it excludes --interval");
	if (!options->longer_ns)
		options->longer_ns = LONGER_DEFAULT_NS;
	if (!options->interval_ns)
		options->interval_ns = options->once ? once_interval_ns(options->longer_ns) : INTERVAL_DEFAULT_NS;
}

void stuck_options_check(const struct tcpstates_options *options, const struct argp_state *state)
{
	const struct scope_settings *scope = &options->app.scope.settings;

	if (!options->stuck.states)
		return;
	if (options->connections || options->summary || options->journal)
		argp_error(state, "--stuck shows connections that stay in a state; it excludes -c, --summary and -Y");
	if (scope->states_wanted || scope->states_unwanted)
		argp_error(state, "--state selects transitions; give the states to --stuck instead");
	if (scope->min_duration_ns)
		argp_error(state, "--min-duration selects transitions; with --stuck use --longer TIME");
	if (scope->causes)
		argp_error(state, "--cause is known only when a connection ends; stuck connections have not ended");
	if (options->stuck.once && options->app.command.command.argv)
		argp_error(state, "--once asks about connections that exist now; a command has none yet");
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/listeners_options.h"

#define INTERVAL_DEFAULT_NS 1000000000ULL

/* A listener has no remote end, and no transitions to choose from. */
static void check_scope(const struct argp_state *state, const struct scope_settings *scope)
{
	if (scope->by_rport || scope->raddrs)
		argp_error(state,
			   "-D and --raddr choose by the remote end, which a listener does not have; use -L PORTS "
			   "or --laddr");
	if (scope->roles)
		argp_error(state, "--role chooses connections; listeners are servers; leave it out");
	if (scope->states_wanted || scope->states_unwanted || scope->min_duration_ns || scope->causes)
		argp_error(state, "--state, --min-duration and --cause choose transitions; leave them out with "
				  "--listeners");
}

void listeners_options_end(const struct argp_state *state, struct tcpstates_options *options)
{
	struct listeners_options *listeners = &options->listeners;

	if (!listeners->wanted)
		return;
	if (options->connections || options->summary || options->journal || options->stuck.states ||
	    options->retransmits)
		argp_error(state, "--listeners shows listening sockets; it excludes -c, --summary, --stuck, "
				  "--retransmits and -Y");
	check_scope(state, &options->app.scope.settings);
	listeners->once = options->stuck.once;
	listeners->interval_ns = options->stuck.interval_ns;
	options->stuck.once = false;
	options->stuck.interval_ns = 0;
	if (listeners->once && options->app.command.command.argv)
		argp_error(state, "--once asks about listeners that exist now; a command has none yet");
	if (listeners->interval_ns && listeners->interval_ns < PARSE_TIME_MS)
		argp_error(state, "--interval of --listeners is at least 1ms");
	if (!listeners->once && !listeners->interval_ns)
		listeners->interval_ns = INTERVAL_DEFAULT_NS;
}

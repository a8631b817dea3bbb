/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/retransmission_options.h"

void retransmission_options_check(const struct tcpstates_options *options, const struct argp_state *state)
{
	const struct scope_settings *scope = &options->app.scope.settings;

	if (!options->retransmits)
		return;
	if (options->connections || options->summary || options->stuck.states || options->journal)
		argp_error(state,
			   "--retransmits shows retransmitted segments; it excludes -c, --summary, --stuck and -Y");
	if (scope->min_duration_ns)
		argp_error(state, "--min-duration selects transitions, and a retransmission is none; leave it out");
	if (scope->causes)
		argp_error(state, "--cause is known only when a connection ends; with --retransmits leave it out");
}

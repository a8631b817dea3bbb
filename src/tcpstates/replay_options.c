/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/replay_options.h"

#include "replay/members.h"

void replay_options_end(const struct argp_state *state, const struct tcpstates_options *options)
{
	const struct app_options *app = &options->app;
	const struct {
		const char *name;
		bool is_given;
	} live[] = {
		{"--live", options->live.wanted},
		{"--top", options->sum.top_next},
		{"--stuck", options->stuck.states},
		{"--listeners", options->listeners.wanted},
		{"--summary", options->summary},
		{"--by", options->sum.has_by},
		{"--sum", options->sum.has_sum},
		{"--duration", app->duration_ns},
		{"--journal", options->journal},
		{"--fleet", app->fleet},
		{"--buffer-size", options->buffer_size},
		{"--hook", app->hook != HOOK_AUTO},
		{"--accept", app->accept != ACCEPT_AUTO},
		{"--storage", app->storage != STORAGE_AUTO},
		{"--hash-size", app->hash_size != APP_HASH_SIZE_DEFAULT},
		{"--no-priority", app->command.no_priority},
		{"--pid-namespace", app->scope.host_pids},
		{"COMMAND", app->command.command.argv},
	};

	if (!options->replay)
		return;
	if (!members_are_built())
		argp_error(state, "this build has no yajl; build with libyajl-dev installed to have --replay");
	for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++)
		if (live[i].is_given)
			argp_error(state, "%s is for a live run; with --replay leave it out", live[i].name);
	if ((app->scope.roles[0] || app->scope.roles[1]) && !options->connections)
		argp_error(state, "--role needs -c with --replay: only connections are recorded with their role");
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/wants.h"

#include "abi/emit.h"

static unsigned int emits_of(const struct tcpstates_options *options)
{
	if (options->stuck.states)
		return EMIT_SCANS;
	if (options->retransmits)
		return EMIT_RETRANSMISSIONS;
	if (options->listeners.wanted)
		return EMIT_LISTENERS;
	if (options->connections)
		return EMIT_CONNECTIONS | (options->every_ns ? EMIT_SNAPSHOTS : 0);
	if (options->summary && options->sum.groups.count)
		return EMIT_SNAPSHOTS | EMIT_CONNECTIONS;
	return options->summary ? EMIT_COUNTS : EMIT_ROWS;
}

struct probe_wants tcpstates_wants(const struct tcpstates_options *options)
{
	struct probe_wants wants = app_wants("tcpstates", &options->app);

	wants.emits = emits_of(options);
	wants.stuck = (struct stuck_settings){
		.longer_ns = options->stuck.longer_ns, .states = options->stuck.states, .once = options->stuck.once};
	wants.owners = true;
	wants.needs_btf = tcpstates_unknown_to_tracepoint(options);
	wants.buffer_size = options->buffer_size;
	wants.rings = options->rings;
	return wants;
}

const char *tcpstates_unknown_to_tracepoint(const struct tcpstates_options *options)
{
	const struct scope_settings *scope = &options->app.scope.settings;

	if (options->stuck.states)
		return "--stuck";
	if (options->retransmits)
		return "--retransmits";
	if (options->listeners.wanted)
		return "--listeners";
	if (scope->tree.tgid)
		return "a command";
	if (scope->numbers[SCOPE_CGROUP])
		return "--cgroup";
	if (scope->numbers[SCOPE_NETNS])
		return "--netns";
	if (scope->numbers[SCOPE_UID])
		return "--user";
	if (scope->zones)
		return "an address with a zone";
	return scope->causes ? "--cause" : NULL;
}

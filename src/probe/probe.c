/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opens the probe: tries the ways to attach, best first, until one works. */
#include "probe/probe.h"

#include "os/message.h"
#include "probe/accept.h"
#include "probe/failure.h"
#include "probe/grace.h"
#include "probe/program.h"
#include "probe/samples.h"
#include "probe/tracepoint.h"
#include "probe/vitals.h"
#include "probe/way.h"

#include <errno.h>
#include <stdio.h>

/* The ways, best first. */
static const struct way ways[] = {
	{HOOK_TP_BTF, STORAGE_SOCKET, true, "tp_btf", "socket storage"},
	{HOOK_TP_BTF, STORAGE_SOCKET, false, "tp_btf", "socket storage (no casts)"},
	{HOOK_TP_BTF, STORAGE_HASH, false, "tp_btf", "a hash"},
	{HOOK_FENTRY, STORAGE_SOCKET, false, "fentry", "socket storage"},
	{HOOK_FENTRY, STORAGE_HASH, false, "fentry", "a hash"},
	{HOOK_KPROBE, STORAGE_HASH, false, "kprobe", "nothing"},
	{HOOK_TRACEPOINT, STORAGE_HASH, false, "tracepoint/sock", "a hash"},
};

/*
 * Returns whether a hook can satisfy the wants. Segments have more hooks than states. The classic tracepoint has only
 * states, and none of the data that needs BTF.
 */
static bool has_hook(const struct probe_wants *wants, enum probe_hook hook)
{
	if (hook == HOOK_TRACEPOINT)
		return !(wants->emits &
			 (EMIT_SAMPLES | EMIT_SCANS | EMIT_LISTENERS | EMIT_SNAPSHOTS | EMIT_RETRANSMISSIONS)) &&
		       !accept_is_demanded(wants) && !wants->needs_btf;
	return hook == HOOK_TP_BTF || (wants->emits == EMIT_SAMPLES && samples_have_hook(wants, hook));
}

static bool is_allowed(const struct way *way, const struct probe_wants *wants)
{
	if (wants->emits & (EMIT_CONNECTIONS | EMIT_METRICS) && way->storage != STORAGE_SOCKET)
		return false;
	return has_hook(wants, way->hook) && (wants->hook == HOOK_AUTO || wants->hook == way->hook) &&
	       (wants->storage == STORAGE_AUTO || wants->storage == way->storage) &&
	       (!way->casts || (!wants->without_casts && program_may_cast()));
}

static void name_storage(const struct way *way, struct probe *probe)
{
	size_t size = sizeof(probe->storage);

	if (way->hook != HOOK_TRACEPOINT && !vitals_remember(way, &probe->wants))
		snprintf(probe->storage, size, "nothing");
	else if (way->storage == STORAGE_HASH)
		snprintf(probe->storage, size, probe->wants.hash_size == 1 ? "%s of %u socket" : "%s of %u sockets",
			 way->storage_name, probe->wants.hash_size);
	else if (vitals_use_table(way, probe))
		snprintf(probe->storage, size, "%s behind a table", way->storage_name);
	else
		snprintf(probe->storage, size, "%s", way->storage_name);
}

static int open_way(const struct way *way, const struct probe_wants *wants, struct probe *ret, struct probe_error *why)
{
	int error;

	*ret = PROBE_CLOSED;
	ret->wants = *wants;
	ret->hook = way->hook_name;
	error = way->hook == HOOK_TRACEPOINT ? tracepoint_open(ret) : vitals_open(way, ret, why);
	if (error)
		probe_close(ret);
	return error;
}

/* Reports the limits of the chosen way on stderr. */
static void report_way(const struct way *way, const struct failures *failures, const struct probe *probe)
{
	if (probe->refusals.optional)
		optional_report(&probe->refusals, probe->wants.verbose);
	accept_report_none(&probe->accept);
	if (!failures->first || way->storage != STORAGE_HASH || !probe->wants.owners)
		return;
	if (probe->tp)
		message("cannot use socket storage here (%s): sockets are remembered in %s, and fewer owners are "
			"known; -v shows more",
			program_error(failures->first), probe->storage);
	else if (probe->wants.verbose)
		message("cannot use socket storage here (%s): sockets are remembered in %s",
			program_error(failures->first), probe->storage);
}

int probe_open(const struct probe_wants *wants, struct probe *ret, struct probe_error *error)
{
	struct failures failures = {.first = 0};

	error->text[0] = '\0';
	program_log(wants->verbose);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct way *way = &ways[i];
		int failed;

		if (!is_allowed(way, wants))
			continue;
		failed = open_way(way, wants, ret, error);
		if (!failed) {
			name_storage(way, ret);
			report_way(way, &failures, ret);
			return 0;
		}
		if (wants->verbose)
			message("not usable here: %s with %s: %s", way->hook_name, way->storage_name,
				program_error(failed));
		failures_note(&failures, way, failed);
		if (error->text[0] || failure_is_final(failed))
			break;
	}
	if (!failures.first)
		failures_note(&failures, &ways[0], -EOPNOTSUPP); /* the options exclude every way */
	if (!error->text[0])
		failure_explain(&failures, wants, error);
	return failures.first;
}

void probe_detach(struct probe *probe)
{
	int error;

	vitals_stop(probe);
	tracepoint_stop(probe);
	error = grace_wait();
	if (error && probe->wants.verbose)
		message("cannot wait exactly until running BPF programs end (%s); waited 10 ms", program_error(error));
	vitals_detach(probe);
	tracepoint_detach(probe);
}

void probe_close(struct probe *probe)
{
	vitals_close(probe);
	tracepoint_close(probe);
	*probe = PROBE_CLOSED;
}

const char *probe_accept_hook(const struct probe *probe)
{
	return probe->accept.hook;
}

bool probe_counts_accepts(const struct probe *probe)
{
	return accept_counts(&probe->accept);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "app/scope_watch.h"

#include "core/escape.h"
#include "core/strbuf.h"
#include "os/message.h"
#include "os/pid_namespace.h"
#include "os/scope_places.h"
#include "probe/scope.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Maximum of messages at the start about missing pids, and about missing network namespaces. */
#define REPORTED_MAX 8

/* The number of wanted objects, and of missing ones among them. */
struct tally {
	uint32_t wanted;
	uint32_t missing;
};

/* Writes the option and the word of the user. */
static void name_place(const struct scope_place *place, char *ret, size_t size)
{
	struct strbuf out = strbuf_over(ret, size - 1);

	strbuf_append_string(&out, place->kind == SCOPE_CGROUP ? "--cgroup " : "--netns ");
	escape_name(&out, place->word, place->length, 100, NULL);
	ret[out.length] = '\0';
}

/* ---- at the start ----------------------------------------------------------------------------------------------- */

static const char *describe_pid(enum pid_meaning meaning, bool is_initial)
{
	if (meaning == PID_THREAD)
		return "this is a thread; give the pid of its process";
	return is_initial ? "no process has this number" : "no process has this number in this pid namespace";
}

static void report_pid(uint64_t pid, struct tally *tally, bool is_initial)
{
	enum pid_meaning meaning = pid_namespace_look_up((uint32_t)pid);

	tally->wanted++;
	if (meaning == PID_PROCESS)
		return;
	if (tally->missing++ < REPORTED_MAX)
		message("--pid %llu: %s", (unsigned long long)pid, describe_pid(meaning, is_initial));
}

/*
 * Reports wanted pids without a process. A container shows no processes of the host, so pids of the host cannot be
 * checked there.
 */
static struct tally report_pids(const struct scope *scope)
{
	struct pid_namespace own = {};
	bool is_unknown = pid_namespace_own(&own) != 0, is_initial = !is_unknown && pid_namespace_is_initial(&own);
	struct tally tally = {};

	if (scope->settings.numbers[SCOPE_PID] && is_unknown && !scope->host_pids)
		message("--pid: without /proc the pid namespace is unknown; pids are taken as the host's; mount /proc");
	if (is_unknown || (scope->host_pids && !is_initial))
		return tally;
	for (uint32_t i = 0; i < scope->number_count; i++) {
		const struct scope_listed *listed = &scope->numbers[i];

		if (listed->number.kind == SCOPE_PID && listed->sense == SCOPE_WANTED)
			report_pid(listed->number.value, &tally, is_initial);
	}
	if (tally.missing > REPORTED_MAX)
		message(tally.missing == REPORTED_MAX + 1 ? "--pid: no process has %u more number"
							  : "--pid: no process has %u more numbers",
			tally.missing - REPORTED_MAX);
	return tally;
}

static struct tally report_places(const struct scope *scope)
{
	struct tally tally = {};

	for (uint32_t i = 0; i < scope->place_count; i++) {
		const struct scope_place *place = &scope->places[i];
		char name[128];

		if (place->kind != SCOPE_NETNS || place->sense != SCOPE_WANTED)
			continue;
		tally.wanted++;
		name_place(place, name, sizeof(name));
		if (place->is_gone && tally.missing++ < REPORTED_MAX)
			message("%s: no process is in this network namespace, and it has no name in /run/netns", name);
	}
	return tally;
}

void scope_watch_begin(struct scope *scope)
{
	struct tally pids = report_pids(scope), places = report_places(scope);

	scope->no_pid_exists = pids.wanted && pids.wanted == pids.missing;
	scope->no_netns_exists = places.wanted && places.wanted == places.missing;
}

/* ---- later ------------------------------------------------------------------------------------------------------ */

struct watch {
	const struct probe *probe;
	bool verbose;
};

static const char *describe_loss(const struct scope_place *place)
{
	if (place->kind == SCOPE_CGROUP)
		return "this cgroup was removed; a new one at the same path takes its place";
	if (strncmp(place->path, "/proc/", strlen("/proc/")) == 0)
		return "this process has ended; its pid selects no network namespace now";
	return "this name was removed; a new network namespace of this name takes its place";
}

static void follow(void *context, const struct scope_place *was, const struct scope_place *is)
{
	const struct watch *watch = context;
	int error = scope_update_place(watch->probe, was, is);
	char name[128];

	name_place(is, name, sizeof(name));
	if (error)
		message("%s: cannot change the filter in the kernel: %s", name, strerror(-error));
	else if (is->is_gone)
		message("%s: %s", name, describe_loss(is));
	else if (was->is_gone)
		message("%s: exists again", name);
	else if (watch->verbose)
		message("%s: was made again, and the new one is used", name);
}

void scope_watch_tick(struct scope *scope, const struct probe *probe, bool verbose)
{
	struct watch watch = {probe, verbose};

	scope_places_check(scope, follow, &watch);
}

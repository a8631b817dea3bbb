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

/* Lines at the start about what is not there. */
#define TOLD_MAX 8

/* A number of wanted things, and of those of them that are not there. */
struct tally {
	uint32_t wanted;
	uint32_t missing;
};

/* The option and the user's word. */
static void name_place(const struct scope_place *place, char *ret, size_t size)
{
	struct strbuf out = strbuf_over(ret, size - 1);

	strbuf_append_string(&out, place->kind == SCOPE_CGROUP ? "--cgroup " : "--netns ");
	escape_name(&out, place->word, place->length, 100, NULL);
	ret[out.length] = '\0';
}

/* ---- at the start ----------------------------------------------------------------------------------------------- */

static const char *describe(enum pid_meaning meaning, bool is_initial)
{
	if (meaning == PID_OF_THREAD)
		return "is a thread; --pid takes the number of its process";
	return is_initial ? "no process has this number" : "no process has this number in this pid namespace";
}

static void report_pid(uint64_t pid, struct tally *tally, bool is_initial)
{
	enum pid_meaning meaning = pid_namespace_look_up((uint32_t)pid);

	tally->wanted++;
	if (meaning == PID_OF_PROCESS)
		return;
	if (tally->missing++ < TOLD_MAX)
		message("--pid %llu: %s", (unsigned long long)pid, describe(meaning, is_initial));
}

/* Nothing in a container tells whether a number of the host is a process's. */
static struct tally report_pids(const struct scope *scope)
{
	struct pid_namespace own = {};
	bool is_unknown = pid_namespace_own(&own) != 0, is_initial = !is_unknown && pid_namespace_is_initial(&own);
	struct tally tally = {};

	if (scope->settings.numbers[SCOPE_PID] && is_unknown && !scope->host_pids)
		message("--pid: nothing tells without /proc which pid namespace this is; numbers are the host's");
	if (is_unknown || (scope->host_pids && !is_initial))
		return tally;
	for (uint32_t i = 0; i < scope->number_count; i++) {
		const struct scope_listed *listed = &scope->numbers[i];

		if (listed->number.kind == SCOPE_PID && listed->sense == SCOPE_WANTED)
			report_pid(listed->number.value, &tally, is_initial);
	}
	if (tally.missing > TOLD_MAX)
		message("--pid: %u more numbers are no process's", tally.missing - TOLD_MAX);
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
		if (place->is_gone && tally.missing++ < TOLD_MAX)
			message("%s: no process is in such a network namespace, and no name leads to it", name);
	}
	return tally;
}

void scope_watch_begin(struct scope *scope)
{
	struct tally pids = report_pids(scope), places = report_places(scope);

	scope->is_blind = pids.wanted && pids.wanted == pids.missing;
	scope->is_placeless = places.wanted && places.wanted == places.missing;
}

/* ---- later ------------------------------------------------------------------------------------------------------ */

struct watch {
	const struct probe *probe;
	bool verbose;
};

static const char *describe_loss(const struct scope_place *place)
{
	if (place->kind == SCOPE_CGROUP)
		return "this cgroup is gone; one that is made there again takes its place";
	if (strncmp(place->path, "/proc/", strlen("/proc/")) == 0)
		return "this process is gone, and its network namespace may be; the number stands for nothing now";
	return "this network namespace has lost its name; one that gets the name takes its place";
}

static void follow(void *context, const struct scope_place *was, const struct scope_place *is)
{
	const struct watch *watch = context;
	int error = scope_follow(watch->probe, was, is);
	char name[128];

	name_place(is, name, sizeof(name));
	if (error)
		message("%s: cannot follow it: %s", name, strerror(-error));
	else if (is->is_gone)
		message("%s: %s", name, describe_loss(is));
	else if (was->is_gone)
		message("%s: is there again", name);
	else if (watch->verbose)
		message("%s: was made again, and is followed", name);
}

void scope_watch_tick(struct scope *scope, const struct probe *probe, bool verbose)
{
	struct watch watch = {probe, verbose};

	scope_places_check(scope, follow, &watch);
}

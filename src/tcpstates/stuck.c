/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/stuck.h"

#include "os/message.h"
#include "os/netns.h"
#include "os/privileges.h"
#include "probe/scan.h"

#include <unistd.h>

#define NS_PER_S 1000000000ULL

/* As os/progress.h: then a person wants to know. */
#define PATIENCE_S 2

enum {
	ANSWER_NONE = 0,
	ANSWER_STUCK = 1,
	ANSWER_UNKNOWN = 3
};

/* Who lacks the right to read a process's namespace may know of few. An LSM may hide some from everybody: PID 1's. */
static bool is_partial(const struct netns_omissions *omissions)
{
	return omissions->namespaces || (omissions->processes && !privileges_see_processes());
}

int stuck_scan(struct stuck_watch *watch, const struct probe *probe, uint64_t now_ns, bool is_last)
{
	bool is_first = !watch->start_ns;
	struct netns_omissions omissions = {};
	int error = scan_all(probe, now_ns, is_last, &watch->look, &omissions);

	if (is_first)
		watch->start_ns = now_ns;
	watch->incomplete = probe->unseeded || probe->wants.scope->is_blind || is_partial(&omissions);
	if (is_first && (watch->verbose || is_partial(&omissions)))
		netns_report(&omissions, "connections there are not looked at");
	return error;
}

bool stuck_is_decided(const struct stuck_watch *watch)
{
	return watch->options->once && watch->start_ns && !watch->look.undecided;
}

static const char *connections(uint64_t count)
{
	return count == 1 ? "connection" : "connections";
}

void stuck_tick(struct stuck_watch *watch, uint64_t now_ns)
{
	uint64_t end_ns = watch->start_ns + watch->options->longer_ns;

	if (!watch->options->once || ++watch->seconds != PATIENCE_S || end_ns <= now_ns)
		return;
	if (!watch->verbose && !isatty(STDERR_FILENO))
		return;
	message("watching %llu %s for at most %llu s more: nothing tells how long a connection that is older than "
		"tcpstates has been in its state",
		(unsigned long long)watch->look.undecided, connections(watch->look.undecided),
		(unsigned long long)((end_ns - now_ns + NS_PER_S - 1) / NS_PER_S));
}

int stuck_answer(const struct stuck_watch *watch, bool missed)
{
	uint64_t undecided = watch->look.undecided, unjudged = watch->look.unjudged;

	if (undecided)
		message("ended too early to tell since when %llu %s in %s state", (unsigned long long)undecided,
			undecided == 1 ? "connection is" : "connections are", undecided == 1 ? "its" : "their");
	if (unjudged)
		message("cannot tell whether %llu %s in scope: %s older than tcpstates, and %s owner or role is not "
			"known",
			(unsigned long long)unjudged, unjudged == 1 ? "stuck connection is" : "stuck connections are",
			unjudged == 1 ? "it is" : "they are", unjudged == 1 ? "its" : "their");
	if (watch->look.found)
		return ANSWER_STUCK;
	return undecided || unjudged || missed || watch->incomplete ? ANSWER_UNKNOWN : ANSWER_NONE;
}

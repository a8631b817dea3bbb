/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/stuck.h"

#include "os/message.h"
#include "os/netns.h"
#include "probe/scan.h"

#include <unistd.h>

#define NS_PER_S 1000000000ULL

/* After this time a user on a terminal gets a message, as in os/progress.h. */
#define REPORT_AFTER_S 2

enum {
	ANSWER_NONE = 0,
	ANSWER_STUCK = 1,
	ANSWER_UNKNOWN = 3
};

static void report_unjudged(uint64_t unjudged)
{
	if (unjudged)
		message(unjudged == 1 ? "%llu stuck connection may be in scope: it is older than tcpstates, and its "
					"owner or role is unknown"
				      : "%llu stuck connections may be in scope: they are older than tcpstates, and "
					"their owners or roles are unknown",
			(unsigned long long)unjudged);
}

int stuck_scan(struct stuck_watch *watch, const struct probe *probe, uint64_t now_ns, bool is_last)
{
	bool is_first = !watch->start_ns;
	struct netns_omissions omissions = {};
	int error = scan_all(probe, now_ns, is_last, &watch->last_scan, &omissions);

	if (is_first)
		watch->start_ns = now_ns;
	watch->incomplete =
		probe->misses_older_sockets || probe->wants.scope->no_pid_exists || netns_is_partial(&omissions);
	if (is_first && (watch->verbose || netns_is_partial(&omissions)))
		netns_report(&omissions, "connections there are not scanned");
	/* --once reports them with its answer. */
	if (!watch->options->once && !watch->has_unjudged)
		report_unjudged(watch->last_scan.unjudged);
	watch->has_unjudged |= watch->last_scan.unjudged;
	return error;
}

bool stuck_is_decided(const struct stuck_watch *watch)
{
	return watch->options->once && watch->start_ns && !watch->last_scan.undecided;
}

void stuck_tick(struct stuck_watch *watch, uint64_t now_ns)
{
	uint64_t end_ns = watch->start_ns + watch->options->longer_ns;

	if (!watch->options->once || ++watch->seconds != REPORT_AFTER_S || end_ns <= now_ns)
		return;
	if (!watch->verbose && !isatty(STDERR_FILENO))
		return;
	message(watch->last_scan.undecided == 1
			? "watching %llu connection for at most %llu s more: it is older than "
			  "tcpstates, and its time in the state is unknown"
			: "watching %llu connections for at most %llu s more: they are older than "
			  "tcpstates, and their times in the state are unknown",
		(unsigned long long)watch->last_scan.undecided,
		(unsigned long long)((end_ns - now_ns + NS_PER_S - 1) / NS_PER_S));
}

int stuck_answer(const struct stuck_watch *watch, bool missed)
{
	uint64_t undecided = watch->last_scan.undecided, unjudged = watch->last_scan.unjudged;

	if (undecided)
		message(undecided == 1 ? "ended too early: the time in the state is unknown for %llu connection"
				       : "ended too early: the time in the state is unknown for %llu connections",
			(unsigned long long)undecided);
	report_unjudged(unjudged);
	if (watch->last_scan.found)
		return ANSWER_STUCK;
	return undecided || unjudged || missed || watch->incomplete ? ANSWER_UNKNOWN : ANSWER_NONE;
}

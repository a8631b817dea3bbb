/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/clock_history.h"

#include <string.h>

/*
 * The clocks of two CPUs may differ by this much. A smaller change is not a step, because times are shown in
 * microseconds.
 */
#define STEP_MIN_NS 1000

/* No machine suspends and resumes in less time. */
#define SUSPEND_MIN_NS 1000000

/*
 * The tool detects a suspend when it runs again; other processes may run earlier. Events within this time before the
 * detection count as after the suspend. The kernel takes longer to wake devices up, while no process runs.
 */
#define RESUME_NS 20000000

/*
 * True if a clock may still be ahead of CLOCK_MONOTONIC by `offset_ns`. The clock was read at some time between
 * before_ns and after_ns.
 */
static bool agrees(int64_t offset_ns, int64_t clock_ns, const struct clock_reading *reading, int64_t slack_ns)
{
	return offset_ns >= clock_ns - (int64_t)reading->after_ns - slack_ns &&
	       offset_ns <= clock_ns - (int64_t)reading->before_ns + slack_ns;
}

static bool realtime_agrees(const struct clock_point *point, const struct clock_reading *reading)
{
	return agrees(point->realtime_offset_ns, reading->realtime_ns, reading, STEP_MIN_NS);
}

static bool boottime_agrees(const struct clock_point *point, const struct clock_reading *reading)
{
	return agrees(point->boottime_offset_ns, reading->boottime_ns, reading, SUSPEND_MIN_NS);
}

bool clock_history_agrees(const struct clock_history *history, const struct clock_reading *reading)
{
	const struct clock_point *newest = &history->newest;

	return history->read_ns && realtime_agrees(newest, reading) && boottime_agrees(newest, reading) &&
	       newest->utc_offset_s == reading->utc_offset_s;
}

static uint64_t distance(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/* The error of times, in ns, if `after` is forgotten. */
static uint64_t change_of(const struct clock_point *before, const struct clock_point *after)
{
	return distance(before->realtime_offset_ns, after->realtime_offset_ns) +
	       distance(before->boottime_offset_ns, after->boottime_offset_ns) +
	       distance(before->utc_offset_s, after->utc_offset_s) * 1000000000;
}

/*
 * Forgets the older point with the least change; of equal changes, the oldest. The first point stays, so that a point
 * holds for every moment.
 */
static void forget_least_change(struct clock_history *history)
{
	uint64_t least = UINT64_MAX;
	size_t found = 1;

	for (size_t i = 1; i < history->count; i++) {
		uint64_t change = change_of(&history->older[i - 1], &history->older[i]);

		if (change < least) {
			least = change;
			found = i;
		}
	}
	history->count--;
	memmove(&history->older[found], &history->older[found + 1],
		(history->count - found) * sizeof(history->older[0]));
}

static uint64_t change_begins(const struct clock_history *history, const struct clock_reading *reading, bool suspended)
{
	uint64_t back_ns = (reading->after_ns - history->read_ns) / 2;

	if (!suspended)
		return reading->after_ns;
	return reading->after_ns - (back_ns < RESUME_NS ? back_ns : RESUME_NS);
}

void clock_history_note(struct clock_history *history, const struct clock_reading *reading)
{
	int64_t monotonic_ns = (int64_t)(reading->before_ns + (reading->after_ns - reading->before_ns) / 2);
	bool is_first = !history->read_ns;
	bool suspended = is_first || !boottime_agrees(&history->newest, reading);
	struct clock_point now = history->newest;

	if (!clock_history_agrees(history, reading)) {
		if (is_first || !realtime_agrees(&now, reading))
			now.realtime_offset_ns = reading->realtime_ns - monotonic_ns;
		if (suspended)
			now.boottime_offset_ns = reading->boottime_ns - monotonic_ns;
		now.utc_offset_s = reading->utc_offset_s;
		if (!is_first) {
			now.from_ns = change_begins(history, reading, suspended);
			if (history->count == sizeof(history->older) / sizeof(history->older[0]))
				forget_least_change(history);
			history->older[history->count++] = history->newest;
		}
		history->newest = now;
	}
	history->read_ns = reading->after_ns;
}

const struct clock_point *clock_history_find(const struct clock_history *history, uint64_t monotonic_ns)
{
	size_t low = 0, high = history->count;

	/* The first point also holds before its own time. `newest` is not in `older`. */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (history->older[middle].from_ns <= monotonic_ns)
			low = middle;
		else
			high = middle;
	}
	return history->count ? &history->older[low] : &history->newest;
}

uint64_t clock_history_suspended_between(const struct clock_history *history, uint64_t from_ns, uint64_t to_ns)
{
	int64_t before = clock_history_at(history, from_ns)->boottime_offset_ns;
	int64_t after = clock_history_at(history, to_ns)->boottime_offset_ns;

	return after > before ? (uint64_t)(after - before) : 0;
}

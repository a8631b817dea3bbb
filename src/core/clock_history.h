/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel's clocks said when. The kernel stamps events with its CLOCK_MONOTONIC, which knows neither steps of
 * CLOCK_REALTIME nor the time that the machine is suspended. Here is kept from when on which distance between these
 * clocks holds, so that a moment has the same wall time whenever it is asked for.
 *
 * The distance changes with a step and with a suspend only: NTP slews CLOCK_REALTIME and CLOCK_MONOTONIC alike (both
 * are one count in the kernel's struct timekeeper, a constant apart).
 */
#ifndef TCPVITALS_CORE_CLOCK_HISTORY_H
#define TCPVITALS_CORE_CLOCK_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Changes that are remembered. A laptop that sleeps ten times a day takes three months for as many. */
#define CLOCK_HISTORY_MAX 1024

/* What holds from a moment on. */
struct clock_point {
	uint64_t from_ns;           /* CLOCK_MONOTONIC */
	int64_t realtime_offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	int64_t boottime_offset_ns; /* CLOCK_BOOTTIME - CLOCK_MONOTONIC: the time suspended so far */
	int32_t utc_offset_s;       /* local time - UTC, daylight saving included */
};

/*
 * All zeros: CLOCK_REALTIME is CLOCK_MONOTONIC. The first reading holds for all times, also those before it: nobody
 * knows better. When there is no room, the least change of all is forgotten.
 */
struct clock_history {
	struct clock_point newest;
	uint64_t read_ns; /* CLOCK_MONOTONIC at the last reading; 0: none yet */
	size_t count;     /* of the older ones, the oldest first */
	struct clock_point older[CLOCK_HISTORY_MAX - 1];
};

/* The clocks of the kernel, in ns, read in this order. An interruption makes it less exact, never wrong. */
struct clock_reading {
	uint64_t before_ns; /* CLOCK_MONOTONIC */
	int64_t realtime_ns;
	int64_t boottime_ns;
	uint64_t after_ns; /* CLOCK_MONOTONIC again */
	int32_t utc_offset_s;
};

/* Whether nothing has changed, as far as the reading is exact. Never before the first clock_history_note(). */
bool clock_history_agrees(const struct clock_history *history, const struct clock_reading *reading);

/*
 * Takes a reading later than all others, and any moment that was asked for. What does not agree is a change. A step of
 * the clock holds from this reading on, a suspend from a little earlier, but not before the reading before this one.
 */
void clock_history_note(struct clock_history *history, const struct clock_reading *reading);

/* clock_history_at() for a moment before the newest change. */
const struct clock_point *clock_history_find(const struct clock_history *history, uint64_t monotonic_ns);

static inline const struct clock_point *clock_history_at(const struct clock_history *history, uint64_t monotonic_ns)
{
	if (monotonic_ns >= history->newest.from_ns)
		return &history->newest;
	return clock_history_find(history, monotonic_ns);
}

/* CLOCK_REALTIME at that moment; wraps around for a wild one. */
static inline int64_t clock_history_realtime_ns(const struct clock_history *history, uint64_t monotonic_ns)
{
	return (int64_t)(monotonic_ns + (uint64_t)clock_history_at(history, monotonic_ns)->realtime_offset_ns);
}

/* How long the machine was suspended between two moments, as far as that is known; 0 if they are in the wrong order. */
uint64_t clock_history_suspended_between(const struct clock_history *history, uint64_t from_ns, uint64_t to_ns);

/* The same in the `duration_ns` before that moment; 0 for a wild duration. Quick where nothing has changed meanwhile.
 */
static inline uint64_t clock_history_suspended_ns(const struct clock_history *history, uint64_t monotonic_ns,
						  uint64_t duration_ns)
{
	if (monotonic_ns - duration_ns >= history->newest.from_ns)
		return 0;
	return clock_history_suspended_between(history, monotonic_ns - duration_ns, monotonic_ns);
}

#endif

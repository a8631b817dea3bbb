/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Offsets between the kernel's clocks, over time. The kernel stamps events with CLOCK_MONOTONIC, which has no steps of
 * CLOCK_REALTIME and stands still while the machine is suspended. The history records since when each offset holds. A
 * moment therefore always has the same wall time.
 *
 * The offsets change only with a step and with a suspend. NTP slews CLOCK_REALTIME and CLOCK_MONOTONIC alike: both are
 * one count in the kernel's struct timekeeper, a constant apart.
 */
#ifndef TCPVITALS_CORE_CLOCK_HISTORY_H
#define TCPVITALS_CORE_CLOCK_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Points that a history holds. A laptop that sleeps ten times a day fills one in three months. */
#define CLOCK_HISTORY_MAX 1024

/* The offsets from one moment on. */
struct clock_point {
	uint64_t from_ns;           /* CLOCK_MONOTONIC */
	int64_t realtime_offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	int64_t boottime_offset_ns; /* CLOCK_BOOTTIME - CLOCK_MONOTONIC: the time suspended so far */
	int32_t utc_offset_s;       /* local time - UTC, daylight saving included */
};

/*
 * All zeros is a valid history, in which CLOCK_REALTIME equals CLOCK_MONOTONIC. The first reading holds for all times,
 * also for times before the reading, which nothing measured. A full history forgets the least change.
 */
struct clock_history {
	struct clock_point newest;
	uint64_t read_ns; /* CLOCK_MONOTONIC at the last reading; 0: none yet */
	size_t count;     /* of `older`, the oldest first */
	struct clock_point older[CLOCK_HISTORY_MAX - 1];
};

/* The kernel's clocks in ns, read in this order. An interruption makes the reading less exact, never wrong. */
struct clock_reading {
	uint64_t before_ns; /* CLOCK_MONOTONIC */
	int64_t realtime_ns;
	int64_t boottime_ns;
	uint64_t after_ns; /* CLOCK_MONOTONIC again */
	int32_t utc_offset_s;
};

/* True if no offset has changed, as far as the reading is exact. False before the first clock_history_note(). */
bool clock_history_agrees(const struct clock_history *history, const struct clock_reading *reading);

/*
 * Records a reading, which is later than all earlier readings and than every moment asked for before. An offset that
 * does not agree is a change. A step of the clock holds from this reading on. A suspend holds from a little earlier,
 * but not from before the previous reading.
 */
void clock_history_note(struct clock_history *history, const struct clock_reading *reading);

/* clock_history_at() for a moment before the newest change. */
const struct clock_point *clock_history_find(const struct clock_history *history, uint64_t monotonic_ns);

/* Returns the offsets that hold at that moment. */
static inline const struct clock_point *clock_history_at(const struct clock_history *history, uint64_t monotonic_ns)
{
	if (monotonic_ns >= history->newest.from_ns)
		return &history->newest;
	return clock_history_find(history, monotonic_ns);
}

/* CLOCK_REALTIME at that moment, in ns; wraps around for a time out of range. */
static inline int64_t clock_history_realtime_ns(const struct clock_history *history, uint64_t monotonic_ns)
{
	return (int64_t)(monotonic_ns + (uint64_t)clock_history_at(history, monotonic_ns)->realtime_offset_ns);
}

/* Time suspended between two moments, in ns, as far as recorded; 0 if `to_ns` is before `from_ns`. */
uint64_t clock_history_suspended_between(const struct clock_history *history, uint64_t from_ns, uint64_t to_ns);

/*
 * Time suspended in the `duration_ns` before `monotonic_ns`; 0 for a duration out of range. Quick if no offset has
 * changed since.
 */
static inline uint64_t clock_history_suspended_ns(const struct clock_history *history, uint64_t monotonic_ns,
						  uint64_t duration_ns)
{
	if (monotonic_ns - duration_ns >= history->newest.from_ns)
		return 0;
	return clock_history_suspended_between(history, monotonic_ns - duration_ns, monotonic_ns);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text of a point in time. Nothing here reads a clock: readings are parameters. Functions with _append_ write as
 * core/append.h describes; functions with _format_ append to `out`.
 */
#ifndef TCPVITALS_CORE_TIMESTAMP_H
#define TCPVITALS_CORE_TIMESTAMP_H

#include "core/append.h"
#include "core/clock_history.h"
#include "core/strbuf.h"

#include <stddef.h>
#include <stdint.h>

/* Converts an event's CLOCK_MONOTONIC time to wall time and elapsed time. */
struct timebase {
	struct clock_history clocks;
	uint64_t first_ns; /* CLOCK_MONOTONIC of the first event, the zero of the elapsed column */
};

/* Bytes of the longest text, that of timestamp_append_utc(). */
#define TIMESTAMP_TEXT_MAX 27

/* Local wall time HH:MM:SS, always eight bytes. */
char *timestamp_append_local(char *at, const struct timebase *base, uint64_t monotonic_ns);
void timestamp_format_local(struct strbuf *out, const struct timebase *base, uint64_t monotonic_ns);

/* RFC 3339 in UTC with microseconds, rounded down: "2026-11-22T12:31:49.123456Z". */
char *timestamp_append_realtime(char *at, int64_t realtime_ns);
void timestamp_format_realtime(struct strbuf *out, int64_t realtime_ns);

static inline char *timestamp_append_utc(char *at, const struct timebase *base, uint64_t monotonic_ns)
{
	return timestamp_append_realtime(at, clock_history_realtime_ns(&base->clocks, monotonic_ns));
}

void timestamp_format_utc(struct strbuf *out, const struct timebase *base, uint64_t monotonic_ns);

/*
 * Reads a text of timestamp_append_realtime(), from 1970 to 2261, as nanoseconds since 1970. Returns 0 or -EINVAL. A
 * leap second is none of these.
 */
int timestamp_parse_utc(const char *text, size_t length, uint64_t *ret_ns);

/*
 * Seconds since base->first_ns without suspended time, with six decimals ("0.000000" for an earlier time). It is the
 * difference of both times as timestamp_append_utc() shows them, which a replay of these texts has, too.
 */
char *timestamp_append_elapsed(char *at, const struct timebase *base, uint64_t monotonic_ns);

#endif

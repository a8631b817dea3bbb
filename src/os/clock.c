/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/clock.h"

#include <time.h>

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return (uint64_t)clock_ns(CLOCK_MONOTONIC);
}

void clock_refresh(struct timebase *base)
{
	int64_t before = clock_ns(CLOCK_MONOTONIC);
	int64_t realtime = clock_ns(CLOCK_REALTIME);
	int64_t after = clock_ns(CLOCK_MONOTONIC);
	time_t seconds = realtime / 1000000000;
	struct tm local;

	base->realtime_offset_ns = realtime - (before + (after - before) / 2);
	if (localtime_r(&seconds, &local))
		base->utc_offset_s = (int32_t)local.tm_gmtoff;
}

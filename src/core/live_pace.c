/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/live_pace.h"

void live_pace_note(struct live_pace *pace, uint64_t cpu_ns)
{
	uint64_t least_ns = cpu_ns * 100 / LIVE_CPU_PERCENT, next_ns = pace->interval_ns - pace->interval_ns / 4;

	if (next_ns < least_ns)
		next_ns = least_ns;
	pace->cpu_ns = cpu_ns;
	pace->interval_ns = next_ns < pace->wanted_ns ? pace->wanted_ns : next_ns;
}

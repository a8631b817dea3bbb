/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "replay/moments.h"

/* Addresses of sockets differ in the middle: spreads them. */
static uint64_t place_of(uint64_t skaddr)
{
	return (skaddr * 0x9e3779b97f4a7c15ULL >> 32) & (MOMENTS - 1);
}

void moments_place(struct moments *moments, struct transition *event)
{
	uint64_t place = place_of(event->skaddr), time_ns = event->time_ns, before_ns;

	if (event->duration_ns != DURATION_UNKNOWN && !(event->flags & TRANSITION_AT_LEAST) &&
	    moments->last[place].time_ns && moments->last[place].skaddr == event->skaddr &&
	    moments->last[place].state == event->oldstate) {
		before_ns = moments->last[place].time_ns - (time_ns - event->duration_ns);
		if (before_ns < 1000)
			event->time_ns += before_ns;
	}
	moments->last[place].skaddr = event->skaddr;
	moments->last[place].time_ns = time_ns;
	moments->last[place].state = event->newstate;
}

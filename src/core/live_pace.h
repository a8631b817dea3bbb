/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How often the live view looks at all connections: passes take at most LIVE_CPU_PERCENT of one CPU. */
#ifndef TCPVITALS_CORE_LIVE_PACE_H
#define TCPVITALS_CORE_LIVE_PACE_H

#include <stdint.h>

#define LIVE_CPU_PERCENT 5

struct live_pace {
	uint64_t wanted_ns;   /* the user's interval */
	uint64_t interval_ns; /* from the begin of a pass to the next */
	uint64_t cpu_ns;      /* CPU time of the last pass */
};

/* After a pass that took `cpu_ns`. A longer interval holds at once; it becomes shorter by a quarter at most. */
void live_pace_note(struct live_pace *pace, uint64_t cpu_ns);

#endif

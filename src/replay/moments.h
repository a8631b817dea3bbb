/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Moments that two rows of a recording speak of. A time has microseconds, a duration ns: the beginning of a state would
 * be shown up to a microsecond too early. The row before, of the same socket, shows that moment.
 */
#ifndef TCPVITALS_REPLAY_MOMENTS_H
#define TCPVITALS_REPLAY_MOMENTS_H

#include "abi/transition.h"

#include <stdint.h>

/* A power of two. A socket whose place another one has taken is as one without a row before. */
#define MOMENTS 16384

/* Zeroed at first. */
struct moments {
	struct {
		uint64_t skaddr;
		uint64_t time_ns; /* of its last transition, whole microseconds; 0: none yet */
		uint8_t state;
	} last[MOMENTS];
};

/* Adds to the time of a transition, by less than a microsecond, what makes its state begin when the row before says. */
void moments_place(struct moments *moments, struct transition *event);

#endif

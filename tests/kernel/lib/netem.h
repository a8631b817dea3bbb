/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A delay that the kernel itself imposes (sch_netem) on what leaves a device. */
#ifndef TESTS_KERNEL_NETEM_H
#define TESTS_KERNEL_NETEM_H

#include <stdint.h>

#include "wire.h"

struct netem {
	uint32_t delay_us;
	uint32_t jitter_us;    /* each packet by itself, evenly: delay_us +- jitter_us */
	uint32_t loss_percent; /* each packet by itself */
};

/* In place of what was set before, on packets that leave a device of this network namespace: 0 or a negative errno. */
int netem_set_here(const char *device, const struct netem *netem);

/*
 * The same for this end of a wire of wire_open_veth(): in a capture there the packets appear behind the delay. The
 * machine must have netem (machine.h).
 */
void netem_set(const struct wire *wire, enum wire_end end, const struct netem *netem);

#endif

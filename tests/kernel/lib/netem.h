/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A delay that the kernel (sch_netem) adds to packets that leave a device. */
#ifndef TESTS_KERNEL_NETEM_H
#define TESTS_KERNEL_NETEM_H

#include <stdint.h>

#include "wire.h"

struct netem {
	uint32_t delay_us;
	uint32_t jitter_us;    /* uniform and independent for each packet: delay_us +- jitter_us */
	uint32_t loss_percent; /* independent for each packet */
};

/* Sets the delay of a device in this network namespace, in place of an earlier one. 0 or a negative errno. */
int netem_set_here(const char *device, const struct netem *netem);

/*
 * netem_set_here() for this end of a wire of wire_open_veth(); fails the test on error. A capture at this end sees
 * packets after the delay. The machine must have netem (machine.h).
 */
void netem_set(const struct wire *wire, enum wire_end end, const struct netem *netem);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Carries packets over a wire with a delay, in a process of its own. */
#ifndef TESTS_KERNEL_RTT_RELAY_H
#define TESTS_KERNEL_RTT_RELAY_H

#include "helper.h"
#include "wire.h"

struct rtt_relay {
	const struct wire *wire;
	unsigned int delay_ms; /* of each packet in each direction; a round trip takes at least twice that */
	struct helper helper;
};

/* Starts the process, which runs until helpers_kill(). `relay` must not move. */
void rtt_relay_start(struct rtt_relay *relay, const struct wire *wire, unsigned int delay_ms);

#endif

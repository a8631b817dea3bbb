/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Carries what goes over a wire with a delay, in a process of its own. */
#ifndef TESTS_KERNEL_RTT_RELAY_H
#define TESTS_KERNEL_RTT_RELAY_H

#include "helper.h"
#include "wire.h"

struct rtt_relay {
	const struct wire *wire;
	unsigned int delay_ms; /* of each packet in each direction: a round trip takes twice that and more */
	struct helper helper;
};

/* `relay` has to stay where it is. helpers_kill() ends it; it goes on until then. */
void rtt_relay_start(struct rtt_relay *relay, const struct wire *wire, unsigned int delay_ms);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Round-trip times by Wireshark: dumpcap captures at one end of a wire. For each acknowledgement, tshark reports the
 * time since this end sent the segment that it covers (tcp.analysis.ack_rtt).
 */
#ifndef TESTS_KERNEL_TSHARK_H
#define TESTS_KERNEL_TSHARK_H

#include <stdbool.h>
#include <stdint.h>

#include "process.h"
#include "wire.h"

struct tshark {
	struct process process; /* the program that runs */
	int capture;            /* unnamed files; -1: none */
	int said;
};

#define TSHARK_NONE                                                                                                    \
	{                                                                                                              \
		.capture = -1, .said = -1                                                                              \
	}

struct tshark_rtt {
	uint16_t port; /* of the other end */
	bool of_syn;
	uint64_t us;
};

typedef void tshark_fn(const struct tshark_rtt *rtt, void *context);

/* Returns NULL when dumpcap captures, or the reason why this machine cannot do that. */
const char *tshark_start(struct tshark *tshark, const struct wire *wire, enum wire_end end);

/*
 * Ends the capture, and calls `each` for each round trip that `end` could measure. Fails the test if dumpcap lost
 * packets.
 */
void tshark_read(struct tshark *tshark, enum wire_end end, tshark_fn *each, void *context);

/* For every teardown. */
void tshark_drop(struct tshark *tshark);

#endif

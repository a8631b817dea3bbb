/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Round-trip times from the packets themselves: AF_PACKET and the kernel's time stamps, as in pcap. A round trip begins
 * with a segment that takes sequence space, and ends with the first new acknowledgement that covers it, as Wireshark's
 * tcp.analysis.ack_rtt.
 */
#ifndef TESTS_KERNEL_RTT_CAPTURE_H
#define TESTS_KERNEL_RTT_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct rtt_capture {
	int fd;
	uint32_t local; /* IPv4 address of this end, network byte order */
};

struct rtt_captured {
	uint64_t *us; /* sorted, without the handshake; free() it */
	size_t count;
	uint64_t syn_us;        /* SYN to SYN-ACK, or SYN-ACK to ACK; 0: not seen */
	size_t retransmissions; /* segments seen twice */
};

/* Starts to capture at this end of the wire. Returns NULL, or the reason why this machine cannot do that. */
const char *rtt_capture_open(struct rtt_capture *capture, const struct wire *wire, enum wire_end end);

/* Returns the round-trip times that this end could measure, of the only connection. Closes the capture. */
void rtt_capture_read(struct rtt_capture *capture, struct rtt_captured *ret_captured);
void rtt_capture_close(struct rtt_capture *capture);

/* The quantile in us, by nearest rank. */
uint64_t rtt_captured_quantile(const struct rtt_captured *captured, unsigned int permille);

#endif

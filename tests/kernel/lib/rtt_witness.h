/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The independent witness of tcprtt: tcp:tcp_probe, read through tracefs. An event is a segment that arrives in
 * ESTABLISHED.
 */
#ifndef TESTS_KERNEL_RTT_WITNESS_H
#define TESTS_KERNEL_RTT_WITNESS_H

#include "state.h"

struct rtt_probe {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint64_t cookie;
	struct tuple tuple; /* IPv4 in IPv6 is shown as IPv4 */
	uint32_t srtt_us;   /* before the kernel processes the segment; 0: nothing measured yet */
	uint32_t snd_una;   /* before the kernel processes the segment */
	uint32_t snd_nxt;
	bool hideable; /* a thread of PID 1 was running: on the CI machine no BPF program runs then */
};

struct rtt_log {
	struct rtt_probe *items; /* by time; free() it */
	size_t count;
};

struct rtt_witness;

/* Returns NULL and a reason if this machine has no tracefs. */
struct rtt_witness *rtt_witness_new(unsigned int buffer_kb_per_cpu, const char **ret_why);
void rtt_witness_free(struct rtt_witness *witness);

/*
 * Records segments with a local or remote port in this range. Without a limit, the events of others could fill the
 * buffer.
 */
void rtt_witness_start(struct rtt_witness *witness, uint16_t first_port, uint16_t last_port);
void rtt_witness_stop(struct rtt_witness *witness, struct rtt_log *ret_log);

#endif

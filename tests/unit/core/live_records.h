/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections for the tests of the live view. */
#ifndef TCPVITALS_TEST_LIVE_RECORDS_H
#define TCPVITALS_TEST_LIVE_RECORDS_H

#include "abi/connection.h"
#include "core/live.h"
#include "text.h"

#include <stdio.h>

#define SECOND 1000000000ULL

/*
 * An open connection: number `number`, at `second`. It belongs to a process of its own name and pid, and begins at 1 s.
 */
static inline struct connection live_record(unsigned int number, unsigned int second)
{
	struct connection connection = {
		.end = {.cookie = 1000 + number,
			.time_ns = second * SECOND,
			.duration_ns = (second - 1) * SECOND,
			.owner = {.cgroup_id = 70 + number, .pid = 300 + number, .source = OWNER_ACCEPT},
			.laddr = {10, 0, 0, 1},
			.raddr = {192, 0, (uint8_t)(2 + number), 9},
			.netns = 4026531840,
			.uid = 33,
			.lport = 443,
			.rport = (uint16_t)(50000 + number),
			.ip_version = 4,
			.oldstate = STATE_ESTABLISHED,
			.newstate = STATE_ESTABLISHED,
			.flags = TRANSITION_SCAN,
			.syn_retrans = SYN_RETRANS_NONE},
		.life = {.start_ns = SECOND,
			 .in_state_ns = {[STATE_ESTABLISHED] = (second - 1) * SECOND},
			 .role = ROLE_SERVER,
			 .syn_retrans = SYN_RETRANS_NONE},
		.min_rtt_us = MIN_RTT_UNKNOWN,
		.rto_count = RTO_UNKNOWN,
		.rto_recoveries = RTO_UNKNOWN,
		.rto_ms = RTO_UNKNOWN,
		.cwnd = 10,
		.ssthresh = SSTHRESH_INFINITE,
		.mss = 1448,
		.congestion = "cubic",
	};

	snprintf(connection.end.owner.comm, sizeof(connection.end.owner.comm), "app%u", number);
	return connection;
}

/* The same at its end. */
static inline struct connection live_ended(unsigned int number, unsigned int second)
{
	struct connection connection = live_record(number, second);

	connection.end.flags = 0;
	connection.end.newstate = STATE_CLOSE;
	connection.end.cause = CAUSE_RESET_RECEIVED;
	return connection;
}

/* A pass that finds these connections. */
static inline void live_pass(struct live *live, unsigned int second, const struct connection *records, size_t count)
{
	live_pass_begin(live, second * SECOND);
	for (size_t i = 0; i < count; i++)
		live_take(live, &records[i]);
	live_pass_end(live);
}

#endif

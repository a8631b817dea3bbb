/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The values that tell what limited one side of a connection, from three sources: TCP_INFO (the witness), the JSON of
 * tcpstates -c, and the probe's own records.
 */
#ifndef TESTS_KERNEL_LIMIT_VALUES_H
#define TESTS_KERNEL_LIMIT_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/connection.h"
#include "tool.h"

enum limit_value {
	LIMIT_BYTES_SENT,
	LIMIT_BYTES_ACKED,
	LIMIT_BYTES_RECEIVED,
	LIMIT_BYTES_RETRANS,
	LIMIT_SEGS_OUT,
	LIMIT_SEGS_IN,
	LIMIT_RETRANSMITS,
	LIMIT_SEGS_LOST,
	LIMIT_DSACK_DUPS,
	LIMIT_REORD_SEEN,
	LIMIT_DELIVERED,
	LIMIT_DELIVERED_CE,
	LIMIT_ZERO_WINDOWS,
	LIMIT_RTO,
	LIMIT_RTO_RECOVERIES,
	LIMIT_RTO_US,
	LIMIT_BUSY_US,
	LIMIT_RWND_LIMITED_US,
	LIMIT_SNDBUF_LIMITED_US,
	LIMIT_IDLE_US,
	LIMIT_DELIVERY_RATE,
	LIMIT_DELIVERY_APP_LIMITED,
	LIMIT_CWND,
	LIMIT_SSTHRESH,
	LIMIT_MSS,
	LIMIT_RCV_RTT_US,
	LIMIT_SACK,
	LIMIT_TIMESTAMPS,
	LIMIT_WINDOW_SCALING,
	LIMIT_ECN,
	LIMIT_VALUES
};

#define LIMIT_NULL     INT64_C(-1) /* the source says that the value is unknown, or infinite */
#define LIMIT_NOT_TOLD INT64_C(-2) /* the source does not have this value */

struct limit_values {
	int64_t is[LIMIT_VALUES];
	int64_t able_us;     /* time in the states in which data can be sent; not of TCP_INFO */
	char limited_by[24]; /* of JSON only; empty for null */
	char congestion[CONGESTION_NAME_LEN];
	char role[8]; /* empty for null */
};

/* Reads TCP_INFO and TCP_CONGESTION. */
struct limit_values limit_values_of_socket(int fd);

struct limit_values limit_values_of_record(const struct connection *record);

/*
 * Reads the record of the side with this local port from the output of `tcpstates -c -o json`: the first one, or the
 * one after `skip` others. Fails the test if there is none.
 */
struct limit_values limit_values_of_tool(const struct tool *tool, uint16_t local_port, unsigned int skip);

/*
 * Fails the test unless the record agrees with a reading of a quiet connection, just before its end. Equal, but for
 * `segments` more of the segments in or out.
 */
void limit_values_agree(const struct limit_values *reading, const struct limit_values *record, unsigned int segments);

/* Fails the test unless no counter and no time of the record is less than that of the reading. */
void limit_values_follow(const struct limit_values *reading, const struct limit_values *record);

/* Fails the test unless the record has this value. */
void limit_value_expect(const struct limit_values *record, enum limit_value value, int64_t expected);

/* All values as text, for messages, in a static buffer. */
const char *limit_values_text(const struct limit_values *values);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One line of tcpvitals-json(5): the members of a JSON object that a row is made of, as text. Checks that the line is
 * JSON (RFC 8259, UTF-8), and that no member is there twice. Members that are not in the list are passed over.
 */
#ifndef TCPVITALS_REPLAY_MEMBERS_H
#define TCPVITALS_REPLAY_MEMBERS_H

#include "abi/connection.h"
#include "core/parse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest line, without its newline. */
#define MEMBERS_LINE_MAX 65535

/* In the order of the rows, so that the next member is mostly the next in the list. */
#define MEMBERS(X)                                                                                                     \
	X(V, "v")                                                                                                      \
	X(TYPE, "type")                                                                                                \
	X(TIME, "time")                                                                                                \
	X(COOKIE, "cookie")                                                                                            \
	X(CONN_SEQ, "conn_seq")                                                                                        \
	X(SKADDR, "skaddr")                                                                                            \
	X(PID, "pid")                                                                                                  \
	X(PID_HOST, "pid_host")                                                                                        \
	X(COMM, "comm")                                                                                                \
	X(OWNER, "owner")                                                                                              \
	X(UID, "uid")                                                                                                  \
	X(NETNS, "netns")                                                                                              \
	X(CGROUP_ID, "cgroup_id")                                                                                      \
	X(FAMILY, "family")                                                                                            \
	X(LADDR, "laddr")                                                                                              \
	X(LPORT, "lport")                                                                                              \
	X(RADDR, "raddr")                                                                                              \
	X(RPORT, "rport")                                                                                              \
	X(IFINDEX, "ifindex")                                                                                          \
	X(MPTCP_TOKEN, "mptcp_token")                                                                                  \
	X(ROLE, "role")                                                                                                \
	X(START, "start")                                                                                              \
	X(TOTAL_US, "total_us")                                                                                        \
	X(STATES_US, "states_us")                                                                                      \
	X(BYTES_SENT, "bytes_sent")                                                                                    \
	X(BYTES_ACKED, "bytes_acked")                                                                                  \
	X(BYTES_RECEIVED, "bytes_received")                                                                            \
	X(SEGS_OUT, "segs_out")                                                                                        \
	X(SEGS_IN, "segs_in")                                                                                          \
	X(RETRANSMITS, "retransmits")                                                                                  \
	X(STATE, "state")                                                                                              \
	X(KIND, "kind")                                                                                                \
	X(SEQ, "seq")                                                                                                  \
	X(BYTES, "bytes")                                                                                              \
	X(SEGMENTS, "segments")                                                                                        \
	X(OLDSTATE, "oldstate")                                                                                        \
	X(NEWSTATE, "newstate")                                                                                        \
	X(DURATION_US, "duration_us")                                                                                  \
	X(AT_LEAST_US, "at_least_us")                                                                                  \
	X(SUSPENDED_US, "suspended_us")                                                                                \
	X(SYN_RETRANS, "syn_retrans")                                                                                  \
	X(CAUSE, "cause")                                                                                              \
	X(SRTT_US, "srtt_us")                                                                                          \
	X(MIN_RTT_US, "min_rtt_us")                                                                                    \
	X(RTT_MEAN_US, "rtt_mean_us")                                                                                  \
	X(RTT_SAMPLES, "rtt_samples")                                                                                  \
	X(RCV_RTT_US, "rcv_rtt_us")                                                                                    \
	X(BUSY_US, "busy_us")                                                                                          \
	X(RWND_LIMITED_US, "rwnd_limited_us")                                                                          \
	X(SNDBUF_LIMITED_US, "sndbuf_limited_us")                                                                      \
	X(ZERO_WINDOWS, "zero_windows")                                                                                \
	X(BYTES_RETRANS, "bytes_retrans")                                                                              \
	X(SEGS_LOST, "segs_lost")                                                                                      \
	X(DSACK_DUPS, "dsack_dups")                                                                                    \
	X(REORD_SEEN, "reord_seen")                                                                                    \
	X(RTO, "rto")                                                                                                  \
	X(RTO_RECOVERIES, "rto_recoveries")                                                                            \
	X(RTO_US, "rto_us")                                                                                            \
	X(DELIVERED, "delivered")                                                                                      \
	X(DELIVERED_CE, "delivered_ce")                                                                                \
	X(DELIVERY_RATE, "delivery_rate")                                                                              \
	X(DELIVERY_APP_LIMITED, "delivery_app_limited")                                                                \
	X(CONGESTION, "congestion")                                                                                    \
	X(CWND, "cwnd")                                                                                                \
	X(SSTHRESH, "ssthresh")                                                                                        \
	X(MSS, "mss")                                                                                                  \
	X(SACK, "sack")                                                                                                \
	X(TIMESTAMPS, "timestamps")                                                                                    \
	X(WINDOW_SCALING, "window_scaling")                                                                            \
	X(ECN, "ecn")                                                                                                  \
	X(SINCE, "since")                                                                                              \
	X(FINAL, "final")                                                                                              \
	X(ZONE, "zone")                                                                                                \
	X(CGROUP, "cgroup")                                                                                            \
	X(UNIT, "unit")                                                                                                \
	X(CONTAINER, "container")                                                                                      \
	X(POD, "pod")                                                                                                  \
	X(NETNS_NAME, "netns_name")                                                                                    \
	X(LSERVICE, "lservice")                                                                                        \
	X(RSERVICE, "rservice")

enum member {
#define MEMBER_ID(id, name) MEMBER_##id,
	MEMBERS(MEMBER_ID)
#undef MEMBER_ID
	MEMBER_COUNT
};

enum value_kind {
	VALUE_ABSENT,
	VALUE_NULL,
	VALUE_NUMBER, /* its text */
	VALUE_STRING, /* its bytes, without escapes */
	VALUE_TRUE,
	VALUE_FALSE,
	VALUE_OBJECT, /* of states_us, `states` has the values */
	VALUE_ARRAY
};

struct value {
	enum value_kind kind;
	const char *bytes; /* valid until the next line; no NUL at the end */
	size_t length;
};

struct state_value {
	unsigned int state; /* enum tcp_state */
	struct value value;
};

/* The faults of a line. */
enum fault {
	FAULT_NONE,
	FAULT_NOT_JSON,
	FAULT_CUT_OFF, /* the last line has no newline, and is no JSON */
	FAULT_TOO_LONG,
	FAULT_TWICE, /* a member */
	FAULT_MISSING,
	FAULT_VALUE,
	FAULTS
};

/* The first fault of a line. `why` says what is wrong, as core/parse.h describes. */
struct line_error {
	enum fault fault;
	enum member member; /* of FAULT_MISSING and FAULT_VALUE, else 0 */
	struct parse_error why;
};

struct members {
	struct value values[MEMBER_COUNT];
	struct state_value states[CONNECTION_STATES]; /* of states_us */
	size_t state_count;
	struct line_error error;
	/* Where the parser is. */
	bool is_object;
	unsigned int depth, next;
	int current; /* enum member; -1: a member that is passed over */
	char *text;  /* the bytes of all values, MEMBERS_LINE_MAX */
	size_t text_length;
};

const char *member_name(enum member member);

/* Whether this build has a library for JSON. Without one, members_open() returns -EOPNOTSUPP. */
bool members_are_built(void);

/* Returns 0 or -ENOMEM. Call members_close() afterwards. */
int members_open(struct members *ret);
void members_close(struct members *members);

/* Reads a line of at most MEMBERS_LINE_MAX bytes. Returns 0, or -EINVAL with a fault in members->error; or -ENOMEM. */
int members_read(struct members *members, const char *line, size_t length);

/* Notes a fault, unless there is one. */
void members_fail(struct members *members, enum fault fault, enum member member, const char *why);

#endif

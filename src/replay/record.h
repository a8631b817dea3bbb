/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A line of tcpvitals-json(5) as the record that it was printed from: the structs that cross the ring buffers. */
#ifndef TCPVITALS_REPLAY_RECORD_H
#define TCPVITALS_REPLAY_RECORD_H

#include "abi/connection.h"
#include "abi/retransmission.h"
#include "abi/transition.h"
#include "core/names.h"
#include "core/timestamp.h"
#include "replay/members.h"

/* Bytes of all names of a record but the zone, together. */
#define RECORD_NAMES_MAX 5461

enum record_type {
	RECORD_TRANSITION,
	RECORD_CONNECTION,
	RECORD_RETRANSMISSION,
	/* Rows that are not read: they are only named. */
	RECORD_STUCK,
	RECORD_LISTENER,
	RECORD_LOOK,
	RECORD_LIVE,
	RECORD_LIVE_GROUP,
	RECORD_SUMMARY,
	RECORD_SUM,
	RECORD_RTT,
	RECORD_NOTE, /* no row: "start", "end", and types of newer versions */
	RECORD_TYPES
};

/*
 * CLOCK_REALTIME stands for CLOCK_MONOTONIC: print with `clocks`, not with clocks of this machine. utc_offset_s is the
 * caller's to set.
 */
struct record {
	enum record_type type;
	union {
		struct transition transition; /* each of the others begins with one */
		struct connection connection;
		struct retransmission retransmission;
	};
	uint64_t from_ns; /* of a part: when it began, 0 for the first one */
	bool is_part;
	uint8_t cause; /* enum cause, of the transition or of the whole connection */
	uint8_t role;  /* enum connection_role, of a connection */
	/* Offset of the clock at the beginning of a connection; 0, unless the clock was set later. */
	int64_t start_offset_ns;
	struct names names; /* `asked`: those that the line has. Valid until the next line */
};

/* Returns "transition", ...; NULL for RECORD_NOTE. */
const char *record_type_name(enum record_type type);

/* Finds the type of a line that members_read() has read. Returns 0, or -EINVAL with a fault in members->error. */
int record_type_of(struct members *members, enum record_type *ret);

/* Reads a line of one of the first three types. Returns 0, or -EINVAL with a fault in members->error. */
int record_read(struct members *members, enum record_type type, struct record *ret);

/* record_read() for a connection, when the socket has been read (connection.c). */
void record_read_connection(struct members *members, struct record *record);

/* Prepares `clocks` for the record, with the local time of `utc_offset_s`. */
void record_set_clocks(const struct record *record, int32_t utc_offset_s, struct clock_history *clocks);

#endif

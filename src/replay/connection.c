/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the record of a connection: finds the kernel's counters behind the values that are shown. */
#include "core/connection.h"
#include "core/cause.h"
#include "core/role.h"
#include "replay/record.h"
#include "replay/value.h"

#include <string.h>

static const char *role_word(unsigned int role)
{
	return role == ROLE_UNKNOWN ? NULL : role_name(role);
}

static const char *cause_word(unsigned int cause)
{
	return cause_name(cause);
}

/* ---- the times --------------------------------------------------------------------------------------------------- */

/*
 * The times of day have microseconds, the time between them has ns. Chooses the ns that the end had beyond its
 * microsecond so that both times are as shown. There are none if the clock was set in between: then the beginning has
 * an offset of its own.
 */
static void place_start(struct record *record, uint64_t start_us_ns, uint64_t total_ns)
{
	struct connection *connection = &record->connection;
	__u64 *end_ns = &connection->end.time_ns;
	int64_t later_ns = (int64_t)(start_us_ns - (*end_ns - total_ns));

	if (later_ns > 0 && later_ns < 1000)
		*end_ns += (uint64_t)later_ns;
	connection->life.start_ns = *end_ns - total_ns;
	if (later_ns <= -1000 || later_ns >= 1000)
		record->start_offset_ns = later_ns;
}

static void read_times(struct members *members, struct record *record)
{
	struct connection *connection = &record->connection;
	struct life *life = &connection->life;
	uint64_t end_ns = connection->end.time_ns, total_ns;

	if (value_is_known(members, MEMBER_START)) {
		uint64_t start_ns = value_time(members, MEMBER_START);

		total_ns = value_ns(members, MEMBER_TOTAL_US);
		if (total_ns < end_ns)
			place_start(record, start_ns, total_ns);
		else if (!members->error.fault)
			members_fail(members, FAULT_VALUE, MEMBER_TOTAL_US, "the connection began before 1970");
	} else if (value_is_known(members, MEMBER_AT_LEAST_US)) {
		total_ns = value_ns(members, MEMBER_AT_LEAST_US);
		life->is_old = true;
		life->start_ns = total_ns < end_ns ? end_ns - total_ns : 0;
	}
	if (value_must_be_known(members, MEMBER_STATES_US) && members->values[MEMBER_STATES_US].kind != VALUE_OBJECT)
		members_fail(members, FAULT_VALUE, MEMBER_STATES_US, "not an object");
	for (size_t i = 0; i < members->state_count; i++)
		life->in_state_ns[members->states[i].state] = value_state_ns(members, &members->states[i].value);
}

static void read_busy(struct members *members, struct connection *connection)
{
	uint64_t busy_ns = value_ns(members, MEMBER_BUSY_US);
	uint64_t rwnd_ns = value_ns(members, MEMBER_RWND_LIMITED_US);
	uint64_t sndbuf_ns = value_ns(members, MEMBER_SNDBUF_LIMITED_US);

	if (rwnd_ns > busy_ns || sndbuf_ns > busy_ns - rwnd_ns)
		members_fail(members, FAULT_VALUE, MEMBER_BUSY_US, "less than rwnd_limited_us and sndbuf_limited_us");
	connection->chrono_ns[CHRONO_RWND] = rwnd_ns;
	connection->chrono_ns[CHRONO_SEND_BUFFER] = sndbuf_ns;
	connection->chrono_ns[CHRONO_BUSY] = busy_ns - rwnd_ns - sndbuf_ns;
}

/* ---- the delivery rate ------------------------------------------------------------------------------------------- */

struct fraction {
	uint64_t above, below;
};

/*
 * Returns the simplest fraction above `low` and up to `high`, or with `is_low` from `low` to below `high`; above / 0 is
 * infinite. A step of a continued fraction: the whole part, then the rest turned over, in which low and high change
 * places. Returns above 0 / 0 if there is none.
 */
static struct fraction simplest(struct fraction low, struct fraction high, bool is_low, unsigned int depth)
{
	uint64_t whole = low.above / low.below, least = is_low ? whole + (low.above % low.below != 0) : whole + 1;
	struct fraction rest;

	/* The least whole number that `low` allows. */
	if (!high.below || (is_low ? least < high.above / high.below + (high.above % high.below != 0)
				   : least <= high.above / high.below))
		return (struct fraction){least, 1};
	if (!depth)
		return (struct fraction){};
	rest = simplest((struct fraction){high.below, high.above - whole * high.below},
			(struct fraction){low.below, low.above - whole * low.below}, !is_low, depth - 1);
	return (struct fraction){whole * rest.above + rest.below, rest.above};
}

/*
 * Finds a measurement, of segments in microseconds, with this rate in bytes a second. The real one is unknown, and not
 * shown anywhere: connection_delivery_rate() is all that is made of it.
 */
static void read_rate(struct members *members, struct connection *connection)
{
	uint64_t rate = value_number_or(members, MEMBER_DELIVERY_RATE, INT64_MAX, 0);
	uint64_t bytes_us = connection->mss * 1000000ULL;
	struct fraction time = {};

	if (!rate)
		return;
	/* us / segments: rate <= bytes_us * segments / us < rate + 1 */
	if (bytes_us)
		time = simplest((struct fraction){bytes_us, rate + 1}, (struct fraction){bytes_us, rate}, false, 100);
	if (time.above <= UINT32_MAX && time.below <= UINT32_MAX) {
		connection->rate_interval_us = (uint32_t)time.above;
		connection->rate_delivered = (uint32_t)time.below;
	}
	if (connection_delivery_rate(connection) != rate)
		members_fail(members, FAULT_VALUE, MEMBER_DELIVERY_RATE, "no such rate with mss and delivered");
}

/* ---- the counters ------------------------------------------------------------------------------------------------ */

static uint32_t read_u32(struct members *members, enum member member)
{
	return (uint32_t)value_number(members, member, UINT32_MAX);
}

static uint32_t read_u32_or(struct members *members, enum member member, uint32_t unknown)
{
	return (uint32_t)value_number_or(members, member, UINT32_MAX, unknown);
}

static void read_counters(struct members *members, struct connection *connection)
{
	connection->bytes_sent = value_number(members, MEMBER_BYTES_SENT, UINT64_MAX);
	connection->bytes_acked = value_number(members, MEMBER_BYTES_ACKED, UINT64_MAX);
	connection->bytes_received = value_number(members, MEMBER_BYTES_RECEIVED, UINT64_MAX);
	connection->bytes_retrans = value_number(members, MEMBER_BYTES_RETRANS, UINT64_MAX);
	connection->segs_out = read_u32(members, MEMBER_SEGS_OUT);
	connection->segs_in = read_u32(members, MEMBER_SEGS_IN);
	connection->retransmits = read_u32(members, MEMBER_RETRANSMITS);
	connection->life.syn_retrans =
		(uint8_t)value_number_or(members, MEMBER_SYN_RETRANS, SYN_RETRANS_NONE - 1, SYN_RETRANS_NONE);
	connection->life.zero_windows = read_u32(members, MEMBER_ZERO_WINDOWS);
	connection->lost = read_u32(members, MEMBER_SEGS_LOST);
	connection->dsack_dups = read_u32(members, MEMBER_DSACK_DUPS);
	connection->reord_seen = read_u32(members, MEMBER_REORD_SEEN);
	connection->delivered = read_u32(members, MEMBER_DELIVERED);
	connection->delivered_ce = read_u32(members, MEMBER_DELIVERED_CE);
	connection->rto_count = read_u32_or(members, MEMBER_RTO, RTO_UNKNOWN);
	connection->rto_recoveries = read_u32_or(members, MEMBER_RTO_RECOVERIES, RTO_UNKNOWN);
	connection->rto_ms = RTO_UNKNOWN;
	if (value_is_known(members, MEMBER_RTO_US)) {
		uint64_t ms = value_ns(members, MEMBER_RTO_US) / 1000000;

		if (ms >= RTO_UNKNOWN)
			members_fail(members, FAULT_VALUE, MEMBER_RTO_US, "more than 49 days");
		connection->rto_ms = (uint32_t)ms;
	}
}

static void read_rtt(struct members *members, struct connection *connection)
{
	uint64_t mean_ns = value_ns_or(members, MEMBER_RTT_MEAN_US, 0), sum_ns;

	connection->srtt_us = read_u32_or(members, MEMBER_SRTT_US, 0);
	connection->min_rtt_us = read_u32_or(members, MEMBER_MIN_RTT_US, MIN_RTT_UNKNOWN);
	connection->rcv_rtt_us = read_u32_or(members, MEMBER_RCV_RTT_US, 0);
	connection->life.rtt_samples = read_u32(members, MEMBER_RTT_SAMPLES);
	/* The mean is rounded down: the sum is the least one with this mean. */
	if (__builtin_mul_overflow(mean_ns, connection->life.rtt_samples, &sum_ns))
		members_fail(members, FAULT_VALUE, MEMBER_RTT_MEAN_US, "too long for so many samples");
	else
		connection->life.rtt_sum_us = sum_ns / 1000 + (sum_ns % 1000 != 0);
}

static void read_path(struct members *members, struct connection *connection)
{
	static const struct {
		enum member member;
		unsigned int bit;
	} options[] = {
		{MEMBER_SACK, CONNECTION_SACK},
		{MEMBER_TIMESTAMPS, CONNECTION_TIMESTAMPS},
		{MEMBER_WINDOW_SCALING, CONNECTION_WINDOW_SCALING},
		{MEMBER_ECN, CONNECTION_ECN},
		{MEMBER_DELIVERY_APP_LIMITED, CONNECTION_RATE_APP_LIMITED},
	};

	if (value_is_known(members, MEMBER_CONGESTION))
		value_field(members, MEMBER_CONGESTION, connection->congestion, sizeof(connection->congestion));
	connection->cwnd = read_u32(members, MEMBER_CWND);
	connection->ssthresh = read_u32_or(members, MEMBER_SSTHRESH, SSTHRESH_INFINITE);
	connection->mss = read_u32(members, MEMBER_MSS);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (value_bool_or_false(members, options[i].member))
			connection->options |= options[i].bit;
	read_rate(members, connection);
}

void record_read_connection(struct members *members, struct record *record)
{
	struct connection *connection = &record->connection;
	struct transition *end = &connection->end;

	if (value_is_known(members, MEMBER_ROLE))
		record->role = value_word(members, MEMBER_ROLE, role_word, ROLES);
	connection->life.role = record->role;
	end->oldstate = value_state(members, MEMBER_OLDSTATE);
	end->newstate = STATE_CLOSE;
	end->duration_ns = DURATION_UNKNOWN;
	end->syn_retrans = SYN_RETRANS_NONE;
	record->is_part = !value_bool(members, MEMBER_FINAL);
	if (record->is_part)
		end->flags = TRANSITION_SCAN;
	else
		/* The word of the whole connection, of which cause_of_connection() makes the same word. */
		end->cause = record->cause = value_word(members, MEMBER_CAUSE, cause_word, CAUSES);
	read_times(members, record);
	/* Before the end, all moments have the offset of the beginning. */
	if (value_is_known(members, MEMBER_SINCE))
		record->from_ns = value_time(members, MEMBER_SINCE) - (uint64_t)record->start_offset_ns;
	read_busy(members, connection);
	read_counters(members, connection);
	read_rtt(members, connection);
	read_path(members, connection);
}

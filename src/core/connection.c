/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/connection.h"

/* States in which data can be sent, or is still on its way. */
static const uint8_t able_states[] = {STATE_ESTABLISHED, STATE_CLOSE_WAIT, STATE_FIN_WAIT1, STATE_CLOSING,
				      STATE_LAST_ACK};

uint64_t connection_total_ns(const struct connection *connection)
{
	uint64_t start_ns = connection->life.start_ns;

	return start_ns && start_ns < connection->end.time_ns ? connection->end.time_ns - start_ns : 0;
}

bool connection_is_whole(const struct connection *connection)
{
	return connection->life.start_ns && !connection->life.is_old;
}

bool connection_is_final(const struct connection *connection, uint64_t from_ns)
{
	return !from_ns && !(connection->end.flags & TRANSITION_SCAN);
}

uint64_t connection_busy_ns(const struct connection *connection)
{
	uint64_t busy_ns = 0;

	for (unsigned int i = 0; i < CHRONOS; i++)
		busy_ns += connection->chrono_ns[i];
	return busy_ns;
}

static uint64_t able_ns(const struct connection *connection)
{
	uint64_t sum_ns = 0;

	for (unsigned int i = 0; i < sizeof(able_states); i++)
		sum_ns += connection->life.in_state_ns[able_states[i]];
	return sum_ns;
}

/* Whether the times in states are about the same time as the kernel's counters. */
static bool is_known(const struct connection *connection, uint64_t from_ns)
{
	return from_ns || connection_is_whole(connection);
}

bool connection_idle_ns(const struct connection *connection, uint64_t from_ns, uint64_t *ret)
{
	uint64_t able = able_ns(connection), busy = connection_busy_ns(connection);

	if (!is_known(connection, from_ns))
		return false;
	*ret = able > busy ? able - busy : 0;
	return true;
}

/* Bytes sent again without those that the peer had twice, by its DSACKs. */
static uint64_t bytes_lost(const struct connection *connection)
{
	uint64_t spurious = (uint64_t)connection->dsack_dups * connection->mss;

	return connection->bytes_retrans > spurious ? connection->bytes_retrans - spurious : 0;
}

/* The kernel's time in retransmission timeouts, which a SYN's belong to: if there was one of these, it is unknown. */
static uint64_t timer_ns(const struct connection *connection)
{
	uint8_t syns = connection->life.syn_retrans;

	if (connection->rto_ms == RTO_UNKNOWN || (syns && syns != SYN_RETRANS_NONE))
		return 0;
	return connection->rto_ms * 1000000ULL;
}

enum limited_by connection_limit(const struct connection *connection, uint64_t from_ns)
{
	return limit_judge(&(struct limit_evidence){
		.is_known = is_known(connection, from_ns),
		.able_ns = able_ns(connection),
		.window_ns = connection->chrono_ns[CHRONO_RWND],
		.send_buffer_ns = connection->chrono_ns[CHRONO_SEND_BUFFER],
		.busy_ns = connection->chrono_ns[CHRONO_BUSY],
		.timer_ns = timer_ns(connection),
		.bytes_sent = connection->bytes_sent,
		.bytes_lost = bytes_lost(connection),
	});
}

uint64_t connection_delivery_rate(const struct connection *connection)
{
	if (!connection->rate_delivered || !connection->rate_interval_us || !connection->delivered)
		return 0;
	return (uint64_t)connection->rate_delivered * connection->mss * 1000000 / connection->rate_interval_us;
}

bool connection_has_agreed(const struct connection *connection)
{
	return connection->end.oldstate != STATE_SYN_SENT;
}

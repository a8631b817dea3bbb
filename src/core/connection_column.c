/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/connection_column.h"

#include "core/cause.h"
#include "core/connection.h"
#include "core/duration.h"
#include "core/escape.h"
#include "core/role.h"
#include "core/tcp_state.h"

#include <string.h>

#define KIB 1024

/* A column with a counter that is always known. */
#define COUNTER(function, value)                                                                                       \
	char *connection_column_##function(char *at, struct row *row)                                                  \
	{                                                                                                              \
		return append_u64(at, row->connection->value);                                                         \
	}

/* A column with a number that is unknown where `known` is false. */
#define NUMBER(function, known, value)                                                                                 \
	char *connection_column_##function(char *at, struct row *row)                                                  \
	{                                                                                                              \
		const struct connection *c = row->connection;                                                          \
                                                                                                                       \
		return column_append_known(at, row, known, value);                                                     \
	}

COUNTER(tx, bytes_acked)
COUNTER(rx, bytes_received)
COUNTER(tx_kb, bytes_acked / KIB)
COUNTER(rx_kb, bytes_received / KIB)
COUNTER(segs_out, segs_out)
COUNTER(segs_in, segs_in)
COUNTER(retrans, retransmits)
COUNTER(retrans_bytes, bytes_retrans)
COUNTER(lost, lost)
COUNTER(dsack, dsack_dups)
COUNTER(reorder, reord_seen)
COUNTER(ce, delivered_ce)
COUNTER(zerowin, life.zero_windows)
COUNTER(cwnd, cwnd)
COUNTER(mss, mss)
NUMBER(syns_retrans, c->life.role != ROLE_UNKNOWN && c->life.syn_retrans != SYN_RETRANS_NONE, c->life.syn_retrans)
NUMBER(rto, c->rto_count != RTO_UNKNOWN, c->rto_count)
NUMBER(srtt_us, c->srtt_us, c->srtt_us)
NUMBER(minrtt_us, c->srtt_us && c->min_rtt_us != MIN_RTT_UNKNOWN, c->min_rtt_us)
NUMBER(rcvrtt_us, c->rcv_rtt_us, c->rcv_rtt_us)
NUMBER(ssthresh, c->ssthresh < SSTHRESH_INFINITE, c->ssthresh)
NUMBER(rate, connection_delivery_rate(c), connection_delivery_rate(c))

char *connection_column_start(char *at, struct row *row)
{
	if (!connection_is_whole(row->connection))
		return column_append_unknown(at, row);
	return timestamp_append_utc(at, row->base, row->connection->life.start_ns);
}

char *connection_column_role(char *at, struct row *row)
{
	uint8_t role = row->connection->life.role;
	const char *name = role_name(role);

	if (role == ROLE_UNKNOWN || role >= ROLES)
		return column_append_unknown(at, row);
	return append_bytes(at, name, strlen(name));
}

static char *append_ms(char *at, const struct row *row, bool known, uint64_t ns)
{
	return known ? duration_append_ms(at, ns) : column_append_unknown(at, row);
}

char *connection_column_total_ms(char *at, struct row *row)
{
	return append_ms(at, row, connection_is_whole(row->connection), connection_total_ns(row->connection));
}

char *connection_column_rto_ms(char *at, struct row *row)
{
	uint32_t ms = row->connection->rto_ms;

	return append_ms(at, row, ms != RTO_UNKNOWN, ms * 1000000ULL);
}

char *connection_column_busy_ms(char *at, struct row *row)
{
	return duration_append_ms(at, connection_busy_ns(row->connection));
}

char *connection_column_rwnd_ms(char *at, struct row *row)
{
	return duration_append_ms(at, row->connection->chrono_ns[CHRONO_RWND]);
}

char *connection_column_sndbuf_ms(char *at, struct row *row)
{
	return duration_append_ms(at, row->connection->chrono_ns[CHRONO_SEND_BUFFER]);
}

char *connection_column_idle_ms(char *at, struct row *row)
{
	uint64_t idle_ns = 0;
	bool known = connection_idle_ns(row->connection, row->from_ns, &idle_ns);

	return append_ms(at, row, known, idle_ns);
}

char *connection_column_congestion(char *at, struct row *row)
{
	const char *name = row->connection->congestion;
	size_t length = strnlen(name, CONGESTION_NAME_LEN);
	struct strbuf out = strbuf_over(at, ESCAPED_MAX * CONGESTION_NAME_LEN + strlen("\"\""));

	if (!length)
		return column_append_unknown(at, row);
	if (row->style == COLUMN_STYLE_CSV)
		escape_csv(&out, name, length);
	else
		escape_name(&out, name, length, CONGESTION_NAME_LEN, row->width);
	return at + out.length;
}

char *connection_column_options(char *at, struct row *row)
{
	static const struct label words[] = {LABEL("sack"), LABEL("ts"), LABEL("wscale"), LABEL("ecn")};
	char *begin = at;

	if (!connection_has_agreed(row->connection))
		return column_append_unknown(at, row);
	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(row->connection->options >> i & 1))
			continue;
		if (at > begin)
			at = append_char(at, '+');
		at = append_label(at, &words[i]);
	}
	return at > begin ? at : append_literal(at, "none");
}

/* An orderly end is named after the side that closed first: TIME_WAIT is the end of a socket, not of a connection. */
char *connection_column_end(char *at, struct row *row)
{
	const struct transition *end = &row->connection->end;

	if (!connection_is_final(row->connection, row->from_ns))
		return tcp_state_append(at, end->oldstate);
	return cause_append(at, cause_of_connection(end->cause, end->oldstate));
}

char *connection_column_limit(char *at, struct row *row)
{
	const char *name = limit_name(connection_limit(row->connection, row->from_ns));

	return name ? append_bytes(at, name, strlen(name)) : column_append_unknown(at, row);
}

char *connection_column_final(char *at, struct row *row)
{
	return connection_is_final(row->connection, row->from_ns) ? append_literal(at, "true")
								  : append_literal(at, "false");
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/connection.h"

#include "core/append.h"
#include "core/cause.h"
#include "core/connection.h"
#include "core/duration.h"
#include "core/role.h"
#include "core/tcp_state.h"
#include "output/csv.h"
#include "output/json.h"
#include "output/table.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static struct row row_for(enum column_style style, const struct connection_line *line)
{
	struct row row = row_of(style, &line->connection->end, line->names, line->base);

	row.connection = line->connection;
	row.from_ns = line->from_ns;
	return row;
}

void connection_text(struct strbuf *out, const struct column_list *columns, enum column_style style,
		     const struct connection_line *line)
{
	struct row row = row_for(style, line);

	table_record(out, columns, &row);
}

void connection_csv(struct strbuf *out, const struct column_list *columns, const struct connection_line *line)
{
	struct row row = row_for(COLUMN_STYLE_CSV, line);

	csv_record(out, columns, &row);
}

/* Append a key such as `,"retransmits":` and a value, or null for an unknown one, as core/append.h describes. */
#define append_member(at, key, known, value) append_u64_or_null(append_literal((at), ",\"" key "\":"), known, value)
#define append_member_us(at, key, known, ns) append_us_or_null(append_literal((at), ",\"" key "\":"), known, ns)

static char *append_u64_or_null(char *at, bool known, uint64_t value)
{
	return known ? append_u64(at, value) : append_literal(at, "null");
}

static char *append_us_or_null(char *at, bool known, uint64_t ns)
{
	return known ? duration_append_us(at, ns) : append_literal(at, "null");
}

/* The same for a number that mostly has one digit, for a word, and for a bool. */
#define append_few(at, key, value) append_small(append_literal((at), ",\"" key "\":"), value)
#define append_word(at, key, word) append_word_or_null(append_literal((at), ",\"" key "\":"), word)
#define append_bool(at, key, known, is)                                                                                \
	append_label(append_literal((at), ",\"" key "\":"), &bools[!(known) ? 2 : !!(is)])

static const struct label bools[] = {LABEL("false"), LABEL("true"), LABEL("null")};

static char *append_string(char *at, const char *text)
{
	return append_bytes(at, text, strlen(text));
}

static char *append_word_or_null(char *at, const char *word)
{
	return word ? append_char(append_string(append_char(at, '"'), word), '"') : append_literal(at, "null");
}

/* Returns NULL for an unknown role. */
static const char *role_of(const struct connection *connection)
{
	uint8_t role = connection->life.role;

	return role == ROLE_UNKNOWN || role >= ROLES ? NULL : role_name(role);
}

static char *append_start(char *at, const struct connection *connection, const struct timebase *base)
{
	if (!connection_is_whole(connection))
		return append_literal(at, ",\"start\":null");
	at = append_literal(at, ",\"start\":\"");
	return append_char(timestamp_append_utc(at, base, connection->life.start_ns), '"');
}

static char *append_states(char *at, const struct life *life)
{
	const char *begin;

	at = append_literal(at, ",\"states_us\":{");
	begin = at;
	for (unsigned int state = 0; state < CONNECTION_STATES; state++) {
		if (!life->in_state_ns[state])
			continue;
		if (at > begin)
			at = append_char(at, ',');
		at = tcp_state_append(append_char(at, '"'), state);
		at = duration_append_us(append_literal(at, "\":"), life->in_state_ns[state]);
	}
	return append_char(at, '}');
}

static char *append_times(char *at, const struct connection *connection, const struct timebase *base)
{
	uint64_t suspended_ns;

	at = append_start(at, connection, base);
	at = append_member_us(at, "total_us", connection_is_whole(connection), connection_total_ns(connection));
	if (connection->life.is_old)
		at = append_member_us(at, "at_least_us", true, connection_total_ns(connection));
	suspended_ns =
		clock_history_suspended_ns(&base->clocks, connection->end.time_ns, connection_total_ns(connection));
	if (suspended_ns)
		at = json_append_suspended(at, suspended_ns);
	return append_states(at, &connection->life);
}

static char *append_counters(char *at, const struct connection *connection)
{
	const struct life *life = &connection->life;

	at = append_member(at, "bytes_sent", true, connection->bytes_sent);
	at = append_member(at, "bytes_acked", true, connection->bytes_acked);
	at = append_member(at, "bytes_received", true, connection->bytes_received);
	at = append_member(at, "segs_out", true, connection->segs_out);
	at = append_member(at, "segs_in", true, connection->segs_in);
	at = append_member(at, "retransmits", true, connection->retransmits);
	return append_member(at, "syn_retrans", life->role != ROLE_UNKNOWN && life->syn_retrans != SYN_RETRANS_NONE,
			     life->syn_retrans);
}

static char *append_timeouts(char *at, const struct connection *connection)
{
	at = append_few(at, "rto", connection->rto_count);
	at = append_few(at, "rto_recoveries", connection->rto_recoveries);
	return append_member_us(at, "rto_us", true, connection->rto_ms * 1000000ULL);
}

/* Losses, and what the sender took for losses. */
static char *append_losses(char *at, const struct connection *connection)
{
	at = append_few(at, "bytes_retrans", connection->bytes_retrans);
	at = append_few(at, "segs_lost", connection->lost);
	at = append_few(at, "dsack_dups", connection->dsack_dups);
	at = append_few(at, "reord_seen", connection->reord_seen);
	if (connection->rto_ms == RTO_UNKNOWN)
		at = append_literal(at, ",\"rto\":null,\"rto_recoveries\":null,\"rto_us\":null");
	else
		at = append_timeouts(at, connection);
	at = append_member(at, "delivered", true, connection->delivered);
	return append_few(at, "delivered_ce", connection->delivered_ce);
}

static char *append_rtt(char *at, const struct connection *connection)
{
	const struct life *life = &connection->life;
	uint32_t samples = life->rtt_samples;

	at = append_member(at, "srtt_us", connection->srtt_us, connection->srtt_us);
	at = append_member(at, "min_rtt_us", connection->srtt_us && connection->min_rtt_us != MIN_RTT_UNKNOWN,
			   connection->min_rtt_us);
	at = append_member_us(at, "rtt_mean_us", samples, samples ? life->rtt_sum_us * 1000 / samples : 0);
	at = append_member(at, "rtt_samples", true, samples);
	return append_member(at, "rcv_rtt_us", connection->rcv_rtt_us, connection->rcv_rtt_us);
}

/* The verdict, and the times that it compares. */
static char *append_limits(char *at, const struct connection *connection, uint64_t from_ns)
{
	uint64_t idle_ns = 0;
	bool known = connection_idle_ns(connection, from_ns, &idle_ns);

	at = append_word(at, "limited_by", limit_name(connection_limit(connection, from_ns)));
	at = append_member_us(at, "busy_us", true, connection_busy_ns(connection));
	at = append_member_us(at, "rwnd_limited_us", true, connection->chrono_ns[CHRONO_RWND]);
	at = append_member_us(at, "sndbuf_limited_us", true, connection->chrono_ns[CHRONO_SEND_BUFFER]);
	at = append_member_us(at, "idle_us", known, idle_ns);
	return append_few(at, "zero_windows", connection->life.zero_windows);
}

static char *append_congestion(char *at, const struct connection *connection)
{
	if (!connection->congestion[0])
		return append_literal(at, ",\"congestion\":null");
	return append_char(json_append_field(append_literal(at, ",\"congestion\":\""), connection->congestion), '"');
}

/* The sender's state at the end, and the options of both sides. */
static char *append_path(char *at, const struct connection *connection)
{
	uint64_t rate = connection_delivery_rate(connection);
	bool agreed = connection_has_agreed(connection);
	uint32_t options = connection->options;

	at = append_member(at, "delivery_rate", rate, rate);
	at = append_bool(at, "delivery_app_limited", rate, options & CONNECTION_RATE_APP_LIMITED);
	at = append_congestion(at, connection);
	at = append_member(at, "cwnd", true, connection->cwnd);
	at = append_member(at, "ssthresh", connection->ssthresh < SSTHRESH_INFINITE, connection->ssthresh);
	at = append_member(at, "mss", true, connection->mss);
	at = append_bool(at, "sack", agreed, options & CONNECTION_SACK);
	at = append_bool(at, "timestamps", agreed, options & CONNECTION_TIMESTAMPS);
	at = append_bool(at, "window_scaling", agreed, options & CONNECTION_WINDOW_SCALING);
	return append_bool(at, "ecn", agreed, options & CONNECTION_ECN);
}

/* An orderly end is named after the side that closed first: TIME_WAIT is the end of a socket, not of a connection. */
static char *append_end(char *at, const struct connection_line *line)
{
	const struct transition *end = &line->connection->end;
	bool is_final = connection_is_final(line->connection, line->from_ns);

	at = tcp_state_append(append_literal(at, ",\"oldstate\":\""), end->oldstate);
	if (is_final)
		at = append_char(cause_append(append_literal(at, "\",\"cause\":\""),
					      cause_of_connection(end->cause, end->oldstate)),
				 '"');
	else
		at = append_literal(at, "\",\"cause\":null");
	if (line->from_ns) {
		at = timestamp_append_utc(append_literal(at, ",\"since\":\""), line->base, line->from_ns);
		at = append_char(at, '"');
	}
	return append_bool(at, "final", true, is_final);
}

char *connection_append_members(char *at, const struct connection_line *line)
{
	const struct connection *connection = line->connection;

	at = append_word(at, "role", role_of(connection));
	at = append_times(at, connection, line->base);
	at = append_counters(at, connection);
	at = append_rtt(at, connection);
	at = append_limits(at, connection, line->from_ns);
	at = append_losses(at, connection);
	return append_path(at, connection);
}

void connection_json(struct strbuf *out, const struct connection_line *line)
{
	const struct connection *connection = line->connection;
	char *at = strbuf_room(out, ROW_TEXT_MAX);

	if (!at)
		return;
	at = append_literal(at, "{\"v\":1,\"type\":\"connection\",\"time\":\"");
	at = timestamp_append_utc(at, line->base, connection->end.time_ns);
	at = json_append_socket(at, &connection->end);
	at = connection_append_members(at, line);
	at = append_end(at, line);
	strbuf_end(out, append_literal(at, "}\n"));
}

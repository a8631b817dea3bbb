/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/connection.h"

#include "core/append.h"
#include "core/cause.h"
#include "core/duration.h"
#include "core/tcp_state.h"
#include "output/json.h"
#include "output/table.h"

#include <stdint.h>

#define MIN_RTT_UNKNOWN (~0U)

static const struct label roles[ROLES] = {[ROLE_CLIENT] = LABEL("client"), [ROLE_SERVER] = LABEL("server")};

/* Returns an empty label for an unknown role. */
static const struct label *role_of(const struct connection *connection)
{
	uint8_t role = connection->life.role;

	return &roles[role < ROLES ? role : ROLE_UNKNOWN];
}

/*
 * Appends the cause of the whole connection. An orderly end is named after the side that closed first: TIME_WAIT is the
 * end of a socket, not of a connection.
 */
static char *append_cause(char *at, const struct transition *end)
{
	return cause_append(at, cause_of_connection(end->cause, end->oldstate));
}

static uint64_t total_ns(const struct connection *connection)
{
	uint64_t start_ns = connection->life.start_ns;

	return start_ns && start_ns < connection->end.time_ns ? connection->end.time_ns - start_ns : 0;
}

static bool total_is_known(const struct connection *connection)
{
	return connection->life.start_ns && !connection->life.is_old;
}

void connection_text_header(struct strbuf *out, const struct connection_layout *layout)
{
	char *at = strbuf_room(out, ROW_TEXT_MAX);

	if (!at)
		return;
	for (size_t i = 0; i < layout->columns->count; i++)
		at = table_append_name(at, layout->columns->ids[i], layout->style);
	strbuf_end(out, append_literal(at, "TX_KB   RX_KB   MS         CAUSE\n"));
}

static char *append_kib(char *at, uint64_t bytes)
{
	return table_append_blanks(append_u64(at, bytes / 1024), at, 7);
}

static char *append_total(char *at, const struct connection *connection)
{
	char *end = total_is_known(connection) ? duration_append_ms(at, total_ns(connection)) : append_char(at, '-');

	return table_append_blanks(end, at, 10);
}

void connection_text(struct strbuf *out, const struct connection_layout *layout, const struct connection *connection,
		     const struct names *names, const struct timebase *base)
{
	struct row row = row_of(layout->style, &connection->end, names, base);
	char *at = row_begin(out, names);

	if (!at)
		return;
	row.width = layout->columns->width;
	for (size_t i = 0; i < layout->columns->count; i++)
		at = table_append_cell(at, layout->columns->ids[i], &row);
	at = append_kib(at, connection->bytes_acked);
	at = append_kib(at, connection->bytes_received);
	at = append_total(at, connection);
	at = append_cause(at, &connection->end);
	strbuf_end(out, append_char(at, '\n'));
}

void connection_csv_header(struct strbuf *out, const struct connection_layout *layout)
{
	for (size_t i = 0; i < layout->columns->count; i++) {
		strbuf_append_string(out, column_table[layout->columns->ids[i]].name);
		strbuf_append_char(out, ',');
	}
	strbuf_append_literal(out, "ROLE,TX,RX,MS,RETRANS,SRTT_US,CAUSE");
	for (enum column_id id = COLUMN_CGPATH; layout->names && id <= COLUMN_NETNSNAME; id++) {
		strbuf_append_char(out, ',');
		strbuf_append_string(out, column_table[id].name);
	}
	strbuf_append_char(out, '\n');
}

static char *append_csv_role_to_cause(char *at, const struct connection *connection)
{
	at = append_char(append_label(at, role_of(connection)), ',');
	at = append_char(append_u64(at, connection->bytes_acked), ',');
	at = append_char(append_u64(at, connection->bytes_received), ',');
	if (total_is_known(connection))
		at = duration_append_ms(at, total_ns(connection));
	at = append_char(at, ',');
	at = append_char(append_u64(at, connection->retransmits), ',');
	if (connection->srtt_us)
		at = append_u64(at, connection->srtt_us);
	at = append_char(at, ',');
	return append_cause(at, &connection->end);
}

void connection_csv(struct strbuf *out, const struct connection_layout *layout, const struct connection *connection,
		    const struct names *names, const struct timebase *base)
{
	struct row row = row_of(COLUMN_STYLE_CSV, &connection->end, names, base);
	char *at = row_begin(out, names);

	if (!at)
		return;
	for (size_t i = 0; i < layout->columns->count; i++)
		at = append_char(column_table[layout->columns->ids[i]].append(at, &row), ',');
	at = append_csv_role_to_cause(at, connection);
	for (enum column_id id = COLUMN_CGPATH; layout->names && id <= COLUMN_NETNSNAME; id++)
		at = column_table[id].append(append_char(at, ','), &row);
	strbuf_end(out, append_char(at, '\n'));
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

static char *append_role(char *at, const struct label *role)
{
	if (!role->length)
		return append_literal(at, ",\"role\":null");
	at = append_literal(at, ",\"role\":\"");
	return append_char(append_label(at, role), '"');
}

static char *append_start(char *at, const struct connection *connection, const struct timebase *base)
{
	if (!total_is_known(connection))
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
	at = append_member_us(at, "total_us", total_is_known(connection), total_ns(connection));
	if (connection->life.is_old)
		at = append_member_us(at, "at_least_us", true, total_ns(connection));
	suspended_ns = clock_history_suspended_ns(&base->clocks, connection->end.time_ns, total_ns(connection));
	if (suspended_ns)
		at = json_append_suspended(at, suspended_ns);
	return append_states(at, &connection->life);
}

static char *append_counters(char *at, const struct connection *connection)
{
	at = append_member(at, "bytes_sent", true, connection->bytes_sent);
	at = append_member(at, "bytes_acked", true, connection->bytes_acked);
	at = append_member(at, "bytes_received", true, connection->bytes_received);
	at = append_member(at, "segs_out", true, connection->segs_out);
	at = append_member(at, "segs_in", true, connection->segs_in);
	return append_member(at, "retransmits", true, connection->retransmits);
}

static char *append_rtt(char *at, const struct connection *connection)
{
	const struct life *life = &connection->life;
	uint32_t samples = life->rtt_samples;

	at = append_member(at, "srtt_us", connection->srtt_us, connection->srtt_us);
	at = append_member(at, "min_rtt_us", connection->srtt_us && connection->min_rtt_us != MIN_RTT_UNKNOWN,
			   connection->min_rtt_us);
	at = append_member_us(at, "rtt_mean_us", samples, samples ? life->rtt_sum_us * 1000 / samples : 0);
	return append_member(at, "rtt_samples", true, samples);
}

void connection_json(struct strbuf *out, const struct connection *connection, const struct timebase *base)
{
	const struct life *life = &connection->life;
	char *at = strbuf_room(out, ROW_TEXT_MAX);

	if (!at)
		return;
	at = append_literal(at, "{\"v\":1,\"type\":\"connection\",\"time\":\"");
	at = timestamp_append_utc(at, base, connection->end.time_ns);
	at = json_append_socket(at, &connection->end);
	at = append_role(at, role_of(connection));
	at = append_times(at, connection, base);
	at = append_counters(at, connection);
	at = append_member(at, "syn_retrans", life->role != ROLE_UNKNOWN && life->syn_retrans != SYN_RETRANS_NONE,
			   life->syn_retrans);
	at = append_rtt(at, connection);
	at = tcp_state_append(append_literal(at, ",\"oldstate\":\""), connection->end.oldstate);
	at = append_cause(append_literal(at, "\",\"cause\":\""), &connection->end);
	strbuf_end(out, append_literal(at, "\"}\n"));
}

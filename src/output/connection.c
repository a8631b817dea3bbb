/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/connection.h"

#include "core/cause.h"
#include "core/duration.h"
#include "core/put.h"
#include "core/tcp_state.h"
#include "output/json.h"
#include "output/table.h"

#include <stdint.h>

#define MIN_RTT_UNKNOWN (~0U)

static const struct label roles[ROLES] = {[ROLE_CLIENT] = LABEL("client"), [ROLE_SERVER] = LABEL("server")};

/* Empty when it is not known. */
static const struct label *role_of(const struct connection *connection)
{
	uint8_t role = connection->life.role;

	return &roles[role < ROLES ? role : ROLE_UNKNOWN];
}

/* Orderly ends by who was first: TIME_WAIT is the end of a socket's life, not of a connection's. */
static char *put_cause(char *at, const struct transition *end)
{
	return cause_put(at, cause_of_connection(end->cause, end->oldstate));
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
		at = table_put_name(at, layout->columns->ids[i], layout->style);
	strbuf_end(out, put_literal(at, "TX_KB   RX_KB   MS         CAUSE\n"));
}

static char *put_kib(char *at, uint64_t bytes)
{
	return table_put_blanks(put_u64(at, bytes / 1024), at, 7);
}

static char *put_total(char *at, const struct connection *connection)
{
	char *end = total_is_known(connection) ? duration_put_ms(at, total_ns(connection)) : put_char(at, '-');

	return table_put_blanks(end, at, 10);
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
		at = table_put_cell(at, layout->columns->ids[i], &row);
	at = put_kib(at, connection->bytes_acked);
	at = put_kib(at, connection->bytes_received);
	at = put_total(at, connection);
	at = put_cause(at, &connection->end);
	strbuf_end(out, put_char(at, '\n'));
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

/* ROLE to CAUSE. */
static char *put_csv_story(char *at, const struct connection *connection)
{
	at = put_char(put_label(at, role_of(connection)), ',');
	at = put_char(put_u64(at, connection->bytes_acked), ',');
	at = put_char(put_u64(at, connection->bytes_received), ',');
	if (total_is_known(connection))
		at = duration_put_ms(at, total_ns(connection));
	at = put_char(at, ',');
	at = put_char(put_u64(at, connection->retransmits), ',');
	if (connection->srtt_us)
		at = put_u64(at, connection->srtt_us);
	at = put_char(at, ',');
	return put_cause(at, &connection->end);
}

void connection_csv(struct strbuf *out, const struct connection_layout *layout, const struct connection *connection,
		    const struct names *names, const struct timebase *base)
{
	struct row row = row_of(COLUMN_STYLE_CSV, &connection->end, names, base);
	char *at = row_begin(out, names);

	if (!at)
		return;
	for (size_t i = 0; i < layout->columns->count; i++)
		at = put_char(column_table[layout->columns->ids[i]].put(at, &row), ',');
	at = put_csv_story(at, connection);
	for (enum column_id id = COLUMN_CGPATH; layout->names && id <= COLUMN_NETNSNAME; id++)
		at = column_table[id].put(put_char(at, ','), &row);
	strbuf_end(out, put_char(at, '\n'));
}

/* As core/put.h, with a key such as `,"retransmits":` in front. */
#define put_member(at, key, known, value) put_u64_or_null(put_literal((at), ",\"" key "\":"), known, value)
#define put_member_us(at, key, known, ns) put_us_or_null(put_literal((at), ",\"" key "\":"), known, ns)

static char *put_u64_or_null(char *at, bool known, uint64_t value)
{
	return known ? put_u64(at, value) : put_literal(at, "null");
}

static char *put_us_or_null(char *at, bool known, uint64_t ns)
{
	return known ? duration_put_us(at, ns) : put_literal(at, "null");
}

static char *put_role(char *at, const struct label *role)
{
	if (!role->length)
		return put_literal(at, ",\"role\":null");
	at = put_literal(at, ",\"role\":\"");
	return put_char(put_label(at, role), '"');
}

static char *put_start(char *at, const struct connection *connection, const struct timebase *base)
{
	if (!total_is_known(connection))
		return put_literal(at, ",\"start\":null");
	at = put_literal(at, ",\"start\":\"");
	return put_char(timestamp_put_utc(at, base, connection->life.start_ns), '"');
}

static char *put_states(char *at, const struct life *life)
{
	const char *begin;

	at = put_literal(at, ",\"states_us\":{");
	begin = at;
	for (unsigned int state = 0; state < CONNECTION_STATES; state++) {
		if (!life->in_state_ns[state])
			continue;
		if (at > begin)
			at = put_char(at, ',');
		at = tcp_state_put(put_char(at, '"'), state);
		at = duration_put_us(put_literal(at, "\":"), life->in_state_ns[state]);
	}
	return put_char(at, '}');
}

static char *put_times(char *at, const struct connection *connection, const struct timebase *base)
{
	uint64_t suspended_ns;

	at = put_start(at, connection, base);
	at = put_member_us(at, "total_us", total_is_known(connection), total_ns(connection));
	if (connection->life.is_old)
		at = put_member_us(at, "at_least_us", true, total_ns(connection));
	suspended_ns = clock_history_suspended_ns(&base->clocks, connection->end.time_ns, total_ns(connection));
	if (suspended_ns)
		at = json_put_suspended(at, suspended_ns);
	return put_states(at, &connection->life);
}

static char *put_counters(char *at, const struct connection *connection)
{
	at = put_member(at, "bytes_sent", true, connection->bytes_sent);
	at = put_member(at, "bytes_acked", true, connection->bytes_acked);
	at = put_member(at, "bytes_received", true, connection->bytes_received);
	at = put_member(at, "segs_out", true, connection->segs_out);
	at = put_member(at, "segs_in", true, connection->segs_in);
	return put_member(at, "retransmits", true, connection->retransmits);
}

static char *put_rtt(char *at, const struct connection *connection)
{
	const struct life *life = &connection->life;
	uint32_t samples = life->rtt_samples;

	at = put_member(at, "srtt_us", connection->srtt_us, connection->srtt_us);
	at = put_member(at, "min_rtt_us", connection->srtt_us && connection->min_rtt_us != MIN_RTT_UNKNOWN,
			connection->min_rtt_us);
	at = put_member_us(at, "rtt_mean_us", samples, samples ? life->rtt_sum_us * 1000 / samples : 0);
	return put_member(at, "rtt_samples", true, samples);
}

void connection_json(struct strbuf *out, const struct connection *connection, const struct timebase *base)
{
	const struct life *life = &connection->life;
	char *at = strbuf_room(out, ROW_TEXT_MAX);

	if (!at)
		return;
	at = put_literal(at, "{\"v\":1,\"type\":\"connection\",\"time\":\"");
	at = timestamp_put_utc(at, base, connection->end.time_ns);
	at = json_put_socket(at, &connection->end);
	at = put_role(at, role_of(connection));
	at = put_times(at, connection, base);
	at = put_counters(at, connection);
	at = put_member(at, "syn_retrans", life->role != ROLE_UNKNOWN && life->syn_retrans != SYN_RETRANS_NONE,
			life->syn_retrans);
	at = put_rtt(at, connection);
	at = tcp_state_put(put_literal(at, ",\"oldstate\":\""), connection->end.oldstate);
	at = put_cause(put_literal(at, "\",\"cause\":\""), &connection->end);
	strbuf_end(out, put_literal(at, "\"}\n"));
}

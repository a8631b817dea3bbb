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
static const char *end_name(const struct transition *end)
{
	return cause_name(cause_of_connection(end->cause, end->oldstate));
}

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

static size_t list_columns(const struct connection_layout *layout, enum column_id ids[8])
{
	size_t count = 0;

	if (layout->time)
		ids[count++] = COLUMN_TIME;
	if (layout->elapsed)
		ids[count++] = COLUMN_ELAPSED;
	ids[count++] = COLUMN_PID;
	ids[count++] = COLUMN_COMM;
	if (layout->style != COLUMN_STYLE_TEXT)
		ids[count++] = COLUMN_IP;
	return count;
}

static const enum column_id tuple[] = {COLUMN_LADDR, COLUMN_LPORT, COLUMN_RADDR, COLUMN_RPORT};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* "%-WIDTHs " */
static void pad_cell(struct strbuf *out, size_t start, size_t width)
{
	size_t length = out->length - start;

	strbuf_pad(out, start, (length > width ? length : width) + 1);
}

void connection_text_header(struct strbuf *out, const struct connection_layout *layout)
{
	enum column_id ids[8];
	size_t count = list_columns(layout, ids);

	for (size_t i = 0; i < count; i++)
		table_name_cell(out, ids[i], layout->style);
	for (size_t i = 0; i < COUNT(tuple); i++)
		table_name_cell(out, tuple[i], layout->style);
	strbuf_append_literal(out, "TX_KB   RX_KB   MS         CAUSE\n");
}

void connection_text(struct strbuf *out, const struct connection_layout *layout, const struct connection *connection,
		     const struct names *names, const struct timebase *base)
{
	enum column_id ids[8];
	size_t count = list_columns(layout, ids), start;

	for (size_t i = 0; i < count; i++)
		table_cell(out, ids[i], layout->style, &connection->end, names, base);
	for (size_t i = 0; i < COUNT(tuple); i++)
		table_cell(out, tuple[i], layout->style, &connection->end, names, base);
	start = out->length;
	strbuf_append_u64(out, connection->bytes_acked / 1024);
	pad_cell(out, start, 7);
	start = out->length;
	strbuf_append_u64(out, connection->bytes_received / 1024);
	pad_cell(out, start, 7);
	start = out->length;
	if (total_is_known(connection))
		duration_format_ms(out, total_ns(connection));
	else
		strbuf_append_char(out, '-');
	pad_cell(out, start, 10);
	strbuf_append_string(out, end_name(&connection->end));
	strbuf_append_char(out, '\n');
}

void connection_csv_header(struct strbuf *out, const struct connection_layout *layout)
{
	enum column_id ids[8];
	size_t count = list_columns(layout, ids);

	for (size_t i = 0; i < count; i++) {
		strbuf_append_string(out, column_name(ids[i]));
		strbuf_append_char(out, ',');
	}
	for (size_t i = 0; i < COUNT(tuple); i++) {
		strbuf_append_string(out, column_name(tuple[i]));
		strbuf_append_char(out, ',');
	}
	strbuf_append_literal(out, "ROLE,TX,RX,MS,RETRANS,SRTT_US,CAUSE");
	for (enum column_id id = COLUMN_CGPATH; layout->names && id <= COLUMN_NETNSNAME; id++) {
		strbuf_append_char(out, ',');
		strbuf_append_string(out, column_name(id));
	}
	strbuf_append_char(out, '\n');
}

void connection_csv(struct strbuf *out, const struct connection_layout *layout, const struct connection *connection,
		    const struct names *names, const struct timebase *base)
{
	enum column_id ids[8];
	size_t count = list_columns(layout, ids);

	for (size_t i = 0; i < count; i++) {
		column_format(out, ids[i], COLUMN_STYLE_CSV, &connection->end, names, base);
		strbuf_append_char(out, ',');
	}
	for (size_t i = 0; i < COUNT(tuple); i++) {
		column_format(out, tuple[i], COLUMN_STYLE_CSV, &connection->end, names, base);
		strbuf_append_char(out, ',');
	}
	strbuf_append_string(out, role_of(connection)->text);
	strbuf_append_char(out, ',');
	strbuf_append_u64(out, connection->bytes_acked);
	strbuf_append_char(out, ',');
	strbuf_append_u64(out, connection->bytes_received);
	strbuf_append_char(out, ',');
	if (total_is_known(connection))
		duration_format_ms(out, total_ns(connection));
	strbuf_append_char(out, ',');
	strbuf_append_u64(out, connection->retransmits);
	strbuf_append_char(out, ',');
	if (connection->srtt_us)
		strbuf_append_u64(out, connection->srtt_us);
	strbuf_append_char(out, ',');
	strbuf_append_string(out, end_name(&connection->end));
	for (enum column_id id = COLUMN_CGPATH; layout->names && id <= COLUMN_NETNSNAME; id++) {
		strbuf_append_char(out, ',');
		column_format(out, id, COLUMN_STYLE_CSV, &connection->end, names, base);
	}
	strbuf_append_char(out, '\n');
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
	at = put_start(at, connection, base);
	at = put_member_us(at, "total_us", total_is_known(connection), total_ns(connection));
	if (connection->life.is_old)
		at = put_member_us(at, "at_least_us", true, total_ns(connection));
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
	at = put_member(at, "syn_retrans", life->role != ROLE_UNKNOWN, life->syn_retrans);
	at = put_rtt(at, connection);
	at = tcp_state_put(put_literal(at, ",\"oldstate\":\""), connection->end.oldstate);
	at = put_cause(put_literal(at, "\",\"cause\":\""), &connection->end);
	strbuf_end(out, put_literal(at, "\"}\n"));
}

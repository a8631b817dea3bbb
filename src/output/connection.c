/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/connection.h"

#include "core/cause.h"
#include "core/duration.h"
#include "core/tcp_state.h"
#include "output/json.h"
#include "output/table.h"

#include <stdint.h>

#define MIN_RTT_UNKNOWN (~0U)

static const char *const role_names[ROLES] = {[ROLE_CLIENT] = "client", [ROLE_SERVER] = "server"};

/* NULL when it is not known. */
static const char *role_name(uint8_t role)
{
	return role < ROLES ? role_names[role] : NULL;
}

/* Orderly ends by who was first: TIME_WAIT is the end of a socket's life, not of a connection's. */
static const char *end_name(const struct transition *end)
{
	return cause_name(cause_of_connection(end->cause, end->oldstate));
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
	const char *role = role_name(connection->life.role);
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
	strbuf_append_string(out, role ? role : "");
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

static void append_u64_or_null(struct strbuf *out, const char *key, bool known, uint64_t value)
{
	strbuf_append_literal(out, ",\"");
	strbuf_append_string(out, key);
	strbuf_append_literal(out, "\":");
	if (known)
		strbuf_append_u64(out, value);
	else
		strbuf_append_literal(out, "null");
}

static void append_us_or_null(struct strbuf *out, const char *key, bool known, uint64_t ns)
{
	strbuf_append_literal(out, ",\"");
	strbuf_append_string(out, key);
	strbuf_append_literal(out, "\":");
	if (known)
		duration_format_us(out, ns);
	else
		strbuf_append_literal(out, "null");
}

static void append_times(struct strbuf *out, const struct connection *connection, const struct timebase *base)
{
	const struct life *life = &connection->life;
	const char *separator = "";

	strbuf_append_literal(out, ",\"start\":");
	if (total_is_known(connection)) {
		strbuf_append_char(out, '"');
		timestamp_format_utc(out, base, life->start_ns);
		strbuf_append_char(out, '"');
	} else {
		strbuf_append_literal(out, "null");
	}
	append_us_or_null(out, "total_us", total_is_known(connection), total_ns(connection));
	if (life->is_old)
		append_us_or_null(out, "at_least_us", true, total_ns(connection));
	strbuf_append_literal(out, ",\"states_us\":{");
	for (unsigned int state = 0; state < CONNECTION_STATES; state++) {
		if (!life->in_state_ns[state])
			continue;
		strbuf_append_string(out, separator);
		strbuf_append_char(out, '"');
		tcp_state_format(out, state);
		strbuf_append_literal(out, "\":");
		duration_format_us(out, life->in_state_ns[state]);
		separator = ",";
	}
	strbuf_append_char(out, '}');
}

static void append_role(struct strbuf *out, uint8_t role)
{
	const char *name = role_name(role);

	strbuf_append_literal(out, ",\"role\":");
	if (name)
		strbuf_append_char(out, '"');
	strbuf_append_string(out, name ? name : "null");
	if (name)
		strbuf_append_char(out, '"');
}

void connection_json(struct strbuf *out, const struct connection *connection, const struct timebase *base)
{
	const struct life *life = &connection->life;

	strbuf_append_literal(out, "{\"v\":1,\"type\":\"connection\",\"time\":\"");
	timestamp_format_utc(out, base, connection->end.time_ns);
	json_socket(out, &connection->end);
	append_role(out, life->role);
	append_times(out, connection, base);
	append_u64_or_null(out, "bytes_sent", true, connection->bytes_sent);
	append_u64_or_null(out, "bytes_acked", true, connection->bytes_acked);
	append_u64_or_null(out, "bytes_received", true, connection->bytes_received);
	append_u64_or_null(out, "segs_out", true, connection->segs_out);
	append_u64_or_null(out, "segs_in", true, connection->segs_in);
	append_u64_or_null(out, "retransmits", true, connection->retransmits);
	append_u64_or_null(out, "syn_retrans", life->role != ROLE_UNKNOWN, life->syn_retrans);
	append_u64_or_null(out, "srtt_us", connection->srtt_us, connection->srtt_us);
	append_u64_or_null(out, "min_rtt_us", connection->srtt_us && connection->min_rtt_us != MIN_RTT_UNKNOWN,
			   connection->min_rtt_us);
	append_us_or_null(out, "rtt_mean_us", life->rtt_samples,
			  life->rtt_samples ? life->rtt_sum_us * 1000 / life->rtt_samples : 0);
	append_u64_or_null(out, "rtt_samples", true, life->rtt_samples);
	strbuf_append_literal(out, ",\"oldstate\":\"");
	tcp_state_format(out, connection->end.oldstate);
	strbuf_append_literal(out, "\",\"cause\":\"");
	strbuf_append_string(out, end_name(&connection->end));
	strbuf_append_literal(out, "\"}\n");
}

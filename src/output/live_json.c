/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/live_json.h"

#include "core/append.h"
#include "core/column.h"
#include "core/duration.h"
#include "core/tcp_state.h"
#include "output/connection.h"
#include "output/json.h"

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

/* Closes the open string, and appends the beginning and the duration of the state. */
static char *append_age(char *at, const struct transition *end, const struct timebase *base)
{
	if (end->duration_ns == DURATION_UNKNOWN)
		return append_literal(at, "\",\"since\":null,\"duration_us\":null");
	if (end->flags & TRANSITION_AT_LEAST)
		return duration_append_us(
			append_literal(at, "\",\"since\":null,\"duration_us\":null,\"state_at_least_us\":"),
			end->duration_ns);
	at = append_literal(at, "\",\"since\":\"");
	at = timestamp_append_utc(at, base, end->time_ns - end->duration_ns);
	return duration_append_us(append_literal(at, "\",\"duration_us\":"), end->duration_ns);
}

static char *append_rate(char *at, const struct live_figures *figures, enum live_counter counter)
{
	return figures->has_rate ? append_u64(at, figures->rate[counter]) : append_literal(at, "null");
}

static char *append_now(char *at, const struct live_row *row)
{
	at = append_rate(append_literal(at, ",\"received_per_s\":"), &row->figures, LIVE_IN);
	at = append_rate(append_literal(at, ",\"acked_per_s\":"), &row->figures, LIVE_OUT);
	at = append_rate(append_literal(at, ",\"retransmits_per_s\":"), &row->figures, LIVE_RETRANS);
	at = append_u64(append_literal(at, ",\"recv_queue\":"), row->now.recv_queue);
	return append_u64(append_literal(at, ",\"send_queue\":"), row->now.send_queue);
}

static char *append_limit_now(char *at, const struct live_figures *figures)
{
	const char *name = limit_name(live_figures_limit(figures, false));

	at = append_literal(at, ",\"limited_by_now\":");
	return name ? append_char(append_bytes(append_char(at, '"'), name, strlen(name)), '"')
		    : append_literal(at, "null");
}

void live_json(struct strbuf *out, const struct live_row *row, const struct timebase *base)
{
	const struct connection_line line = {.connection = &row->now, .base = base};
	char *at = strbuf_room(out, 2 * ROW_TEXT_MAX);

	if (!at)
		return;
	at = append_literal(at, "{\"v\":1,\"type\":\"live\",\"time\":\"");
	at = timestamp_append_utc(at, base, row->now.end.time_ns);
	at = json_append_socket(at, &row->now.end);
	at = tcp_state_append(append_literal(at, ",\"state\":\""), row->now.end.newstate);
	at = append_age(at, &row->now.end, base);
	at = append_now(at, row);
	at = append_limit_now(at, &row->figures);
	at = connection_append_members(at, &line);
	strbuf_end(out, append_literal(at, "}\n"));
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static const struct {
	uint8_t column, width;
} columns[] = {
	{LIVE_COLUMN_NAME, 15},  {LIVE_COLUMN_PID, 7},     {LIVE_COLUMN_LOCAL, 21},     {LIVE_COLUMN_REMOTE, 21},
	{LIVE_COLUMN_STATE, 11}, {LIVE_COLUMN_AGE, 6},     {LIVE_COLUMN_IN, 5},         {LIVE_COLUMN_OUT, 5},
	{LIVE_COLUMN_RTT, 5},    {LIVE_COLUMN_RETRANS, 4}, {LIVE_COLUMN_RECV_QUEUE, 5}, {LIVE_COLUMN_SEND_QUEUE, 5},
	{LIVE_COLUMN_LIMIT, 15},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* Ends a value of `cells` cells. The last one is not padded. */
static void end_cell(struct strbuf *out, size_t column, size_t cells)
{
	if (column + 1 == COLUMNS) {
		strbuf_append_char(out, '\n');
		return;
	}
	do
		strbuf_append_char(out, ' ');
	while (++cells <= columns[column].width);
}

void live_text_header(struct strbuf *out)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		size_t start = out->length;

		live_column_title(out, columns[i].column, NULL, false);
		end_cell(out, i, out->length - start);
	}
}

void live_text(struct strbuf *out, const struct live_row *row, cell_width *width)
{
	const struct live_line line = {.socket = &row->now.end,
				       .connection = &row->now,
				       .figures = &row->figures,
				       .is_text = true,
				       .cell_width = width};
	struct live_cell cell;

	for (size_t i = 0; i < COLUMNS; i++) {
		live_cell(&line, columns[i].column, columns[i].width, &cell);
		strbuf_append(out, cell.text, cell.length);
		end_cell(out, i, cell.cells);
	}
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/live_text.h"

struct column {
	uint8_t column, width;
};

static const struct column connection_columns[] = {
	{LIVE_COLUMN_NAME, 15},  {LIVE_COLUMN_PID, 7},     {LIVE_COLUMN_LOCAL, 21},     {LIVE_COLUMN_REMOTE, 21},
	{LIVE_COLUMN_STATE, 11}, {LIVE_COLUMN_AGE, 6},     {LIVE_COLUMN_IN, 5},         {LIVE_COLUMN_OUT, 5},
	{LIVE_COLUMN_RTT, 5},    {LIVE_COLUMN_RETRANS, 4}, {LIVE_COLUMN_RECV_QUEUE, 5}, {LIVE_COLUMN_SEND_QUEUE, 5},
	{LIVE_COLUMN_LIMIT, 15},
};

static const struct column group_columns[] = {
	{LIVE_COLUMN_NAME, 32},      {LIVE_COLUMN_CONNECTIONS, 5}, {LIVE_COLUMN_IN, 5},
	{LIVE_COLUMN_OUT, 5},        {LIVE_COLUMN_RTT, 5},         {LIVE_COLUMN_RETRANS, 4},
	{LIVE_COLUMN_RECV_QUEUE, 5}, {LIVE_COLUMN_SEND_QUEUE, 5},  {LIVE_COLUMN_LIMIT, 15},
};

static const struct column end_columns[] = {
	{LIVE_END_AGO, 5},        {LIVE_COLUMN_NAME, 15},   {LIVE_COLUMN_PID, 7},    {LIVE_COLUMN_LOCAL, 21},
	{LIVE_COLUMN_REMOTE, 21}, {LIVE_END_CAUSE, 22},     {LIVE_END_LASTED, 6},    {LIVE_COLUMN_IN, 5},
	{LIVE_COLUMN_OUT, 5},     {LIVE_COLUMN_RETRANS, 4}, {LIVE_COLUMN_LIMIT, 15},
};

static const struct column listener_columns[] = {
	{LIVE_COLUMN_NAME, 15},      {LIVE_COLUMN_PID, 7},        {LIVE_COLUMN_LOCAL, 21},
	{LIVE_LISTENER_BACKLOG, 7},  {LIVE_LISTENER_MAX, 4},      {LIVE_LISTENER_HIGHEST, 7},
	{LIVE_LISTENER_ACCEPTED, 8}, {LIVE_LISTENER_DROPS, 5},    {LIVE_LISTENER_SYN_RECV, 7},
	{LIVE_LISTENER_COOKIES, 7},  {LIVE_LISTENER_OVERFLOW, 8},
};

#define TABLE(columns)                                                                                                 \
	{                                                                                                              \
		columns, sizeof(columns) / sizeof((columns)[0])                                                        \
	}

static const struct {
	const struct column *columns;
	size_t count;
} tables[LIVE_TABLES] = {
	[LIVE_TABLE_CONNECTIONS] = TABLE(connection_columns),
	[LIVE_TABLE_GROUPS] = TABLE(group_columns),
	[LIVE_TABLE_ENDS] = TABLE(end_columns),
	[LIVE_TABLE_LISTENERS] = TABLE(listener_columns),
};

/* Ends a value of `cells` cells. The last one is not padded. */
static void end_cell(struct strbuf *out, enum live_table table, size_t i, size_t cells)
{
	if (i + 1 == tables[table].count) {
		strbuf_append_char(out, '\n');
		return;
	}
	do
		strbuf_append_char(out, ' ');
	while (++cells <= tables[table].columns[i].width);
}

void live_text_titles(struct strbuf *out, enum live_table table, const struct labels *groups)
{
	for (size_t i = 0; i < tables[table].count; i++) {
		size_t start = out->length;

		live_column_title(out, tables[table].columns[i].column, groups, table == LIVE_TABLE_ENDS);
		end_cell(out, table, i, out->length - start);
	}
}

void live_text(struct strbuf *out, enum live_table table, const struct live_line *line)
{
	struct live_line text = *line;
	struct live_cell cell;

	text.is_text = true;
	for (size_t i = 0; i < tables[table].count; i++) {
		const struct column *column = &tables[table].columns[i];

		live_cell(&text, column->column, column->width, &cell);
		strbuf_append(out, cell.text, cell.length);
		end_cell(out, table, i, cell.cells);
	}
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of any values, their rows in every format, and the rows of what is read back. */
#ifndef TCPVITALS_TEST_ROWS_H
#define TCPVITALS_TEST_ROWS_H

#include "../output/records.h"

#include "core/column.h"
#include "core/zone.h"
#include "output/connection.h"
#include "output/csv.h"
#include "output/json.h"
#include "output/retransmission.h"
#include "output/table.h"
#include "replay/record.h"

#include <errno.h>
#include <string.h>

#define ROWS_ROOM (1 << 17)

/* A record, and what its row needs. */
struct rows_subject {
	enum record_type type;
	union {
		struct transition transition;
		struct connection connection;
		struct retransmission retransmission;
	};
	uint64_t from_ns;
	const struct names *names;
	struct timebase base;
};

static inline enum column_set rows_set(enum record_type type)
{
	return type == RECORD_CONNECTION       ? COLUMNS_OF_CONNECTIONS
	       : type == RECORD_RETRANSMISSION ? COLUMNS_OF_RETRANSMISSIONS
					       : COLUMNS_OF_TRANSITIONS;
}

/* All columns of the type but SINCE, which also follows from the row before (moments.c). */
static inline struct column_list rows_columns(enum record_type type)
{
	struct column_list all = {};
	const char *word = column_names(rows_set(type));

	while (*word) {
		size_t length = strcspn(word, ",");
		struct column_list one = {};
		struct parse_error error;
		char name[32] = "";

		memcpy(name, word, length);
		/* The list for errors also has the columns of --stuck. */
		if (!column_list_parse(name, rows_set(type), &one, &error) && one.ids[0] != COLUMN_SINCE)
			all.ids[all.count++] = one.ids[0];
		word += length + (word[length] == ',');
	}
	assert_true(all.count > 25);
	return all;
}

static inline void rows_json(struct strbuf *out, const struct rows_subject *subject)
{
	const struct connection_line line = {.connection = &subject->connection,
					     .from_ns = subject->from_ns,
					     .names = subject->names,
					     .base = &subject->base};

	if (subject->type == RECORD_CONNECTION)
		connection_json(out, &line);
	else if (subject->type == RECORD_RETRANSMISSION)
		retransmission_json(out, &subject->retransmission, &subject->base);
	else
		json_transition(out, &subject->transition, &subject->base);
	if (subject->names)
		json_add_names(out, subject->names);
}

static inline void rows_text(struct strbuf *out, const struct rows_subject *subject, enum column_style style)
{
	struct column_list columns = rows_columns(subject->type);
	struct row row = row_of(style, &subject->transition, subject->names, &subject->base);

	row.connection = &subject->connection;
	row.retransmission = &subject->retransmission;
	row.from_ns = subject->from_ns;
	if (style == COLUMN_STYLE_CSV)
		csv_record(out, &columns, &row);
	else
		table_record(out, &columns, &row);
}

/* Reads a line without its newline. Returns as record_read(); on success, *ret is what a replay prints. */
static inline int rows_read(struct members *members, const char *line, size_t length, int32_t utc_offset_s,
			    struct record *record, struct rows_subject *ret)
{
	enum record_type type;
	int error = members_read(members, line, length);

	if (!error)
		error = record_type_of(members, &type);
	if (error)
		return error;
	if (type > RECORD_RETRANSMISSION)
		return -EINVAL;
	error = record_read(members, type, record);
	if (error)
		return error;
	*ret = (struct rows_subject){.type = type, .from_ns = record->from_ns, .names = &record->names};
	/* The longest member of the union. */
	ret->connection = record->connection;
	record_set_clocks(record, utc_offset_s, &ret->base.clocks);
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/sum.h"

#include "core/duration.h"
#include "core/escape.h"
#include "core/number.h"

#include <ctype.h>
#include <stddef.h>

#define KIB   1024
#define NS_1S 1e9

/* A sum in CSV and JSON. */
struct field {
	size_t offset; /* in struct sum */
	const char *column, *key;
	bool needs_walks;
	bool is_time;
};

static const struct field fields[] = {
	{offsetof(struct sum, opened), "OPENED", "opened", true, false},
	{offsetof(struct sum, closed), "CLOSED", "closed", false, false},
	{offsetof(struct sum, unmeasured), "UNMEASURED", "unmeasured", true, false},
	{offsetof(struct sum, time_ns), "OPEN_MS", "open_us", false, true},
	{offsetof(struct sum, bytes_sent), "SENT", "bytes_sent", false, false},
	{offsetof(struct sum, bytes_acked), "TX", "bytes_acked", false, false},
	{offsetof(struct sum, bytes_received), "RX", "bytes_received", false, false},
	{offsetof(struct sum, bytes_retrans), "BYTES_RETRANS", "bytes_retrans", false, false},
	{offsetof(struct sum, segs_out), "SEGS_OUT", "segs_out", false, false},
	{offsetof(struct sum, segs_in), "SEGS_IN", "segs_in", false, false},
	{offsetof(struct sum, retransmits), "RETRANS", "retransmits", false, false},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

_Static_assert(FIELDS == SUM_FIELDS, "CSV and JSON have all sums");

static uint64_t value_of(const struct sum *sum, const struct field *field)
{
	return *(const uint64_t *)((const char *)sum + field->offset);
}

/* The values of a row's group, long ones cut. */
struct group {
	struct label_part parts[LABELS_MAX];
	char cut[LABELS_MAX][SUM_VALUE_MAX];
	size_t count;
	bool is_unknown; /* a value is unknown */
};

static void read_group(const struct sum_row *row, struct group *ret)
{
	ret->count = row->is_other ? 0 : labels_split(row->name, row->name_length, ret->parts);
	ret->is_unknown = false;
	for (size_t i = 0; i < ret->count; i++) {
		struct name *value = &ret->parts[i].value;

		ret->is_unknown |= ret->parts[i].known == LABEL_UNKNOWN;
		if (ret->parts[i].known == LABEL_NONE)
			*value = (struct name){"none", strlen("none")};
		if (value->length <= SUM_VALUE_MAX)
			continue;
		memcpy(ret->cut[i], "...", 3);
		memcpy(ret->cut[i] + 3, value->bytes + value->length - (SUM_VALUE_MAX - 3), SUM_VALUE_MAX - 3);
		*value = (struct name){ret->cut[i], SUM_VALUE_MAX};
	}
}

/* ---- text ---- */

static void pad(struct strbuf *out, size_t start, size_t width)
{
	size_t length = out->length - start;

	strbuf_pad(out, start, (length > width ? length : width) + 1);
}

static void append_cell(struct strbuf *out, uint64_t value, size_t width)
{
	size_t start = out->length;

	strbuf_append_u64(out, value);
	pad(out, start, width);
}

static void append_title(struct strbuf *out, const char *title, size_t width)
{
	size_t start = out->length;

	strbuf_append_string(out, title);
	pad(out, start, width);
}

static void append_words(struct strbuf *out, const struct labels *labels)
{
	size_t start = out->length;

	labels_format(out, labels);
	for (size_t i = start; i < out->length; i++)
		out->data[i] = (char)toupper((unsigned char)out->data[i]);
}

void sum_text_header(struct strbuf *out, const struct sum_interval *interval)
{
	if (interval->time)
		strbuf_append_literal(out, "TIME     ");
	if (interval->walks) {
		append_title(out, "OPEN", 6);
		append_title(out, "OPENED", 6);
	}
	append_title(out, "CLOSED", 6);
	append_title(out, "TX_KB", 8);
	append_title(out, "RX_KB", 8);
	append_title(out, "RETRANS", 7);
	append_title(out, "OPEN_S", 8);
	if (interval->has_totals) {
		append_title(out, "TX_SUM", 8);
		append_title(out, "RX_SUM", 8);
	}
	append_words(out, interval->labels);
	strbuf_append_char(out, '\n');
}

/* A process named "other" is not the row of all other groups. */
static void text_value(struct strbuf *out, const struct label_part *part)
{
	const struct name *value = &part->value;

	if (part->known == LABEL_UNKNOWN)
		strbuf_append_char(out, '-');
	else if (value->length == strlen("other") && !memcmp(value->bytes, "other", value->length))
		strbuf_append_literal(out, "\\x6Fther");
	else
		escape_name(out, value->bytes, value->length, SIZE_MAX, NULL);
}

static void text_group(struct strbuf *out, const struct sum_row *row)
{
	struct group group;

	read_group(row, &group);
	if (row->is_other)
		strbuf_append_literal(out, "other");
	for (size_t i = 0; i < group.count; i++) {
		if (i)
			strbuf_append_char(out, ',');
		text_value(out, &group.parts[i]);
	}
}

void sum_text(struct strbuf *out, const struct sum_interval *interval, const struct sum_row *row,
	      const struct timebase *base)
{
	const struct sum *sum = &row->interval;
	size_t start;

	if (interval->time) {
		timestamp_format_local(out, base, interval->end_ns);
		strbuf_append_char(out, ' ');
	}
	if (interval->walks) {
		append_cell(out, row->open, 6);
		append_cell(out, sum->opened, 6);
	}
	append_cell(out, sum->closed, 6);
	append_cell(out, sum->bytes_acked / KIB, 8);
	append_cell(out, sum->bytes_received / KIB, 8);
	append_cell(out, sum->retransmits, 7);
	start = out->length;
	number_append(out, (double)sum->time_ns / NS_1S, 1);
	pad(out, start, 8);
	if (interval->has_totals) {
		append_cell(out, row->total.bytes_acked / KIB, 8);
		append_cell(out, row->total.bytes_received / KIB, 8);
	}
	text_group(out, row);
	strbuf_append_char(out, '\n');
}

/* ---- CSV ---- */

void sum_csv_header(struct strbuf *out)
{
	strbuf_append_literal(out, "TIMESTAMP,INTERVAL_S,BY,KEY,OTHER,UNKNOWN,OPEN");
	for (size_t i = 0; i < FIELDS; i++) {
		strbuf_append_char(out, ',');
		strbuf_append_string(out, fields[i].column);
	}
	for (size_t i = 0; i < FIELDS; i++) {
		strbuf_append_literal(out, ",TOTAL_");
		strbuf_append_string(out, fields[i].column);
	}
	strbuf_append_char(out, '\n');
}

/* Writes the values with commas between them, as raw bytes. */
static void append_key(struct strbuf *out, const struct sum_row *row, const struct group *group)
{
	if (row->is_other)
		strbuf_append_literal(out, "other");
	for (size_t i = 0; i < group->count; i++) {
		if (i)
			strbuf_append_char(out, ',');
		if (group->parts[i].known == LABEL_UNKNOWN)
			strbuf_append_char(out, '-');
		else
			strbuf_append(out, group->parts[i].value.bytes, group->parts[i].value.length);
	}
}

/* True if the key is just "-". */
static bool has_no_key(const struct group *group)
{
	return group->count == 1 && group->is_unknown;
}

static void csv_fields(struct strbuf *out, const struct sum_interval *interval, const struct sum *sum)
{
	for (size_t i = 0; i < FIELDS; i++) {
		strbuf_append_char(out, ',');
		if (fields[i].needs_walks && !interval->walks)
			continue;
		if (fields[i].is_time)
			duration_format_ms(out, value_of(sum, &fields[i]));
		else
			strbuf_append_u64(out, value_of(sum, &fields[i]));
	}
}

void sum_csv(struct strbuf *out, const struct sum_interval *interval, const struct sum_row *row,
	     const struct timebase *base)
{
	char words[64], text[LABELS_MAX * (SUM_VALUE_MAX + 1)];
	struct strbuf by = strbuf_over(words, sizeof(words)), key = strbuf_over(text, sizeof(text));
	struct group group;

	read_group(row, &group);
	labels_format(&by, interval->labels);
	append_key(&key, row, &group);
	timestamp_format_utc(out, base, interval->end_ns);
	strbuf_append_char(out, ',');
	duration_format_s(out, interval->length_ns);
	strbuf_append_char(out, ',');
	escape_csv(out, words, by.length);
	strbuf_append_char(out, ',');
	if (!has_no_key(&group))
		escape_csv(out, text, key.length);
	strbuf_append_string(out, row->is_other ? ",1" : ",0");
	strbuf_append_string(out, group.is_unknown ? ",1," : ",0,");
	if (interval->walks)
		strbuf_append_u64(out, row->open);
	csv_fields(out, interval, &row->interval);
	csv_fields(out, interval, &row->total);
	strbuf_append_char(out, '\n');
}

/* ---- JSON ---- */

static void json_string(struct strbuf *out, const char *bytes, size_t length)
{
	strbuf_append_char(out, '"');
	escape_json(out, bytes, length);
	strbuf_append_char(out, '"');
}

/* True for ports and pids in digits. */
static bool is_number(enum label_kind kind, const struct name *value)
{
	bool digits = kind == LABEL_PORT || kind == LABEL_LPORT || kind == LABEL_RPORT || kind == LABEL_PID;

	for (size_t i = 0; i < value->length; i++)
		digits &= value->bytes[i] >= '0' && value->bytes[i] <= '9';
	return digits;
}

static void json_values(struct strbuf *out, const struct labels *labels, const struct group *group)
{
	strbuf_append_literal(out, ",\"group\":{");
	for (size_t i = 0; i < group->count; i++) {
		const struct name *value = &group->parts[i].value;

		strbuf_append_string(out, i ? ",\"" : "\"");
		strbuf_append_string(out, label_name(labels->kinds[i]));
		strbuf_append_literal(out, "\":");
		if (group->parts[i].known == LABEL_UNKNOWN)
			strbuf_append_literal(out, "null");
		else if (is_number(labels->kinds[i], value))
			strbuf_append(out, value->bytes, value->length);
		else
			json_string(out, value->bytes, value->length);
	}
	strbuf_append_char(out, '}');
}

static void json_group(struct strbuf *out, const struct labels *labels, const struct sum_row *row)
{
	char text[LABELS_MAX * (SUM_VALUE_MAX + 1)];
	struct strbuf key = strbuf_over(text, sizeof(text));
	struct group group;

	read_group(row, &group);
	append_key(&key, row, &group);
	strbuf_append_literal(out, ",\"by\":\"");
	labels_format(out, labels);
	strbuf_append_literal(out, "\",\"key\":");
	if (has_no_key(&group))
		strbuf_append_literal(out, "null");
	else
		json_string(out, text, key.length);
	if (row->is_other)
		strbuf_append_literal(out, ",\"group\":null");
	else
		json_values(out, labels, &group);
	strbuf_append_string(out, row->is_other ? ",\"other\":true" : ",\"other\":false");
	strbuf_append_string(out, group.is_unknown ? ",\"unknown\":true" : ",\"unknown\":false");
	if (!row->is_other && row->key.netns) {
		strbuf_append_literal(out, ",\"netns\":");
		strbuf_append_u64(out, row->key.netns);
	}
}

static void json_fields(struct strbuf *out, const struct sum_interval *interval, const struct sum *sum)
{
	for (size_t i = 0; i < FIELDS; i++) {
		strbuf_append_string(out, i ? ",\"" : "\"");
		strbuf_append_string(out, fields[i].key);
		strbuf_append_literal(out, "\":");
		if (fields[i].needs_walks && !interval->walks)
			strbuf_append_literal(out, "null");
		else if (fields[i].is_time)
			duration_format_us(out, value_of(sum, &fields[i]));
		else
			strbuf_append_u64(out, value_of(sum, &fields[i]));
	}
}

void sum_json(struct strbuf *out, const struct sum_interval *interval, const struct sum_row *row,
	      const struct timebase *base)
{
	strbuf_append_literal(out, "{\"v\":1,\"type\":\"sum\",\"time\":\"");
	timestamp_format_utc(out, base, interval->end_ns);
	strbuf_append_literal(out, "\",\"interval_s\":");
	duration_format_s(out, interval->length_ns);
	json_group(out, interval->labels, row);
	strbuf_append_literal(out, ",\"open\":");
	if (interval->walks)
		strbuf_append_u64(out, row->open);
	else
		strbuf_append_literal(out, "null");
	strbuf_append_char(out, ',');
	json_fields(out, interval, &row->interval);
	strbuf_append_literal(out, ",\"total\":{");
	json_fields(out, interval, &row->total);
	strbuf_append_literal(out, "}}\n");
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/sum.h"

#include "core/duration.h"
#include "core/number.h"
#include "output/group_name.h"

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
	group_title(out, interval->labels);
	strbuf_append_char(out, '\n');
}

void sum_text(struct strbuf *out, const struct sum_interval *interval, const struct sum_row *row,
	      const struct timebase *base)
{
	const struct sum *sum = &row->interval;
	struct group_name name;
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
	group_name_read(row->name, row->name_length, &name);
	group_name_text(out, &name, SIZE_MAX, NULL);
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
	char words[64], text[LABELS_MAX * (GROUP_VALUE_MAX + 1)];
	struct strbuf by = strbuf_over(words, sizeof(words)), key = strbuf_over(text, sizeof(text));
	struct group_name name;

	group_name_read(row->name, row->name_length, &name);
	labels_format(&by, interval->labels);
	group_name_raw(&key, &name);
	timestamp_format_utc(out, base, interval->end_ns);
	strbuf_append_char(out, ',');
	duration_format_s(out, interval->length_ns);
	strbuf_append_char(out, ',');
	escape_csv(out, words, by.length);
	strbuf_append_char(out, ',');
	if (!group_name_is_dash(&name))
		escape_csv(out, text, key.length);
	strbuf_append_string(out, row->is_other ? ",1" : ",0");
	strbuf_append_string(out, name.is_unknown ? ",1," : ",0,");
	if (interval->walks)
		strbuf_append_u64(out, row->open);
	csv_fields(out, interval, &row->interval);
	csv_fields(out, interval, &row->total);
	strbuf_append_char(out, '\n');
}

/* ---- JSON ---- */

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
	struct group_name name;

	group_name_read(row->name, row->name_length, &name);
	strbuf_append_literal(out, "{\"v\":1,\"type\":\"sum\",\"time\":\"");
	timestamp_format_utc(out, base, interval->end_ns);
	strbuf_append_literal(out, "\",\"interval_s\":");
	duration_format_s(out, interval->length_ns);
	group_name_json(out, interval->labels, &name, &row->key);
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

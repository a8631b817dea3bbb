/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/summary.h"

#include "core/duration.h"
#include "core/tcp_state.h"

#define NS_PER_US   1000
#define TIMES       6
#define STATE_WIDTH 11
#define CELL_WIDTH  10

static const char *const time_names[TIMES] = {"MEAN", "P50", "P90", "P99", "P99.9", "MAX"};
static const char *const time_keys[TIMES] = {"mean_us", "p50_us", "p90_us", "p99_us", "p999_us", "max_us"};

/* Lists the times in the order of time_names. */
static void list_times_ns(const struct histogram_stats *times, uint64_t ret[TIMES])
{
	ret[0] = (uint64_t)(times->mean * NS_PER_US + 0.5);
	ret[1] = times->p50 * NS_PER_US;
	ret[2] = times->p90 * NS_PER_US;
	ret[3] = times->p99 * NS_PER_US;
	ret[4] = times->p999 * NS_PER_US;
	ret[5] = times->max * NS_PER_US;
}

static void pad_left_aligned(struct strbuf *out, size_t start, size_t width)
{
	size_t length = out->length - start;

	strbuf_pad(out, start, (length > width ? length : width) + 1);
}

void summary_text_header(struct strbuf *out, bool time)
{
	if (time)
		strbuf_append_literal(out, "TIME     ");
	strbuf_append_literal(out, "OLDSTATE    -> NEWSTATE    COUNT      UNKNOWN    ");
	for (int i = 0; i < TIMES; i++) {
		size_t start = out->length;

		strbuf_append_string(out, time_names[i]);
		if (i + 1 < TIMES)
			pad_left_aligned(out, start, CELL_WIDTH);
	}
	strbuf_append_char(out, '\n');
}

void summary_text(struct strbuf *out, bool time, const struct summary_interval *interval, const struct summary_row *row,
		  const struct timebase *base)
{
	uint64_t times_ns[TIMES];
	size_t start;

	list_times_ns(&row->times, times_ns);
	if (time) {
		timestamp_format_local(out, base, interval->end_ns);
		strbuf_append_char(out, ' ');
	}
	start = out->length;
	tcp_state_format(out, row->kind.oldstate);
	pad_left_aligned(out, start, STATE_WIDTH);
	strbuf_append_literal(out, "-> ");
	start = out->length;
	tcp_state_format(out, row->kind.newstate);
	pad_left_aligned(out, start, STATE_WIDTH);
	start = out->length;
	strbuf_append_u64(out, row->times.count + row->unknown);
	pad_left_aligned(out, start, CELL_WIDTH);
	start = out->length;
	strbuf_append_u64(out, row->unknown);
	pad_left_aligned(out, start, CELL_WIDTH);
	for (int i = 0; i < TIMES; i++) {
		start = out->length;
		if (row->times.count)
			duration_format_ms(out, times_ns[i]);
		else
			strbuf_append_char(out, '-');
		if (i + 1 < TIMES)
			pad_left_aligned(out, start, CELL_WIDTH);
	}
	strbuf_append_char(out, '\n');
}

void summary_csv_header(struct strbuf *out)
{
	strbuf_append_literal(out, "TIMESTAMP,INTERVAL_S,OLDSTATE,NEWSTATE,COUNT,UNKNOWN,MEAN,P50,P90,P99,P99.9,MAX\n");
}

void summary_csv(struct strbuf *out, const struct summary_interval *interval, const struct summary_row *row,
		 const struct timebase *base)
{
	uint64_t times_ns[TIMES];

	list_times_ns(&row->times, times_ns);
	timestamp_format_utc(out, base, interval->end_ns);
	strbuf_append_char(out, ',');
	duration_format_s(out, interval->length_ns);
	strbuf_append_char(out, ',');
	tcp_state_format(out, row->kind.oldstate);
	strbuf_append_char(out, ',');
	tcp_state_format(out, row->kind.newstate);
	strbuf_append_char(out, ',');
	strbuf_append_u64(out, row->times.count + row->unknown);
	strbuf_append_char(out, ',');
	strbuf_append_u64(out, row->unknown);
	for (int i = 0; i < TIMES; i++) {
		strbuf_append_char(out, ',');
		if (row->times.count)
			duration_format_ms(out, times_ns[i]);
	}
	strbuf_append_char(out, '\n');
}

void summary_json(struct strbuf *out, const struct summary_interval *interval, const struct summary_row *row,
		  const struct timebase *base)
{
	uint64_t times_ns[TIMES];

	list_times_ns(&row->times, times_ns);
	strbuf_append_literal(out, "{\"v\":1,\"type\":\"summary\",\"time\":\"");
	timestamp_format_utc(out, base, interval->end_ns);
	strbuf_append_literal(out, "\",\"interval_s\":");
	duration_format_s(out, interval->length_ns);
	strbuf_append_literal(out, ",\"oldstate\":\"");
	tcp_state_format(out, row->kind.oldstate);
	strbuf_append_literal(out, "\",\"newstate\":\"");
	tcp_state_format(out, row->kind.newstate);
	strbuf_append_literal(out, "\",\"count\":");
	strbuf_append_u64(out, row->times.count + row->unknown);
	strbuf_append_literal(out, ",\"unknown\":");
	strbuf_append_u64(out, row->unknown);
	for (int i = 0; i < TIMES; i++) {
		strbuf_append_literal(out, ",\"");
		strbuf_append_string(out, time_keys[i]);
		strbuf_append_literal(out, "\":");
		if (row->times.count)
			duration_format_us(out, times_ns[i]);
		else
			strbuf_append_literal(out, "null");
	}
	strbuf_append_literal(out, "}\n");
}

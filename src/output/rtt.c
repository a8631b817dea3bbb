/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/rtt.h"

#include "core/escape.h"
#include "core/number.h"
#include "core/timestamp.h"
#include "output/rtt_names.h"

#define STARS_MAX 40

/* Decimals of mean and jitter. Other values are whole microseconds: no decimals, or three in milliseconds. */
#define TEXT_DECIMALS 1
#define DATA_DECIMALS 3

static bool in_ms(const struct rtt_report *report)
{
	return report->tick == TICK_MS1024;
}

static void append_whole(struct strbuf *out, const struct rtt_report *report, uint64_t us)
{
	if (!in_ms(report)) {
		strbuf_append_u64(out, us);
		return;
	}
	strbuf_append_u64(out, us / 1000);
	strbuf_append_char(out, '.');
	strbuf_append_u64_digits(out, us % 1000, 3);
}

static size_t key_length(const struct rtt_report *report)
{
	return escape_field_length(report->key, RTT_KEY_MAX);
}

/* True if the key is just "-": the owner is unknown, and the grouping has no second word. */
static bool has_no_name(const struct rtt_report *report)
{
	return report->unknown && !strchr(report->by, ',');
}

/* ---- text ---- */

static void text_heading(struct strbuf *out, const struct rtt_report *report)
{
	if (strcmp(report->by, "all") == 0) {
		strbuf_append_literal(out, "All Addresses = ****** ");
		return;
	}
	if (strcmp(report->by, "laddr") == 0)
		strbuf_append_literal(out, "Local Address");
	else if (strcmp(report->by, "raddr") == 0)
		strbuf_append_literal(out, "Remote Address");
	else
		strbuf_append_string(out, report->by);
	strbuf_append_literal(out, " = ");
	if (has_no_name(report))
		strbuf_append_char(out, '-');
	else
		escape_name(out, report->key, key_length(report), SIZE_MAX, NULL);
	strbuf_append_char(out, ' ');
}

static void text_average(struct strbuf *out, const struct rtt_report *report, const struct histogram_stats *stats)
{
	strbuf_append_literal(out, "[AVG ");
	strbuf_append_u64(out, report->histogram->sum_us / stats->count / (in_ms(report) ? 1000 : 1));
	strbuf_append_char(out, ']');
}

/* Right-aligned in 10 columns; a bound has at most 9 digits. */
static void text_bound(struct strbuf *out, uint64_t bound)
{
	char text[20];
	struct strbuf number = strbuf_over(text, sizeof(text));

	strbuf_append_u64(&number, bound);
	strbuf_pad(out, out->length, 10 - number.length);
	strbuf_append(out, text, number.length);
}

/* Returns the number of stars, out of 40, rounded down. */
static unsigned int star_count(uint64_t count, uint64_t most)
{
	unsigned int stars = 0;

	/* count * 40 / most would overflow; n stars need a count of n * most / 40, rounded up */
	while (stars < STARS_MAX &&
	       count >= most / STARS_MAX * (stars + 1) + (most % STARS_MAX * (stars + 1) + STARS_MAX - 1) / STARS_MAX)
		stars++;
	return stars;
}

/* "%*lld -> %-*lld : %-8d |" and the stars, as in libbpf-tools' tcprtt */
static void text_row(struct strbuf *out, unsigned int power, uint64_t count, uint64_t most)
{
	static const char stars[STARS_MAX + 1] = "****************************************";
	size_t start;

	text_bound(out, power ? 1ULL << power : 0);
	strbuf_append_literal(out, " -> ");
	start = out->length;
	strbuf_append_u64(out, (2ULL << power) - 1);
	strbuf_pad(out, start, 10);
	strbuf_append_literal(out, " : ");
	start = out->length;
	strbuf_append_u64(out, count);
	strbuf_pad(out, start, 8);
	strbuf_append_literal(out, " |");
	start = out->length;
	strbuf_append(out, stars, star_count(count, most));
	strbuf_pad(out, start, STARS_MAX);
	strbuf_append_literal(out, "|\n");
}

static void text_table(struct strbuf *out, const struct rtt_report *report)
{
	uint64_t counts[LOG2_COUNT], most = 0;
	unsigned int rows = 0;
	size_t start;

	histogram_fold_log2(report->histogram, report->tick, counts);
	for (unsigned int i = 0; i < LOG2_COUNT; i++) {
		if (counts[i])
			rows = i + 1;
		if (counts[i] > most)
			most = counts[i];
	}
	/* "%*s%-*s" with 5 and 19 columns */
	start = out->length;
	strbuf_pad(out, start, 5);
	strbuf_append_string(out, in_ms(report) ? "msecs" : "usecs");
	strbuf_pad(out, start, 5 + 19);
	strbuf_append_literal(out, " : count    distribution\n");
	for (unsigned int i = 0; i < rows; i++)
		text_row(out, i, counts[i], most);
}

static void text_statistics(struct strbuf *out, const struct rtt_report *report, const struct histogram_stats *stats)
{
	const struct {
		const char *name;
		uint64_t us;
	} whole[] = {
		{", min ", stats->min}, {", p50 ", stats->p50},    {", p90 ", stats->p90},
		{", p99 ", stats->p99}, {", p99.9 ", stats->p999}, {", max ", stats->max},
	};
	/* milliseconds have three decimals more, for the same resolution */
	unsigned int decimals = TEXT_DECIMALS + (in_ms(report) ? 3 : 0);
	double unit_us = in_ms(report) ? 1000 : 1;

	strbuf_append_literal(out, "     count ");
	strbuf_append_u64(out, stats->count);
	strbuf_append_literal(out, ", mean ");
	number_append(out, stats->mean / unit_us, decimals);
	if (report->jitter) {
		strbuf_append_literal(out, ", jitter ");
		number_append(out, stats->jitter / unit_us, decimals);
	}
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		strbuf_append_string(out, whole[i].name);
		append_whole(out, report, whole[i].us);
	}
	strbuf_append_string(out, in_ms(report) ? " msecs\n" : " usecs\n");
}

void rtt_text(struct strbuf *out, const struct rtt_report *report, bool extended)
{
	struct histogram_stats stats;

	histogram_statistics(report->histogram, report->tick, &stats);
	text_heading(out, report);
	if (extended && stats.count)
		text_average(out, report, &stats);
	strbuf_append_char(out, '\n');
	if (!stats.count)
		return;
	text_table(out, report);
	if (extended)
		text_statistics(out, report, &stats);
}

/* ---- JSON and CSV ---- */

/*
 * JSON and CSV have the same values in the same order. Only the text before a value and the text for an unknown value
 * differ.
 */
struct data_style {
	const char *before_values[8]; /* MEAN to MAX */
	const char *unknown;
};

static void append_mean(struct strbuf *out, const struct rtt_report *report, bool known, double us,
			const struct data_style *style)
{
	if (!known)
		strbuf_append_string(out, style->unknown);
	else if (in_ms(report))
		number_append_short(out, us / 1000, DATA_DECIMALS + 3);
	else
		number_append_short(out, us, DATA_DECIMALS);
}

static void append_values(struct strbuf *out, const struct rtt_report *report, const struct histogram_stats *stats,
			  const struct data_style *style)
{
	const uint64_t whole[] = {stats->min, stats->p50, stats->p90, stats->p99, stats->p999, stats->max};

	strbuf_append_string(out, style->before_values[0]);
	append_mean(out, report, stats->count, stats->mean, style);
	strbuf_append_string(out, style->before_values[1]);
	append_mean(out, report, stats->count && report->jitter, stats->jitter, style);
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		strbuf_append_string(out, style->before_values[2 + i]);
		if (stats->count)
			append_whole(out, report, whole[i]);
		else
			strbuf_append_string(out, style->unknown);
	}
}

static void append_time(struct strbuf *out, const struct rtt_report *report)
{
	timestamp_format_realtime(out, (int64_t)report->time_realtime_ns);
}

static void json_identity(struct strbuf *out, const struct rtt_report *report)
{
	strbuf_append_literal(out, "{\"v\":1,\"type\":\"rtt\",\"time\":\"");
	append_time(out, report);
	strbuf_append_literal(out, "\",\"interval_s\":");
	number_append(out, report->interval_s, 3);
	strbuf_append_literal(out, ",\"by\":\"");
	strbuf_append_string(out, report->by);
	strbuf_append_literal(out, "\",\"key\":");
	if (has_no_name(report)) {
		strbuf_append_literal(out, "null");
	} else {
		strbuf_append_char(out, '"');
		escape_json(out, report->key, key_length(report));
		strbuf_append_char(out, '"');
	}
	strbuf_append_string(out, report->other ? ",\"other\":true" : ",\"other\":false");
	strbuf_append_string(out, report->unknown ? ",\"unknown\":true" : ",\"unknown\":false");
	strbuf_append_literal(out, ",\"sample\":\"");
	strbuf_append_string(out, report->sample);
	strbuf_append_literal(out, "\",\"hook\":\"");
	strbuf_append_string(out, report->hook);
	strbuf_append_literal(out, "\",\"unit\":\"");
	strbuf_append_string(out, in_ms(report) ? "ms\"" : "us\"");
}

static void json_buckets(struct strbuf *out, const struct rtt_report *report)
{
	bool first = true;

	strbuf_append_literal(out, ",\"buckets\":[");
	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
		uint64_t low, high;

		if (!report->histogram->slots[slot])
			continue;
		slot_bounds_us(report->tick, slot, &low, &high);
		strbuf_append_string(out, first ? "[" : ",[");
		first = false;
		append_whole(out, report, low);
		strbuf_append_char(out, ',');
		if (high == UINT64_MAX)
			strbuf_append_literal(out, "null");
		else
			append_whole(out, report, high);
		strbuf_append_char(out, ',');
		strbuf_append_u64(out, report->histogram->slots[slot]);
		strbuf_append_char(out, ']');
	}
	strbuf_append_literal(out, "]}\n");
}

void rtt_json(struct strbuf *out, const struct rtt_report *report)
{
	static const struct data_style style = {{",\"mean\":", ",\"jitter\":", ",\"min\":", ",\"p50\":", ",\"p90\":",
						 ",\"p99\":", ",\"p999\":", ",\"max\":"},
						"null"};
	struct histogram_stats stats;

	histogram_statistics(report->histogram, report->tick, &stats);
	json_identity(out, report);
	rtt_names_json(out, report);
	strbuf_append_literal(out, ",\"count\":");
	strbuf_append_u64(out, stats.count);
	append_values(out, report, &stats, &style);
	json_buckets(out, report);
}

void rtt_csv_header(struct strbuf *out, const char *by, unsigned int asked)
{
	strbuf_append_literal(out, "TIMESTAMP,INTERVAL_S,BY,KEY,SAMPLE,HOOK,UNIT,COUNT,MEAN,JITTER,MIN,P50,P90,P99,"
				   "P999,MAX,OTHER,UNKNOWN");
	rtt_names_csv_header(out, by, asked);
	strbuf_append_char(out, '\n');
}

void rtt_csv(struct strbuf *out, const struct rtt_report *report)
{
	static const struct data_style style = {{",", ",", ",", ",", ",", ",", ",", ","}, ""};
	struct histogram_stats stats;

	histogram_statistics(report->histogram, report->tick, &stats);
	append_time(out, report);
	strbuf_append_char(out, ',');
	number_append(out, report->interval_s, 3);
	strbuf_append_char(out, ',');
	escape_csv(out, report->by, strlen(report->by));
	strbuf_append_char(out, ',');
	/* by "all" there is no key, which is not an empty name */
	if (!has_no_name(report) && (report->key[0] || strcmp(report->by, "all") != 0))
		escape_csv(out, report->key, key_length(report));
	strbuf_append_char(out, ',');
	strbuf_append_string(out, report->sample);
	strbuf_append_char(out, ',');
	strbuf_append_string(out, report->hook);
	strbuf_append_string(out, in_ms(report) ? ",ms," : ",us,");
	strbuf_append_u64(out, stats.count);
	append_values(out, report, &stats, &style);
	strbuf_append_string(out, report->other ? ",1" : ",0");
	strbuf_append_string(out, report->unknown ? ",1" : ",0");
	rtt_names_csv(out, report);
	strbuf_append_char(out, '\n');
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The two text formats. exposition_protobuf.c has the third. */
#include "output/exposition.h"

#include "core/metrics.h"
#include "output/exposition_protobuf.h"

#define NS_PER_S 1000000000ULL

const char *const exposition_types[EXPOSITION_FORMATS] = {
	[EXPOSITION_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
	[EXPOSITION_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
	[EXPOSITION_PROTOBUF] = ("application/vnd.google.protobuf; "
				 "proto=io.prometheus.client.MetricFamily; encoding=delimited"),
};

/* Both formats escape a backslash and a line feed; a quote in label values only, and OpenMetrics also in help texts. */
static void append_escaped(struct strbuf *out, const char *text, size_t length, bool quotes)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\')
			strbuf_append_literal(out, "\\\\");
		else if (text[i] == '\n')
			strbuf_append_literal(out, "\\n");
		else if (text[i] == '"' && quotes)
			strbuf_append_literal(out, "\\\"");
		else
			strbuf_append_char(out, text[i]);
	}
}

/* Whole numbers, and seconds with the decimals that are not zero: 0.000061035. */
static void append_value(struct strbuf *out, const struct metric *metric, uint64_t value)
{
	uint64_t decimals = value % NS_PER_S;

	if (strcmp(metric->unit, "seconds") != 0) {
		strbuf_append_u64(out, value);
		return;
	}
	strbuf_append_u64(out, value / NS_PER_S);
	if (!decimals)
		return;
	strbuf_append_char(out, '.');
	strbuf_append_u64_digits(out, decimals, 9);
	while (out->length && out->data[out->length - 1] == '0')
		out->length--;
}

/* Writes name and labels. `le` is the bound of a classic bucket, or NULL. */
static void append_name(struct exposition *exposition, const char *suffix, const struct metric_label *labels,
			size_t count, const char *le)
{
	struct strbuf *out = exposition->out;
	char separator = '{';

	strbuf_append_string(out, exposition->metric->name);
	strbuf_append_string(out, suffix);
	for (size_t i = 0; i < count; i++, separator = ',') {
		strbuf_append_char(out, separator);
		strbuf_append_string(out, labels[i].name);
		strbuf_append_literal(out, "=\"");
		append_escaped(out, labels[i].value, labels[i].length, true);
		strbuf_append_char(out, '"');
	}
	if (le) {
		strbuf_append_char(out, separator);
		strbuf_append_literal(out, "le=\"");
		strbuf_append_string(out, le);
		strbuf_append_char(out, '"');
	}
	if (count || le)
		strbuf_append_char(out, '}');
	strbuf_append_char(out, ' ');
}

/* Begins a line about the metric itself: "# TYPE name ". In OpenMetrics a counter's name has no suffix there. */
static void append_comment(struct exposition *exposition, const char *word)
{
	struct strbuf *out = exposition->out;

	strbuf_append_literal(out, "# ");
	strbuf_append_string(out, word);
	strbuf_append_char(out, ' ');
	strbuf_append_string(out, exposition->metric->name);
	if (exposition->format == EXPOSITION_TEXT)
		strbuf_append_string(out, metric_suffix(exposition->metric));
	strbuf_append_char(out, ' ');
}

void exposition_begin(struct exposition *exposition, const struct metric *metric)
{
	bool is_openmetrics = exposition->format == EXPOSITION_OPENMETRICS;
	struct strbuf *out = exposition->out;
	const char *type = metric_type_name(metric);

	exposition->metric = metric;
	if (exposition->format == EXPOSITION_PROTOBUF) {
		exposition_protobuf_begin(exposition);
		return;
	}
	if (metric->type == METRIC_INFO && !is_openmetrics)
		type = "gauge"; /* the older format has no infos */
	append_comment(exposition, "HELP");
	append_escaped(out, metric->help, strlen(metric->help), is_openmetrics);
	strbuf_append_char(out, '\n');
	append_comment(exposition, "TYPE");
	strbuf_append_string(out, type);
	strbuf_append_char(out, '\n');
	if (is_openmetrics && *metric->unit) {
		append_comment(exposition, "UNIT");
		strbuf_append_string(out, metric->unit);
		strbuf_append_char(out, '\n');
	}
}

void exposition_add(struct exposition *exposition, const struct metric_label *labels, size_t count, uint64_t value)
{
	exposition->series++;
	if (exposition->format == EXPOSITION_PROTOBUF) {
		exposition_protobuf_add(exposition, labels, count, value);
		return;
	}
	append_name(exposition, metric_suffix(exposition->metric), labels, count, NULL);
	append_value(exposition->out, exposition->metric, value);
	strbuf_append_char(exposition->out, '\n');
}

static void add_count(struct exposition *exposition, const char *suffix, const struct metric_label *labels,
		      size_t count, const char *le, uint64_t value)
{
	append_name(exposition, suffix, labels, count, le);
	strbuf_append_u64(exposition->out, value);
	strbuf_append_char(exposition->out, '\n');
}

void exposition_add_histogram(struct exposition *exposition, const struct metric_label *labels, size_t count,
			      const struct time_histogram *histogram)
{
	uint64_t total = time_histogram_count(histogram), classic[TIME_CLASSIC_BUCKETS];

	exposition->series += exposition->format == EXPOSITION_PROTOBUF ? 1 : TIME_CLASSIC_BUCKETS + 3;
	if (exposition->format == EXPOSITION_PROTOBUF) {
		exposition_protobuf_add_histogram(exposition, labels, count, histogram);
		return;
	}
	time_histogram_classic(histogram, classic);
	for (size_t i = 0; i < TIME_CLASSIC_BUCKETS; i++)
		add_count(exposition, "_bucket", labels, count, time_classic_bounds[i].le, classic[i]);
	add_count(exposition, "_bucket", labels, count, "+Inf", total);
	append_name(exposition, "_sum", labels, count, NULL);
	append_value(exposition->out, exposition->metric, histogram->sum_ns);
	strbuf_append_char(exposition->out, '\n');
	add_count(exposition, "_count", labels, count, NULL, total);
}

void exposition_end(struct exposition *exposition)
{
	if (exposition->format == EXPOSITION_PROTOBUF)
		exposition_protobuf_end(exposition);
}

void exposition_finish(struct exposition *exposition)
{
	if (exposition->format == EXPOSITION_OPENMETRICS)
		strbuf_append_literal(exposition->out, "# EOF\n");
}

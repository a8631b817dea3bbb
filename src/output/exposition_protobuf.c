/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The protobuf format: a stream of MetricFamily messages, each with its length in front. */
#include "output/exposition_protobuf.h"

#include "core/metrics.h"
#include "core/protobuf.h"

/* Numbers of fields and values: prometheus/client_model, io/prometheus/client/metrics.proto. */
enum {
	FAMILY_NAME = 1,
	FAMILY_HELP = 2,
	FAMILY_TYPE = 3,
	FAMILY_METRIC = 4,
	METRIC_LABEL = 1,
	METRIC_GAUGE_VALUE = 2,
	METRIC_COUNTER_VALUE = 3,
	METRIC_HISTOGRAM_VALUE = 7,
	LABEL_NAME = 1,
	LABEL_VALUE = 2,
	NUMBER_VALUE = 1, /* of a gauge and of a counter */
	HISTOGRAM_COUNT = 1,
	HISTOGRAM_SUM = 2,
	HISTOGRAM_SCHEMA = 5,
	HISTOGRAM_ZERO_THRESHOLD = 6,
	HISTOGRAM_ZERO_COUNT = 7,
	HISTOGRAM_SPAN = 12,
	HISTOGRAM_DELTA = 13,
	SPAN_OFFSET = 1,
	SPAN_LENGTH = 2,
	TYPE_COUNTER = 0,
	TYPE_GAUGE = 1,
	TYPE_HISTOGRAM = 4,
};

/* The bound of slot 0: Prometheus counts all times up to it as zero. */
#define ZERO_THRESHOLD_S (1.0 / (1 << -(TIME_FIRST / TIME_PER_OCTAVE)))

void exposition_protobuf_begin(struct exposition *exposition)
{
	static const uint64_t types[] = {
		[METRIC_COUNTER] = TYPE_COUNTER,
		[METRIC_GAUGE] = TYPE_GAUGE,
		[METRIC_HISTOGRAM] = TYPE_HISTOGRAM,
		[METRIC_INFO] = TYPE_GAUGE,
	};
	const struct metric *metric = exposition->metric;
	struct strbuf *out = exposition->out;
	size_t name;

	exposition->mark = protobuf_begin(out, 0);
	name = protobuf_begin(out, FAMILY_NAME);
	strbuf_append_string(out, metric->name);
	strbuf_append_string(out, metric_suffix(metric));
	protobuf_end(out, name);
	protobuf_append_string(out, FAMILY_HELP, metric->help);
	protobuf_append_u64(out, FAMILY_TYPE, types[metric->type]);
}

static size_t begin_metric(struct strbuf *out, const struct metric_label *labels, size_t count)
{
	size_t mark = protobuf_begin(out, FAMILY_METRIC);

	for (size_t i = 0; i < count; i++) {
		size_t label = protobuf_begin(out, METRIC_LABEL);

		protobuf_append_string(out, LABEL_NAME, labels[i].name);
		protobuf_append_bytes(out, LABEL_VALUE, labels[i].value, labels[i].length);
		protobuf_end(out, label);
	}
	return mark;
}

void exposition_protobuf_add(struct exposition *exposition, const struct metric_label *labels, size_t count,
			     uint64_t value)
{
	const struct metric *metric = exposition->metric;
	struct strbuf *out = exposition->out;
	size_t mark = begin_metric(out, labels, count), number;
	bool in_ns = !strcmp(metric->unit, "seconds");

	number = protobuf_begin(out, metric->type == METRIC_COUNTER ? METRIC_COUNTER_VALUE : METRIC_GAUGE_VALUE);
	protobuf_append_double(out, NUMBER_VALUE, in_ns ? (double)value / 1e9 : (double)value);
	protobuf_end(out, number);
	protobuf_end(out, mark);
}

/* Spans: where each run of buckets begins, from the end of the run before. Deltas: each count less the one before. */
static void append_runs(struct strbuf *out, const struct time_histogram *histogram)
{
	struct time_run run;
	int64_t end = -TIME_FIRST, before = 0; /* the slot with bucket 0 */

	for (uint32_t slot = 0; time_histogram_run(histogram, slot, &run); slot = run.slot + run.count) {
		size_t span = protobuf_begin(out, HISTOGRAM_SPAN);

		protobuf_append_s64(out, SPAN_OFFSET, (int64_t)run.slot - end);
		protobuf_append_u64(out, SPAN_LENGTH, run.count);
		protobuf_end(out, span);
		end = (int64_t)run.slot + run.count;
	}
	for (uint32_t slot = 0; time_histogram_run(histogram, slot, &run); slot = run.slot + run.count) {
		for (uint32_t i = run.slot; i < run.slot + run.count; i++) {
			protobuf_append_s64(out, HISTOGRAM_DELTA, (int64_t)histogram->slots[i] - before);
			before = (int64_t)histogram->slots[i];
		}
	}
}

void exposition_protobuf_add_histogram(struct exposition *exposition, const struct metric_label *labels, size_t count,
				       const struct time_histogram *histogram)
{
	struct strbuf *out = exposition->out;
	size_t mark = begin_metric(out, labels, count), value = protobuf_begin(out, METRIC_HISTOGRAM_VALUE);

	protobuf_append_u64(out, HISTOGRAM_COUNT, time_histogram_count(histogram));
	protobuf_append_double(out, HISTOGRAM_SUM, (double)histogram->sum_ns / 1e9);
	protobuf_append_s64(out, HISTOGRAM_SCHEMA, TIME_SCHEMA);
	protobuf_append_double(out, HISTOGRAM_ZERO_THRESHOLD, ZERO_THRESHOLD_S);
	protobuf_append_u64(out, HISTOGRAM_ZERO_COUNT, histogram->slots[0]);
	append_runs(out, histogram);
	protobuf_end(out, value);
	protobuf_end(out, mark);
}

void exposition_protobuf_end(struct exposition *exposition)
{
	protobuf_end(exposition->out, exposition->mark);
}

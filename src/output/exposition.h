/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes metrics in the formats that Prometheus scrapes: text 0.0.4, OpenMetrics 1.0, and protobuf with native
 * histograms (prometheus/client_model, metrics.proto). For each metric call exposition_begin(), then one function for
 * each set of labels, then exposition_end(); and exposition_finish() once, after all metrics.
 */
#ifndef TCPVITALS_OUTPUT_EXPOSITION_H
#define TCPVITALS_OUTPUT_EXPOSITION_H

#include "core/metric.h"
#include "core/strbuf.h"
#include "core/time_histogram.h"

enum exposition_format {
	EXPOSITION_TEXT,
	EXPOSITION_OPENMETRICS,
	EXPOSITION_PROTOBUF,
	EXPOSITION_FORMATS
};

struct exposition {
	enum exposition_format format;
	struct strbuf *out; /* text that does not fit sets out->overflow: enlarge the buffer and write again */
	const struct metric *metric;
	size_t mark;   /* where the present family begins (protobuf) */
	size_t series; /* written so far, as Prometheus counts them: a classic histogram is one for each bucket, and two
			*/
};

/* The value of the HTTP header Content-Type. */
extern const char *const exposition_types[EXPOSITION_FORMATS];

/*
 * Chooses the format for a request with that Accept header (RFC 9110, section 12.5.1); NULL: without one. A client gets
 * the format with the highest weight, and text if it names none of the three.
 */
enum exposition_format exposition_choose(const char *accept);

/* Begins the samples of a metric. A metric without samples may be left out. */
void exposition_begin(struct exposition *exposition, const struct metric *metric);

/* A counter, gauge or info. The value of a metric in seconds is given in nanoseconds. */
void exposition_add(struct exposition *exposition, const struct metric_label *labels, size_t count, uint64_t value);

/* The text formats have classic buckets, protobuf has native ones only. */
void exposition_add_histogram(struct exposition *exposition, const struct metric_label *labels, size_t count,
			      const struct time_histogram *histogram);

void exposition_end(struct exposition *exposition);
void exposition_finish(struct exposition *exposition);

#endif

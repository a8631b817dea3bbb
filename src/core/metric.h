/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The contract of the metrics: one table, from which the encoders, docs/metrics.md and the tests take names, units and
 * definitions. Names follow prometheus.io/docs/practices/naming and OpenMetrics 1.0.
 */
#ifndef TCPVITALS_CORE_METRIC_H
#define TCPVITALS_CORE_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric_type {
	METRIC_COUNTER,   /* only grows, from the start of the exporter */
	METRIC_GAUGE,     /* the value at the scrape */
	METRIC_HISTOGRAM, /* times: struct time_histogram */
	METRIC_INFO,      /* facts as labels; the value is 1 */
};

struct metric {
	const char *name; /* without the suffix of the type: _total, _info */
	enum metric_type type;
	const char *unit;    /* "seconds", "bytes" or "": the end of the name */
	const char *labels;  /* names of the fixed labels, separated by commas */
	bool is_grouped;     /* has the labels of --label, too */
	unsigned int series; /* at most, of each group if is_grouped; 0: one for each value of the label */
	const char *help;    /* definition: one sentence */
	const char *source;  /* where the value comes from */
	const char *otel;    /* the name in OpenTelemetry, or NULL */
};

/* A label of a sample. The value has been made harmless (escape_terminal()), but not escaped for the format. */
struct metric_label {
	const char *name;
	const char *value;
	size_t length;
};

#endif

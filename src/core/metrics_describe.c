/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* docs/metrics.md, written from the table of metrics. */
#include "abi/cause.h"
#include "core/cause.h"
#include "core/metrics.h"

/*
 * Values of error.type in OpenTelemetry's semantic conventions. An orderly end has none; "_OTHER" is their word for an
 * error without a value.
 */
static const char *const error_types[CAUSES] = {
	[CAUSE_UNKNOWN] = "_OTHER",
	[CAUSE_RESET_SENT] = "connection_aborted",
	[CAUSE_RESET_RECEIVED] = "connection_reset",
	[CAUSE_REFUSED] = "connection_refused",
	[CAUSE_TIMEOUT] = "timeout",
	[CAUSE_TIMEOUT_CONNECT] = "timeout",
	[CAUSE_TIMEOUT_RETRANSMISSION] = "timeout",
	[CAUSE_TIMEOUT_PROBE] = "timeout",
	[CAUSE_TIMEOUT_KEEPALIVE] = "timeout",
	[CAUSE_TIMEOUT_USER] = "timeout",
	[CAUSE_ABORTED] = "connection_aborted",
	[CAUSE_ABANDONED] = "cancelled",
	[CAUSE_UNREAD_DATA] = "connection_aborted",
	[CAUSE_UNREACHABLE] = "host_unreachable",
	[CAUSE_LOCAL_ERROR] = "_OTHER",
	[CAUSE_OUT_OF_MEMORY] = "out_of_memory",
	[CAUSE_LISTENER_CLOSED] = "connection_aborted",
	[CAUSE_NO_PORT] = "address_not_available",
	[CAUSE_ADDRESS_IN_USE] = "address_in_use",
};

static const char introduction[] =
	"# Metrics\n\n"
	"The metrics of `tcpvitals-exporter`. This page is written from the table in\n"
	"`src/core/metrics.c`, which the encoders use, too. A unit test compares them.\n\n"
	"Names and units follow the conventions of Prometheus. Counters count from the start of the\n"
	"exporter. Histograms have native buckets of schema 3, eight for each doubling of the time. The\n"
	"last bucket has all times beyond 2^24 s (194 days). In the text formats they have classic buckets\n"
	"with the bounds 2^-14 s (61 us), 2^-13 s, ..., 2^6 s (64 s). All counts are exact: each classic\n"
	"bound is a bound of the native buckets.\n\n"
	"The cost of a metric: `taken from` says when the kernel or the exporter works for it, `series` how\n"
	"many series it has. A histogram counts as one in protobuf, and as 24 in the text formats. Of all\n"
	"series there are no more than `--max-series`, but those of the host and of `other` are never left\n"
	"out.\n\n"
	"A walk looks at all sockets once every `--interval`, ten seconds by default.\n\n"
	"A group without an event has no series in `connections_opened` and `connections_closed`. A\n"
	"histogram without an event has none, either. With `--label role`, metrics that always have the label\n"
	"`role` have it once.\n\n";

static const char causes[] = "## Causes in OpenTelemetry\n\n"
			     "`tcpstates(8)` explains the causes. An orderly end has no `error.type`.\n\n"
			     "| cause | error.type |\n|---|---|\n";

#define COLUMNS 100

/* Breaks the line that began at `start` (an earlier out->length) at blanks. Later lines begin with `indent`. */
static void wrap(struct strbuf *out, size_t start, const char *indent)
{
	char line[512];
	size_t length = out->length - start, at = 0;

	if (out->overflow || length <= COLUMNS || length > sizeof(line))
		return;
	memcpy(line, out->data + start, length);
	out->length = start;
	while (length - at > COLUMNS - strlen(indent)) {
		size_t end = at + COLUMNS - (at ? strlen(indent) : 0);

		while (end > at && line[end] != ' ')
			end--;
		strbuf_append(out, line + at, end - at);
		strbuf_append_char(out, '\n');
		strbuf_append_string(out, indent);
		at = end + 1;
	}
	strbuf_append(out, line + at, length - at);
}

/* Appends a text in lines of COLUMNS. */
static void append_wrapped(struct strbuf *out, const char *before, const char *text, const char *indent)
{
	size_t start = out->length;

	strbuf_append_string(out, before);
	strbuf_append_string(out, text);
	wrap(out, start, indent);
}

static void describe_labels(struct strbuf *out, const struct metric *metric)
{
	for (const char *label = metric->labels; *label;) {
		size_t length = strcspn(label, ",");

		strbuf_append_literal(out, " `");
		strbuf_append(out, label, length);
		strbuf_append_char(out, '`');
		label += length + (label[length] == ',');
	}
	if (metric->is_grouped)
		strbuf_append_string(out, *metric->labels ? " and those of `--label`" : " those of `--label`");
	if (!*metric->labels && !metric->is_grouped)
		strbuf_append_literal(out, " none");
}

static void describe_series(struct strbuf *out, const struct metric *metric)
{
	strbuf_append_literal(out, "\n- series: ");
	if (!metric->series) {
		strbuf_append_literal(out, "one for each `");
		strbuf_append_string(out, metric->labels);
		strbuf_append_char(out, '`');
	} else {
		if (metric->series > 1)
			strbuf_append_literal(out, "at most ");
		strbuf_append_u64(out, metric->series);
		strbuf_append_string(out, metric->is_grouped ? " for each group" : "");
	}
	strbuf_append_char(out, '\n');
}

static void describe_name(struct strbuf *out, const struct metric *metric)
{
	strbuf_append_char(out, '`');
	strbuf_append_string(out, metric->name);
	strbuf_append_string(out, metric_suffix(metric));
	strbuf_append_char(out, '`');
}

static void describe_metric(struct strbuf *out, const struct metric *metric)
{
	strbuf_append_literal(out, "### ");
	describe_name(out, metric);
	strbuf_append_literal(out, "\n\n");
	append_wrapped(out, "", metric->help, "");
	strbuf_append_literal(out, "\n\n- type: ");
	strbuf_append_string(out, metric_type_name(metric));
	if (*metric->unit) {
		strbuf_append_literal(out, ", in ");
		strbuf_append_string(out, metric->unit);
	}
	strbuf_append_literal(out, "\n- labels:");
	describe_labels(out, metric);
	describe_series(out, metric);
	append_wrapped(out, "- taken from: ", metric->source, "  ");
	if (metric->otel) {
		strbuf_append_char(out, '\n');
		append_wrapped(out, "- OpenTelemetry: ", metric->otel, "  ");
	}
	strbuf_append_literal(out, "\n\n");
}

static void describe_causes(struct strbuf *out)
{
	strbuf_append_string(out, causes);
	for (enum cause cause = CAUSE_UNKNOWN; cause < CAUSES; cause++) {
		strbuf_append_literal(out, "| `");
		strbuf_append_string(out, cause_name(cause));
		strbuf_append_literal(out, "` | ");
		strbuf_append_string(out, error_types[cause] ? error_types[cause] : "-");
		strbuf_append_literal(out, " |\n");
	}
}

void metrics_describe(struct strbuf *out)
{
	strbuf_append_string(out, introduction);
	strbuf_append_literal(out, "## Definitions\n\n");
	for (size_t i = 0; i < METRICS; i++)
		describe_metric(out, &metrics[i]);
	describe_causes(out);
}

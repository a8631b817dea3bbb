/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The contract of the exporter: every metric, in the order of the output. The encoders, docs/metrics.md and the tests
 * take names, units, labels and definitions from this table.
 */
#ifndef TCPVITALS_CORE_METRICS_H
#define TCPVITALS_CORE_METRICS_H

#include "core/metric.h"
#include "core/strbuf.h"

enum metric_id {
	METRIC_CONNECTIONS_OPENED,
	METRIC_CONNECTIONS_CLOSED,
	METRIC_SOCKETS,
	METRIC_STATE_DURATION,
	METRIC_HANDSHAKE_DURATION,
	METRIC_CONNECTION_DURATION,
	METRIC_RTT,
	METRIC_SENT_BYTES,
	METRIC_RECEIVED_BYTES,
	METRIC_SENT_SEGMENTS,
	METRIC_RECEIVED_SEGMENTS,
	METRIC_RETRANSMITTED_SEGMENTS,
	METRIC_HANDSHAKE_RETRANSMISSIONS,
	METRIC_RESETS_SENT,
	METRIC_RESETS_RECEIVED,
	METRIC_LIMITED,
	METRIC_LISTENER_BACKLOG,
	METRIC_LISTENER_BACKLOG_HIGHEST,
	METRIC_LISTENER_BACKLOG_LIMIT,
	METRIC_LISTENER_DROPS,
	METRIC_STUCK_SOCKETS,
	METRIC_EPHEMERAL_PORTS_USED,
	METRIC_EPHEMERAL_PORTS,
	METRIC_LOST_EVENTS,
	METRIC_GROUPS_IN_OTHER,
	METRIC_UNGROUPED,
	METRIC_HOOK_UP,
	METRIC_BUILD,
	METRIC_PROGRAM_RUNS,
	METRIC_PROGRAM_RUN_TIME,
	METRIC_SCRAPE_DURATION,
	METRICS
};

extern const struct metric metrics[METRICS];

/* "counter", "gauge", "histogram" or "info" */
const char *metric_type_name(const struct metric *metric);

/* The end of the metric's name in the text formats: "_total", "_info" or nothing. */
const char *metric_suffix(const struct metric *metric);

/* Appends docs/metrics.md. */
void metrics_describe(struct strbuf *out);

#endif

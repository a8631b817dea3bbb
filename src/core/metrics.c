/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/metrics.h"

#include "abi/cause.h"
#include "abi/connection.h"

#define ROLES_KNOWN    (ROLES - 1)
#define STATES_BUT_ONE (STATE_CLOSING - 1) /* sockets: without CLOSE; their times: without LISTEN */

/*
 * The names in OpenTelemetry: system.network.connection.count is in its semantic conventions, the others are proposed
 * in open-telemetry/semantic-conventions issue 3682.
 */
const struct metric metrics[METRICS] = {
	[METRIC_CONNECTIONS_OPENED] =
		{
			.name = "tcpvitals_connections_opened",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "role",
			.is_grouped = true,
			.series = ROLES,
			.help = "Connections begun: by connect() (client), or by a handshake at a listener (server).",
			.source = "each CLOSE to SYN_SENT and LISTEN to SYN_RECV; ActiveOpens and PassiveOpens of "
				  "/proc/net/snmp",
			.otel = "system.network.tcp.connection.successes and .failures together are those begun",
		},
	[METRIC_CONNECTIONS_CLOSED] =
		{
			.name = "tcpvitals_connections_closed",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "role,cause",
			.is_grouped = true,
			.series = ROLES * (CAUSES - CAUSE_UNKNOWN),
			.help = "Connections ended, by the cause of the end (tcpstates(8)).",
			.source = "each transition to CLOSE",
			.otel = "system.network.tcp.connection.failures, for the ends before ESTABLISHED; the cause as "
				"error.type",
		},
	[METRIC_SOCKETS] =
		{
			.name = "tcpvitals_sockets",
			.type = METRIC_GAUGE,
			.unit = "",
			.labels = "state",
			.series = STATES_BUT_ONE,
			.help = "Open sockets in each state.",
			.source = "each transition; TIME_WAIT and half-open connections: a walk every --interval",
			.otel = "system.network.connection.count",
		},
	[METRIC_STATE_DURATION] =
		{
			.name = "tcpvitals_state_duration_seconds",
			.type = METRIC_HISTOGRAM,
			.unit = "seconds",
			.labels = "state",
			.series = STATES_BUT_ONE,
			.help = "Time that sockets stayed in a state, counted when they leave it.",
			.source = "each transition",
		},
	[METRIC_HANDSHAKE_DURATION] =
		{
			.name = "tcpvitals_handshake_duration_seconds",
			.type = METRIC_HISTOGRAM,
			.unit = "seconds",
			.labels = "role",
			.series = ROLES_KNOWN,
			.help = "Time of handshakes: SYN to SYN-ACK for a client, SYN-ACK to ACK for a server.",
			.source = "each transition to ESTABLISHED",
			.otel = "system.network.tcp.handshake.duration",
		},
	[METRIC_CONNECTION_DURATION] =
		{
			.name = "tcpvitals_connection_duration_seconds",
			.type = METRIC_HISTOGRAM,
			.unit = "seconds",
			.labels = "role",
			.series = ROLES_KNOWN,
			.help = "Time from the beginning of a connection to its end.",
			.source = "each transition to CLOSE",
			.otel = "system.network.tcp.connection.duration, which begins at ESTABLISHED",
		},
	[METRIC_RTT] =
		{
			.name = "tcpvitals_rtt_seconds",
			.type = METRIC_HISTOGRAM,
			.unit = "seconds",
			.labels = "",
			.is_grouped = true,
			.series = 1,
			.help = "Round-trip times, sampled while connections are open; --sample chooses the kind.",
			.source = "each segment received in ESTABLISHED",
			.otel = "system.network.tcp.rtt.duration, which is one sample at the end",
		},
	[METRIC_SENT_BYTES] =
		{
			.name = "tcpvitals_sent_bytes",
			.type = METRIC_COUNTER,
			.unit = "bytes",
			.labels = "",
			.is_grouped = true,
			.series = 1,
			.help = "Payload sent, retransmissions included.",
			.source = "each open connection, every --interval and at its end",
		},
	[METRIC_RECEIVED_BYTES] =
		{
			.name = "tcpvitals_received_bytes",
			.type = METRIC_COUNTER,
			.unit = "bytes",
			.labels = "",
			.is_grouped = true,
			.series = 1,
			.help = "Payload received in order.",
			.source = "each open connection, every --interval and at its end",
		},
	[METRIC_SENT_SEGMENTS] =
		{
			.name = "tcpvitals_sent_segments",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "",
			.is_grouped = true,
			.series = 1,
			.help = "Segments sent, retransmissions included.",
			.source = "each open connection, every --interval and at its end",
		},
	[METRIC_RECEIVED_SEGMENTS] =
		{
			.name = "tcpvitals_received_segments",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "",
			.is_grouped = true,
			.series = 1,
			.help = "Segments received.",
			.source = "each open connection, every --interval and at its end",
		},
	[METRIC_RETRANSMITTED_SEGMENTS] =
		{
			.name = "tcpvitals_retransmitted_segments",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "kind",
			.is_grouped = true,
			.series = 3,
			.help = "Segments sent again, SYN and SYN-ACK not among them: fast, after a timeout, or as a "
				"tail loss probe.",
			.source = "each retransmission",
			.otel = "system.network.tcp.retransmits, the kind as network.tcp.retransmit.type",
		},
	[METRIC_HANDSHAKE_RETRANSMISSIONS] =
		{
			.name = "tcpvitals_handshake_retransmissions",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "kind",
			.is_grouped = true,
			.series = 2,
			.help = "SYN and SYN-ACK sent again.",
			.source = "each retransmission",
		},
	[METRIC_RESETS_SENT] =
		{
			.name = "tcpvitals_resets_sent",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "",
			.is_grouped = true,
			.series = 1,
			.help = "Resets sent.",
			.source = "each reset; OutRsts of /proc/net/snmp; before Linux 6.10 only resets of a "
				  "socket",
			.otel = "system.network.tcp.resets",
		},
	[METRIC_RESETS_RECEIVED] =
		{
			.name = "tcpvitals_resets_received",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "",
			.is_grouped = true,
			.series = 1,
			.help = "Resets received by a connection.",
			.source = "each reset",
			.otel = "system.network.tcp.resets",
		},
	[METRIC_LIMITED] =
		{
			.name = "tcpvitals_limited_seconds",
			.type = METRIC_COUNTER,
			.unit = "seconds",
			.labels = "by",
			.is_grouped = true,
			.series = 3,
			.help = "Time in which connections could not send: the receiver's window, the send buffer, or "
				"nothing to send.",
			.source = "each open connection, every --interval and at its end",
		},
	[METRIC_LISTENER_BACKLOG] =
		{
			.name = "tcpvitals_listener_backlog",
			.type = METRIC_GAUGE,
			.unit = "",
			.labels = "port",
			.help = "Connections in the accept queue of the listeners on a port.",
			.source = "a walk every --interval",
		},
	[METRIC_LISTENER_BACKLOG_HIGHEST] =
		{
			.name = "tcpvitals_listener_backlog_highest",
			.type = METRIC_GAUGE,
			.unit = "",
			.labels = "port",
			.help = "The longest accept queue of one listener in the last six walks.",
			.source = "each connection that a listener gets, and a walk every --interval",
		},
	[METRIC_LISTENER_BACKLOG_LIMIT] =
		{
			.name = "tcpvitals_listener_backlog_limit",
			.type = METRIC_GAUGE,
			.unit = "",
			.labels = "port",
			.help = "The smallest limit of an accept queue of the listeners on a port.",
			.source = "a walk every --interval",
		},
	[METRIC_LISTENER_DROPS] =
		{
			.name = "tcpvitals_listener_drops",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "port",
			.help = "Segments that listeners dropped: connections and SYNs for a full accept queue, and "
				"others.",
			.source = "sk_drops of each listener, every --interval and at its end",
		},
	[METRIC_STUCK_SOCKETS] =
		{
			.name = "tcpvitals_stuck_sockets",
			.type = METRIC_GAUGE,
			.unit = "",
			.labels = "state",
			.series = 6, /* the states that a socket soon leaves */
			.help = "Sockets that are in a state for longer than --stuck-longer.",
			.source = "a walk every --interval",
		},
	[METRIC_EPHEMERAL_PORTS_USED] =
		{
			.name = "tcpvitals_ephemeral_ports_used",
			.type = METRIC_GAUGE,
			.unit = "",
			.labels = "",
			.series = 1,
			.help = "Ephemeral ports in use, in the network namespace that uses the largest share of its "
				"own.",
			.source = "a walk every --interval, TIME_WAIT included",
		},
	[METRIC_EPHEMERAL_PORTS] =
		{
			.name = "tcpvitals_ephemeral_ports",
			.type = METRIC_GAUGE,
			.unit = "",
			.labels = "",
			.series = 1,
			.help = "Ephemeral ports of that network namespace (net.ipv4.ip_local_port_range).",
			.source = "a walk every --interval",
		},
	[METRIC_LOST_EVENTS] =
		{
			.name = "tcpvitals_lost_events",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "place",
			.help = "Events that the exporter missed, by the place that lost them.",
			.source = "the counters of the BPF programs",
		},
	[METRIC_GROUPS_IN_OTHER] =
		{
			.name = "tcpvitals_groups_in_other",
			.type = METRIC_GAUGE,
			.unit = "",
			.labels = "",
			.series = 1,
			.help = "Groups whose series are summed in the group other, because --max-series leaves no "
				"room.",
			.source = "at a scrape",
		},
	[METRIC_UNGROUPED] =
		{
			.name = "tcpvitals_ungrouped_connections",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "",
			.series = 1,
			.help = "Connections begun that count in the group other, because there are --max-groups "
				"groups already.",
			.source = "at a scrape",
		},
	[METRIC_HOOK_UP] =
		{
			.name = "tcpvitals_hook_up",
			.type = METRIC_GAUGE,
			.unit = "",
			.labels = "hook",
			.help = "1 if the hook is in use, 0 if the kernel refuses it.",
			.source = "at the start",
		},
	[METRIC_BUILD] =
		{
			.name = "tcpvitals_build",
			.type = METRIC_INFO,
			.unit = "",
			.labels = "version,kernel",
			.series = 1,
			.help = "The exporter's version and the kernel's release.",
			.source = "at the start",
		},
	[METRIC_PROGRAM_RUNS] =
		{
			.name = "tcpvitals_program_runs",
			.type = METRIC_COUNTER,
			.unit = "",
			.labels = "",
			.series = 1,
			.help = "Runs of the BPF programs, where the kernel counts them (kernel.bpf_stats_enabled).",
			.source = "at a scrape",
		},
	[METRIC_PROGRAM_RUN_TIME] =
		{
			.name = "tcpvitals_program_run_seconds",
			.type = METRIC_COUNTER,
			.unit = "seconds",
			.labels = "",
			.series = 1,
			.help = "Time in the BPF programs, where the kernel measures it (kernel.bpf_stats_enabled).",
			.source = "at a scrape",
		},
	[METRIC_SCRAPE_DURATION] =
		{
			.name = "tcpvitals_scrape_duration_seconds",
			.type = METRIC_GAUGE,
			.unit = "seconds",
			.labels = "",
			.series = 1,
			.help = "Time that the previous scrape took.",
			.source = "at a scrape",
		},
};

static const char *const type_names[] = {
	[METRIC_COUNTER] = "counter",
	[METRIC_GAUGE] = "gauge",
	[METRIC_HISTOGRAM] = "histogram",
	[METRIC_INFO] = "info",
};

const char *metric_type_name(const struct metric *metric)
{
	return type_names[metric->type];
}

const char *metric_suffix(const struct metric *metric)
{
	return metric->type == METRIC_COUNTER ? "_total" : metric->type == METRIC_INFO ? "_info" : "";
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "limit_values.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tcp.h>

#include <jansson.h>

#include "kernel.h"
#include "require.h"

/* How a value changes while a connection goes on. */
enum course {
	GROWS,
	SEGMENTS, /* grows, also by an acknowledgement after the last reading */
	TICKS,    /* grows; counted in ticks of the kernel */
	CHANGES,
};

static const struct {
	const char *name;
	enum course course;
} about[LIMIT_VALUES] = {
	[LIMIT_BYTES_SENT] = {"bytes_sent", GROWS},
	[LIMIT_BYTES_ACKED] = {"bytes_acked", GROWS},
	[LIMIT_BYTES_RECEIVED] = {"bytes_received", GROWS},
	[LIMIT_BYTES_RETRANS] = {"bytes_retrans", GROWS},
	[LIMIT_SEGS_OUT] = {"segs_out", SEGMENTS},
	[LIMIT_SEGS_IN] = {"segs_in", SEGMENTS},
	[LIMIT_RETRANSMITS] = {"retransmits", GROWS},
	[LIMIT_SEGS_LOST] = {"segs_lost", GROWS},
	[LIMIT_DSACK_DUPS] = {"dsack_dups", GROWS},
	[LIMIT_REORD_SEEN] = {"reord_seen", GROWS},
	[LIMIT_DELIVERED] = {"delivered", GROWS},
	[LIMIT_DELIVERED_CE] = {"delivered_ce", GROWS},
	[LIMIT_ZERO_WINDOWS] = {"zero_windows", GROWS},
	[LIMIT_RTO] = {"rto", GROWS},
	[LIMIT_RTO_RECOVERIES] = {"rto_recoveries", GROWS},
	[LIMIT_RTO_US] = {"rto_us", GROWS},
	[LIMIT_BUSY_US] = {"busy_us", TICKS},
	[LIMIT_RWND_LIMITED_US] = {"rwnd_limited_us", TICKS},
	[LIMIT_SNDBUF_LIMITED_US] = {"sndbuf_limited_us", TICKS},
	[LIMIT_IDLE_US] = {"idle_us", GROWS},
	[LIMIT_DELIVERY_RATE] = {"delivery_rate", CHANGES},
	[LIMIT_DELIVERY_APP_LIMITED] = {"delivery_app_limited", CHANGES},
	[LIMIT_CWND] = {"cwnd", CHANGES},
	[LIMIT_SSTHRESH] = {"ssthresh", CHANGES},
	[LIMIT_MSS] = {"mss", CHANGES},
	[LIMIT_RCV_RTT_US] = {"rcv_rtt_us", CHANGES},
	[LIMIT_SACK] = {"sack", CHANGES},
	[LIMIT_TIMESTAMPS] = {"timestamps", CHANGES},
	[LIMIT_WINDOW_SCALING] = {"window_scaling", CHANGES},
	[LIMIT_ECN] = {"ecn", CHANGES},
};

/* TCP_INFO of Linux 6.7. Debian's headers are older, and end with `info`. */
struct tcp_info_with_rto {
	union {
		struct tcp_info info;
		uint8_t until_snd_wnd[232];
	};
	uint32_t rcv_wnd, rehash; /* since 6.2 */
	uint16_t total_rto, total_rto_recoveries;
	uint32_t total_rto_time; /* in ms */
};

_Static_assert(offsetof(struct tcp_info, tcpi_snd_wnd) == 228, "the rest of TCP_INFO begins behind this member");

static void forget_all(struct limit_values *values)
{
	memset(values, 0, sizeof(*values));
	for (size_t i = 0; i < LIMIT_VALUES; i++)
		values->is[i] = LIMIT_NOT_TOLD;
	values->able_us = LIMIT_NOT_TOLD;
}

static void take_counters(const struct tcp_info *info, int64_t *is)
{
	is[LIMIT_BYTES_SENT] = (int64_t)info->tcpi_bytes_sent;
	is[LIMIT_BYTES_ACKED] = (int64_t)info->tcpi_bytes_acked;
	is[LIMIT_BYTES_RECEIVED] = (int64_t)info->tcpi_bytes_received;
	is[LIMIT_BYTES_RETRANS] = (int64_t)info->tcpi_bytes_retrans;
	is[LIMIT_SEGS_OUT] = info->tcpi_segs_out;
	is[LIMIT_SEGS_IN] = info->tcpi_segs_in;
	is[LIMIT_RETRANSMITS] = info->tcpi_total_retrans;
	is[LIMIT_DSACK_DUPS] = info->tcpi_dsack_dups;
	is[LIMIT_REORD_SEEN] = info->tcpi_reord_seen;
	is[LIMIT_DELIVERED] = info->tcpi_delivered;
	is[LIMIT_DELIVERED_CE] = info->tcpi_delivered_ce;
	is[LIMIT_BUSY_US] = (int64_t)info->tcpi_busy_time;
	is[LIMIT_RWND_LIMITED_US] = (int64_t)info->tcpi_rwnd_limited;
	is[LIMIT_SNDBUF_LIMITED_US] = (int64_t)info->tcpi_sndbuf_limited;
}

static void take_estimates(const struct tcp_info *info, int64_t *is)
{
	bool rate_is_known = info->tcpi_delivery_rate, agreed = info->tcpi_state != STATE_SYN_SENT;

	is[LIMIT_DELIVERY_RATE] = rate_is_known ? (int64_t)info->tcpi_delivery_rate : LIMIT_NULL;
	is[LIMIT_DELIVERY_APP_LIMITED] = rate_is_known ? info->tcpi_delivery_rate_app_limited : LIMIT_NULL;
	is[LIMIT_CWND] = info->tcpi_snd_cwnd;
	is[LIMIT_SSTHRESH] = info->tcpi_snd_ssthresh == SSTHRESH_INFINITE ? LIMIT_NULL : info->tcpi_snd_ssthresh;
	is[LIMIT_MSS] = info->tcpi_snd_mss;
	is[LIMIT_RCV_RTT_US] = info->tcpi_rcv_rtt ? info->tcpi_rcv_rtt : LIMIT_NULL;
	is[LIMIT_SACK] = agreed ? !!(info->tcpi_options & TCPI_OPT_SACK) : LIMIT_NULL;
	is[LIMIT_TIMESTAMPS] = agreed ? !!(info->tcpi_options & TCPI_OPT_TIMESTAMPS) : LIMIT_NULL;
	is[LIMIT_WINDOW_SCALING] = agreed ? !!(info->tcpi_options & TCPI_OPT_WSCALE) : LIMIT_NULL;
	is[LIMIT_ECN] = agreed ? !!(info->tcpi_options & TCPI_OPT_ECN) : LIMIT_NULL;
}

struct limit_values limit_values_of_socket(int fd)
{
	struct tcp_info_with_rto full = {.total_rto = 0};
	struct limit_values values;
	socklen_t length = sizeof(full), name_length = sizeof(values.congestion);
	bool has_rto;

	forget_all(&values);
	require(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &full, &length), "no TCP_INFO");
	require(!getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, values.congestion, &name_length), "no TCP_CONGESTION");
	take_counters(&full.info, values.is);
	take_estimates(&full.info, values.is);
	has_rto = length == sizeof(full);
	require(has_rto == kernel_is_at_least(6, 7), "TCP_INFO has %u bytes", length);
	values.is[LIMIT_RTO] = has_rto ? full.total_rto : LIMIT_NULL;
	values.is[LIMIT_RTO_RECOVERIES] = has_rto ? full.total_rto_recoveries : LIMIT_NULL;
	values.is[LIMIT_RTO_US] = has_rto ? (int64_t)full.total_rto_time * 1000 : LIMIT_NULL;
	return values;
}

/* As in RFC 9293: data can be sent, or is still on its way. */
static const uint8_t able_states[] = {STATE_ESTABLISHED, STATE_CLOSE_WAIT, STATE_FIN_WAIT1, STATE_CLOSING,
				      STATE_LAST_ACK};

static void take_record_estimates(const struct connection *record, int64_t *is)
{
	uint64_t rate = record->rate_interval_us
				? (uint64_t)record->rate_delivered * record->mss * 1000000 / record->rate_interval_us
				: 0;

	is[LIMIT_DELIVERY_RATE] = rate ? (int64_t)rate : LIMIT_NULL;
	is[LIMIT_DELIVERY_APP_LIMITED] = rate ? !!(record->options & CONNECTION_RATE_APP_LIMITED) : LIMIT_NULL;
	is[LIMIT_CWND] = record->cwnd;
	is[LIMIT_SSTHRESH] = record->ssthresh == SSTHRESH_INFINITE ? LIMIT_NULL : record->ssthresh;
	is[LIMIT_MSS] = record->mss;
	is[LIMIT_RCV_RTT_US] = record->rcv_rtt_us ? record->rcv_rtt_us : LIMIT_NULL;
	is[LIMIT_SACK] = !!(record->options & CONNECTION_SACK);
	is[LIMIT_TIMESTAMPS] = !!(record->options & CONNECTION_TIMESTAMPS);
	is[LIMIT_WINDOW_SCALING] = !!(record->options & CONNECTION_WINDOW_SCALING);
	is[LIMIT_ECN] = !!(record->options & CONNECTION_ECN);
}

static void take_record_counters(const struct connection *record, int64_t *is)
{
	bool has_rto = record->rto_count != RTO_UNKNOWN;

	is[LIMIT_BYTES_SENT] = (int64_t)record->bytes_sent;
	is[LIMIT_BYTES_ACKED] = (int64_t)record->bytes_acked;
	is[LIMIT_BYTES_RECEIVED] = (int64_t)record->bytes_received;
	is[LIMIT_BYTES_RETRANS] = (int64_t)record->bytes_retrans;
	is[LIMIT_SEGS_OUT] = record->segs_out;
	is[LIMIT_SEGS_IN] = record->segs_in;
	is[LIMIT_RETRANSMITS] = record->retransmits;
	is[LIMIT_SEGS_LOST] = record->lost;
	is[LIMIT_DSACK_DUPS] = record->dsack_dups;
	is[LIMIT_REORD_SEEN] = record->reord_seen;
	is[LIMIT_DELIVERED] = record->delivered;
	is[LIMIT_DELIVERED_CE] = record->delivered_ce;
	is[LIMIT_ZERO_WINDOWS] = record->life.zero_windows;
	is[LIMIT_RTO] = has_rto ? record->rto_count : LIMIT_NULL;
	is[LIMIT_RTO_RECOVERIES] = has_rto ? record->rto_recoveries : LIMIT_NULL;
	is[LIMIT_RTO_US] = has_rto ? (int64_t)record->rto_ms * 1000 : LIMIT_NULL;
}

struct limit_values limit_values_of_record(const struct connection *record)
{
	static const char *const roles[ROLES] = {"", "client", "server"};
	struct limit_values values;
	uint64_t busy_ns = 0;

	forget_all(&values);
	take_record_counters(record, values.is);
	take_record_estimates(record, values.is);
	for (size_t i = 0; i < CHRONOS; i++)
		busy_ns += record->chrono_ns[i];
	values.is[LIMIT_BUSY_US] = (int64_t)busy_ns / 1000;
	values.is[LIMIT_RWND_LIMITED_US] = (int64_t)record->chrono_ns[CHRONO_RWND] / 1000;
	values.is[LIMIT_SNDBUF_LIMITED_US] = (int64_t)record->chrono_ns[CHRONO_SEND_BUFFER] / 1000;
	values.able_us = 0;
	for (size_t i = 0; i < sizeof(able_states); i++)
		values.able_us += (int64_t)record->life.in_state_ns[able_states[i]] / 1000;
	memcpy(values.congestion, record->congestion, sizeof(values.congestion));
	require(record->life.role < ROLES, "no such role: %u", record->life.role);
	snprintf(values.role, sizeof(values.role), "%s", roles[record->life.role]);
	return values;
}

static int64_t round_up_half(double value)
{
	return (int64_t)(value + 0.5);
}

/* A number, a bool or null. */
static int64_t take_number(const json_t *object, const char *name, const char *line)
{
	const json_t *value = json_object_get(object, name);

	require(value, "no \"%s\": %s", name, line);
	if (json_is_null(value))
		return LIMIT_NULL;
	if (json_is_boolean(value))
		return json_is_true(value);
	require(json_is_number(value) && json_number_value(value) >= 0, "\"%s\" is no such number: %s", name, line);
	return round_up_half(json_number_value(value));
}

static void take_text(const json_t *object, const char *name, const char *line, char *ret, size_t size)
{
	const json_t *value = json_object_get(object, name);

	require(json_is_string(value) || json_is_null(value), "no \"%s\": %s", name, line);
	snprintf(ret, size, "%s", json_is_string(value) ? json_string_value(value) : "");
}

static struct limit_values take_json(const json_t *object, const char *line)
{
	const json_t *states = json_object_get(object, "states_us");
	struct limit_values values;

	forget_all(&values);
	for (size_t i = 0; i < LIMIT_VALUES; i++)
		values.is[i] = take_number(object, about[i].name, line);
	take_text(object, "limited_by", line, values.limited_by, sizeof(values.limited_by));
	take_text(object, "congestion", line, values.congestion, sizeof(values.congestion));
	take_text(object, "role", line, values.role, sizeof(values.role));
	require(json_is_true(json_object_get(object, "final")), "not final: %s", line);
	values.able_us = 0;
	for (size_t i = 0; i < sizeof(able_states); i++)
		values.able_us += round_up_half(json_number_value(json_object_get(states, state_name(able_states[i]))));
	return values;
}

static bool is_of_port(const json_t *object, uint16_t port)
{
	const char *type = json_string_value(json_object_get(object, "type"));

	return type && !strcmp(type, "connection") && json_integer_value(json_object_get(object, "lport")) == port;
}

struct limit_values limit_values_of_tool(const struct tool *tool, uint16_t port, unsigned int skip)
{
	FILE *file = fdopen(dup(tool->out), "r");
	struct limit_values values;
	bool found = false;
	char *line = NULL;
	size_t size = 0;

	require(file && !fseek(file, 0, SEEK_SET), "cannot read the output");
	while (!found && getline(&line, &size, file) > 0) {
		json_error_t error;
		json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);

		require(json_is_object(object), "not JSON: %s: %s", error.text, line);
		if (is_of_port(object, port) && !skip--) {
			values = take_json(object, line);
			found = true;
		}
		json_decref(object);
	}
	free(line);
	fclose(file);
	require(found, "no record of port %u: %s", port, tool_errors(tool));
	return values;
}

const char *limit_values_text(const struct limit_values *values)
{
	static char texts[2][2048];
	static unsigned int next;
	char *text = texts[next++ % 2], *at = text, *end = text + sizeof(texts[0]);

	at += snprintf(at, (size_t)(end - at), "%s", values->role);
	for (size_t i = 0; i < LIMIT_VALUES; i++)
		if (values->is[i] != LIMIT_NOT_TOLD)
			at += snprintf(at, (size_t)(end - at), " %s=%" PRId64, about[i].name, values->is[i]);
	snprintf(at, (size_t)(end - at), " %s %s", values->congestion, values->limited_by);
	return text;
}

/* Rounding: a tick of 1/300 s is no whole number of ns or us. */
static int64_t rounding_of(enum limit_value value, int64_t is)
{
	return about[value].course == TICKS ? is / 1000 + 1 : 0;
}

void limit_values_agree(const struct limit_values *reading, const struct limit_values *record, unsigned int segments)
{
	for (enum limit_value i = 0; i < LIMIT_VALUES; i++) {
		int64_t rounding = rounding_of(i, reading->is[i]);
		int64_t most = reading->is[i] + rounding + (about[i].course == SEGMENTS ? segments : 0);

		if (reading->is[i] == LIMIT_NOT_TOLD || record->is[i] == LIMIT_NOT_TOLD)
			continue;
		require(record->is[i] >= reading->is[i] - rounding && record->is[i] <= most,
			"%s is %" PRId64 ", TCP_INFO says %" PRId64 "\n%s\n%s", about[i].name, record->is[i],
			reading->is[i], limit_values_text(record), limit_values_text(reading));
	}
	require(!strcmp(record->congestion, reading->congestion), "congestion control is \"%s\", not \"%s\"",
		record->congestion, reading->congestion);
}

void limit_values_follow(const struct limit_values *reading, const struct limit_values *record)
{
	for (enum limit_value i = 0; i < LIMIT_VALUES; i++) {
		if (reading->is[i] == LIMIT_NOT_TOLD || record->is[i] == LIMIT_NOT_TOLD || about[i].course == CHANGES)
			continue;
		require(record->is[i] >= reading->is[i] - rounding_of(i, reading->is[i]),
			"%s is %" PRId64 ", TCP_INFO said %" PRId64 " before\n%s\n%s", about[i].name, record->is[i],
			reading->is[i], limit_values_text(record), limit_values_text(reading));
	}
}

void limit_value_expect(const struct limit_values *record, enum limit_value value, int64_t expected)
{
	require(record->is[value] == expected, "%s is %" PRId64 ", not %" PRId64 "\n%s", about[value].name,
		record->is[value], expected, limit_values_text(record));
}

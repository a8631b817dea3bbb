/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/write.h"

#include "core/role.h"
#include "core/tcp_state.h"
#include "probe/optional.h"
#include "tcpvitals-exporter/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* Listeners that are shown by their port: those with the fullest accept queues. */
#define PORTS_SHOWN 3

static void write_sockets(struct writer *writer)
{
	const struct collect *collect = writer->collect;

	writer_begin(writer, METRIC_SOCKETS);
	for (uint8_t state = STATE_ESTABLISHED; state <= STATE_CLOSING; state++) {
		if (state != STATE_CLOSE && (collect->has_walked || state != STATE_TIME_WAIT))
			writer_add_labelled(writer, "state", tcp_state_name(state), collect_sockets(collect, state));
	}
	writer_end(writer);
	if (!collect->has_walked)
		return;
	writer_begin(writer, METRIC_STUCK_SOCKETS);
	for (uint8_t state = STATE_ESTABLISHED; state <= STATE_CLOSING; state++) {
		if (collect->probe->wants.stuck.states >> state & 1)
			writer_add_labelled(writer, "state", tcp_state_name(state), collect->walk.stuck[state]);
	}
	writer_end(writer);
}

/* Writes the histogram of abi/metrics.h with that index, unless it is empty. */
static void add_times(struct writer *writer, uint32_t index, const char *label, const char *value)
{
	struct time_histogram times;

	if (metrics_read_times(writer->collect->probe, index, &times) || !time_histogram_count(&times))
		return;
	writer_set_label(writer, 0, label, value);
	exposition_add_histogram(writer->exposition, writer->labels, 1, &times);
}

static void write_times(struct writer *writer)
{
	writer_begin(writer, METRIC_STATE_DURATION);
	for (uint8_t state = STATE_ESTABLISHED; state <= STATE_CLOSING; state++) {
		if (state != STATE_LISTEN)
			add_times(writer, TIMES_OF_STATE + state, "state", tcp_state_name(state));
	}
	writer_end(writer);
	writer_begin(writer, METRIC_HANDSHAKE_DURATION);
	for (enum connection_role role = ROLE_CLIENT; role < ROLES; role++)
		add_times(writer, TIMES_OF_HANDSHAKE + role, "role", role_name(role));
	writer_end(writer);
	writer_begin(writer, METRIC_CONNECTION_DURATION);
	for (enum connection_role role = ROLE_CLIENT; role < ROLES; role++)
		add_times(writer, TIMES_OF_CONNECTION + role, "role", role_name(role));
	writer_end(writer);
}

/* ---- listeners -------------------------------------------------------------------------------------------------- */

static uint64_t port_value(const struct port_reading *port, enum metric_id id)
{
	switch (id) {
	case METRIC_LISTENER_BACKLOG:
		return port->now.backlog;
	case METRIC_LISTENER_BACKLOG_HIGHEST:
		return collect_highest(port);
	case METRIC_LISTENER_BACKLOG_LIMIT:
		return port->now.limit;
	default:
		return port->now.overflows;
	}
}

static void write_ports(struct writer *writer, enum metric_id id)
{
	const struct collect *collect = writer->collect;
	uint64_t other = 0;
	char name[24];

	writer_begin(writer, id);
	for (size_t i = 0; i < collect->port_count; i++) {
		struct strbuf out = strbuf_over(name, sizeof(name) - 1);
		uint64_t value = port_value(&collect->ports[i], id);

		if (i >= PORTS_SHOWN || i >= collect->listening) {
			/* Gauges of a port where nobody listens any more are old. */
			if (i >= collect->listening && id != METRIC_LISTENER_OVERFLOWS)
				continue;
			if (id != METRIC_LISTENER_BACKLOG_HIGHEST)
				other += value;
			else if (value > other)
				other = value;
			continue;
		}
		strbuf_append_u64(&out, collect->ports[i].port);
		name[out.length] = '\0';
		writer_add_labelled(writer, "port", name, value);
	}
	if (collect->port_count > PORTS_SHOWN || collect->port_count > collect->listening)
		writer_add_labelled(writer, "port", "other", other);
	writer_end(writer);
}

static void write_listeners(struct writer *writer)
{
	if (!writer->collect->has_walked)
		return;
	for (enum metric_id id = METRIC_LISTENER_BACKLOG; id <= METRIC_LISTENER_OVERFLOWS; id++)
		write_ports(writer, id);
}

/* ---- the exporter itself ---------------------------------------------------------------------------------------- */

static void write_losses(struct writer *writer)
{
	struct collect_loss losses[COLLECT_LOSSES];

	collect_losses(writer->collect, losses);
	writer_begin(writer, METRIC_LOST_EVENTS);
	for (size_t i = 0; i < COLLECT_LOSSES; i++)
		writer_add_labelled(writer, "place", losses[i].place, losses[i].count);
	writer_end(writer);
}

static void add_hook(struct writer *writer, const char *hook, bool is_up)
{
	writer_add_labelled(writer, "hook", hook, is_up);
}

static void write_hooks(struct writer *writer)
{
	static const struct {
		const char *hook, *program;
	} hooks[] = {
		{"tcp_destroy_sock", "destroy_storage"},        {"task_file", "seed_storage"},
		{"tcp_retransmit_skb", "count_retransmission"}, {"tcp_retransmit_synack", "count_syn_ack"},
		{"tcp_receive_reset", "count_reset_received"},  {"tcp_send_reset", "count_reset_sent"},
	};
	const struct probe *probe = writer->collect->probe;
	const struct refusals *refusals = &probe->refusals;

	writer_begin(writer, METRIC_HOOK_UP);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		add_hook(writer, hooks[i].hook, !optional_is_refused(refusals, hooks[i].program));
	/* Only labels about the owner need these. */
	if (probe->wants.owners) {
		add_hook(writer, "accept", probe->accept.way != NULL);
		add_hook(writer, "sched_process_exit", !optional_is_refused(refusals, "process_exit"));
		add_hook(writer, "task_rename", !optional_is_refused(refusals, "process_rename"));
	}
	writer_end(writer);
}

static void write_build(struct writer *writer)
{
	struct utsname name = {};

	uname(&name);
	writer_begin(writer, METRIC_BUILD);
	writer_set_label(writer, 0, "version", TCPVITALS_VERSION);
	writer_set_label(writer, 1, "kernel", name.release);
	writer->count = 2;
	writer_add(writer, 1);
	writer_end(writer);
}

static void add_runs(void *context, const char *program, uint64_t runs, uint64_t run_ns)
{
	(void)run_ns;
	writer_add_labelled(context, "program", program, runs);
}

static void add_run_time(void *context, const char *program, uint64_t runs, uint64_t run_ns)
{
	(void)runs;
	writer_add_labelled(context, "program", program, run_ns);
}

static void write_programs(struct writer *writer)
{
	writer_begin(writer, METRIC_PROGRAM_RUNS);
	metrics_visit_programs(writer->collect->probe, add_runs, writer);
	writer_end(writer);
	writer_begin(writer, METRIC_PROGRAM_RUN_TIME);
	metrics_visit_programs(writer->collect->probe, add_run_time, writer);
	writer_end(writer);
}

static void write_own(struct writer *writer)
{
	const struct collect *collect = writer->collect;

	if (collect->walk.ephemeral_ports) {
		writer_write_one(writer, METRIC_EPHEMERAL_PORTS_USED, collect->walk.ephemeral_used);
		writer_write_one(writer, METRIC_EPHEMERAL_PORTS, collect->walk.ephemeral_ports);
	}
	write_losses(writer);
	writer_write_one(writer, METRIC_GROUPS_IN_OTHER, groups_in_other(&collect->groups));
	write_hooks(writer);
	write_build(writer);
	write_programs(writer);
	writer_write_one(writer, METRIC_SCRAPE_DURATION, collect->scrape_ns);
}

void write_metrics(struct exposition *exposition, struct collect *collect)
{
	struct writer writer = {.exposition = exposition, .collect = collect};

	write_groups(&writer);
	write_sockets(&writer);
	write_times(&writer);
	write_listeners(&writer);
	write_own(&writer);
	exposition_finish(exposition);
}

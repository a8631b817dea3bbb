/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/write.h"

#include "core/role.h"
#include "core/tcp_state.h"
#include "probe/optional.h"
#include "tcpvitals-exporter/writer.h"

#include <string.h>
#include <sys/utsname.h>

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

/* Writes the name of a port, NUL-terminated. */
static void name_port(char name[24], uint32_t port)
{
	struct strbuf out = strbuf_over(name, 23);

	strbuf_append_u64(&out, port);
	name[out.length] = '\0';
}

static uint64_t port_gauge(const struct port_reading *port, enum metric_id id)
{
	return id == METRIC_LISTENER_BACKLOG           ? port->now.backlog
	       : id == METRIC_LISTENER_BACKLOG_HIGHEST ? port_highest(port)
						       : port->now.limit;
}

/* Adds a port that is not shown: to the sum, the highest or the smallest. */
static uint64_t combine(enum metric_id id, uint64_t other, uint64_t value)
{
	if (id == METRIC_LISTENER_BACKLOG_HIGHEST)
		return value > other ? value : other;
	if (id == METRIC_LISTENER_BACKLOG_LIMIT)
		return value < other ? value : other;
	return other + value;
}

/* Returns false if each port is shown. */
static bool other_gauge(const struct ports *ports, enum metric_id id, uint64_t *ret)
{
	bool is_first = true;

	for (size_t i = 0; i < PORT_LISTENERS_MAX; i++) {
		uint64_t value;

		if (!port_listens(ports, i) || series_is_shown(&ports->series, i))
			continue;
		value = port_gauge(&ports->readings[i], id);
		*ret = is_first ? value : combine(id, *ret, value);
		is_first = false;
	}
	return !is_first;
}

static void write_port_gauge(struct writer *writer, enum metric_id id)
{
	const struct ports *ports = &writer->collect->ports;
	uint64_t other;
	char name[24];

	writer_begin(writer, id);
	for (size_t i = 0; i < PORT_LISTENERS_MAX; i++) {
		if (!port_listens(ports, i) || !series_is_shown(&ports->series, i))
			continue;
		name_port(name, ports->readings[i].port);
		writer_add_labelled(writer, "port", name, port_gauge(&ports->readings[i], id));
	}
	if (other_gauge(ports, id, &other))
		writer_add_labelled(writer, "port", "other", other);
	writer_end(writer);
}

static void write_drops(struct writer *writer)
{
	const struct ports *ports = &writer->collect->ports;
	uint64_t drops;
	char name[24];

	writer_begin(writer, METRIC_LISTENER_DROPS);
	for (size_t i = 0; i < PORT_LISTENERS_MAX; i++) {
		if (!ports->readings[i].is_used || !series_is_shown(&ports->series, i))
			continue;
		name_port(name, ports->readings[i].port);
		series_read(&ports->series, i, &drops);
		writer_add_labelled(writer, "port", name, drops);
	}
	series_read_other(&ports->series, &drops);
	writer_add_labelled(writer, "port", "other", drops);
	writer_end(writer);
}

static void write_listeners(struct writer *writer)
{
	if (!writer->collect->has_walked)
		return;
	for (enum metric_id id = METRIC_LISTENER_BACKLOG; id <= METRIC_LISTENER_BACKLOG_LIMIT; id++)
		write_port_gauge(writer, id);
	write_drops(writer);
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
		{"tcp_destroy_sock", "destroy_storage"},    {"task_file", "seed_storage"},
		{"tcp_retransmit_synack", "count_syn_ack"}, {"tcp_receive_reset", "count_reset_received"},
		{"tcp_send_reset", "count_reset_sent"},
	};
	const struct probe *probe = writer->collect->probe;
	const struct refusals *refusals = &probe->refusals;

	writer_begin(writer, METRIC_HOOK_UP);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		add_hook(writer, hooks[i].hook, !optional_is_refused(refusals, hooks[i].program));
	add_hook(writer, "tcp_retransmit_skb",
		 !optional_is_refused(refusals, "count_retransmission") &&
			 !optional_is_refused(refusals, "count_retransmission_err"));
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

static void write_programs(struct writer *writer)
{
	uint64_t runs, run_ns;

	if (!metrics_read_runs(writer->collect->probe, &runs, &run_ns))
		return;
	writer_write_one(writer, METRIC_PROGRAM_RUNS, runs);
	writer_write_one(writer, METRIC_PROGRAM_RUN_TIME, run_ns);
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
	writer_write_one(writer, METRIC_UNGROUPED, groups_ungrouped(&collect->groups));
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

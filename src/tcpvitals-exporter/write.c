/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/write.h"

#include "core/cause.h"
#include "core/metrics.h"
#include "core/role.h"
#include "core/stuck.h"
#include "core/tcp_state.h"
#include "os/kernel_version.h"
#include "probe/optional.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/utsname.h>

/* Listeners that are shown by their port: those with the fullest accept queues. */
#define PORTS_SHOWN 3

struct writer {
	struct exposition *exposition;
	struct collect *collect;
	struct group_metrics sum; /* of the present group */
	/* The labels of the present sample: fixed ones, then those of the group. */
	struct metric_label labels[4];
	size_t count;
};

static void set_label(struct writer *writer, size_t i, const char *name, const char *value)
{
	writer->labels[i] = (struct metric_label){name, value, strlen(value)};
}

static void begin(struct writer *writer, enum metric_id id)
{
	exposition_begin(writer->exposition, &metrics[id]);
	writer->count = 0;
}

static void end(struct writer *writer)
{
	exposition_end(writer->exposition);
}

static void add(struct writer *writer, uint64_t value)
{
	exposition_add(writer->exposition, writer->labels, writer->count, value);
}

/* Writes a metric with one value and no label. */
static void write_one(struct writer *writer, enum metric_id id, uint64_t value)
{
	begin(writer, id);
	add(writer, value);
	end(writer);
}

/* Adds a sample with one label. */
static void add_labelled(struct writer *writer, const char *name, const char *value, uint64_t number)
{
	set_label(writer, 0, name, value);
	writer->count = 1;
	add(writer, number);
}

/* ---- metrics of groups ------------------------------------------------------------------------------------------ */

/* Counters of a group, side by side, each with its own value of one label. */
struct grouped {
	enum metric_id id;
	size_t offset; /* in struct group_metrics */
	const char *label;
	const char *values[3];
};

#define COUNTER(id, member)                                                                                            \
	{                                                                                                              \
		id, offsetof(struct group_metrics, member), NULL,                                                      \
		{                                                                                                      \
			""                                                                                             \
		}                                                                                                      \
	}

static const struct grouped grouped[] = {
	COUNTER(METRIC_SENT_BYTES, sent_bytes),
	COUNTER(METRIC_RECEIVED_BYTES, received_bytes),
	COUNTER(METRIC_SENT_SEGMENTS, sent_segments),
	COUNTER(METRIC_RECEIVED_SEGMENTS, received_segments),
	{METRIC_RETRANSMITTED_SEGMENTS,
	 offsetof(struct group_metrics, retransmitted),
	 "kind",
	 {"fast", "timeout", "tail_loss_probe"}},
	{METRIC_HANDSHAKE_RETRANSMISSIONS,
	 offsetof(struct group_metrics, syn_retransmitted),
	 "kind",
	 {"syn", "syn_ack"}},
	COUNTER(METRIC_RESETS_SENT, resets_sent),
	COUNTER(METRIC_RESETS_RECEIVED, resets_received),
	{METRIC_LIMITED, offsetof(struct group_metrics, limited_ns), "by", {"receiver", "send_buffer", "application"}},
};

_Static_assert(offsetof(struct group_metrics, syn_ack_retransmitted) ==
		       offsetof(struct group_metrics, syn_retransmitted) + sizeof(uint64_t),
	       "the two counters are side by side");

typedef void write_group(struct writer *writer, const void *what);

/*
 * Sets the labels of a group behind the `fixed` ones. `set` is NULL for "other". A metric that has the role as a fixed
 * label does not get it twice.
 */
static void set_group_labels(struct writer *writer, size_t fixed, const struct label_set *set)
{
	const struct labels *labels = writer->collect->groups.labels;
	bool has_role = strncmp(writer->exposition->metric->labels, "role", 4) == 0;

	writer->count = fixed;
	for (size_t k = 0; k < labels->count; k++) {
		struct metric_label *label = &writer->labels[writer->count];

		if (has_role && labels->kinds[k] == LABEL_ROLE)
			continue;
		set_label(writer, writer->count++, label_name(labels->kinds[k]), "other");
		if (set) {
			label->value = set->values[k].bytes;
			label->length = set->values[k].length;
		}
	}
}

/* Calls `write` for each group that is shown, and for "other", with its sums and labels. */
static void for_each_group(struct writer *writer, size_t fixed, write_group *write, const void *what)
{
	struct groups *groups = &writer->collect->groups;

	for (size_t i = 0; i < groups->count; i++) {
		if (!groups->sets[i].is_used || !series_is_shown(&groups->series, i))
			continue;
		set_group_labels(writer, fixed, &groups->sets[i]);
		groups_sum(groups, i, &writer->sum);
		write(writer, what);
	}
	set_group_labels(writer, fixed, NULL);
	groups_sum_other(groups, &writer->sum);
	write(writer, what);
}

static void write_counters(struct writer *writer, const void *what)
{
	const struct grouped *counter = what;
	const uint64_t *counters = (const uint64_t *)((const char *)&writer->sum + counter->offset);

	for (size_t i = 0; i < 3 && counter->values[i]; i++) {
		if (counter->label)
			set_label(writer, 0, counter->label, counter->values[i]);
		add(writer, counters[i]);
	}
}

static void write_opened(struct writer *writer, const void *what)
{
	(void)what;
	for (enum connection_role role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
		if (!writer->sum.opened[role])
			continue;
		set_label(writer, 0, "role", role_name(role));
		add(writer, writer->sum.opened[role]);
	}
}

static void write_closed(struct writer *writer, const void *what)
{
	(void)what;
	for (enum connection_role role = 0; role < ROLES; role++) {
		set_label(writer, 0, "role", role_name(role));
		for (enum cause cause = 0; cause < CAUSES; cause++) {
			if (!writer->sum.closed[role][cause])
				continue;
			set_label(writer, 1, "cause", cause_name(cause));
			add(writer, writer->sum.closed[role][cause]);
		}
	}
}

static void write_rtt(struct writer *writer, const void *what)
{
	(void)what;
	if (time_histogram_count(&writer->sum.rtt))
		exposition_add_histogram(writer->exposition, writer->labels, writer->count, &writer->sum.rtt);
}

static void write_grouped(struct writer *writer)
{
	begin(writer, METRIC_CONNECTIONS_OPENED);
	for_each_group(writer, 1, write_opened, NULL);
	end(writer);
	begin(writer, METRIC_CONNECTIONS_CLOSED);
	for_each_group(writer, 2, write_closed, NULL);
	end(writer);
	begin(writer, METRIC_RTT);
	for_each_group(writer, 0, write_rtt, NULL);
	end(writer);
	for (size_t i = 0; i < sizeof(grouped) / sizeof(grouped[0]); i++) {
		begin(writer, grouped[i].id);
		for_each_group(writer, grouped[i].label ? 1 : 0, write_counters, &grouped[i]);
		end(writer);
	}
}

/* ---- metrics of all sockets ------------------------------------------------------------------------------------- */

static void write_sockets(struct writer *writer)
{
	const struct collect *collect = writer->collect;

	begin(writer, METRIC_SOCKETS);
	for (uint8_t state = STATE_ESTABLISHED; state <= STATE_CLOSING; state++) {
		if (state != STATE_CLOSE && (collect->has_walked || state != STATE_TIME_WAIT))
			add_labelled(writer, "state", tcp_state_name(state), collect_sockets(collect, state));
	}
	end(writer);
	if (!collect->has_walked)
		return;
	begin(writer, METRIC_STUCK_SOCKETS);
	for (uint8_t state = STATE_ESTABLISHED; state <= STATE_CLOSING; state++) {
		if (collect->probe->wants.stuck.states >> state & 1)
			add_labelled(writer, "state", tcp_state_name(state), collect->walk.stuck[state]);
	}
	end(writer);
}

/* Writes the histogram of abi/metrics.h with that index, unless it is empty. */
static void add_times(struct writer *writer, uint32_t index, const char *label, const char *value)
{
	struct time_histogram times;

	if (metrics_read_times(writer->collect->probe, index, &times) || !time_histogram_count(&times))
		return;
	set_label(writer, 0, label, value);
	exposition_add_histogram(writer->exposition, writer->labels, 1, &times);
}

static void write_times(struct writer *writer)
{
	begin(writer, METRIC_STATE_DURATION);
	for (uint8_t state = STATE_ESTABLISHED; state <= STATE_CLOSING; state++) {
		if (state != STATE_LISTEN)
			add_times(writer, TIMES_OF_STATE + state, "state", tcp_state_name(state));
	}
	end(writer);
	begin(writer, METRIC_HANDSHAKE_DURATION);
	for (enum connection_role role = ROLE_CLIENT; role < ROLES; role++)
		add_times(writer, TIMES_OF_HANDSHAKE + role, "role", role_name(role));
	end(writer);
	begin(writer, METRIC_CONNECTION_DURATION);
	for (enum connection_role role = ROLE_CLIENT; role < ROLES; role++)
		add_times(writer, TIMES_OF_CONNECTION + role, "role", role_name(role));
	end(writer);
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

	begin(writer, id);
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
		add_labelled(writer, "port", name, value);
	}
	if (collect->port_count > PORTS_SHOWN || collect->port_count > collect->listening)
		add_labelled(writer, "port", "other", other);
	end(writer);
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
	begin(writer, METRIC_LOST_EVENTS);
	for (size_t i = 0; i < COLLECT_LOSSES; i++)
		add_labelled(writer, "place", losses[i].place, losses[i].count);
	end(writer);
}

static void write_hooks(struct writer *writer)
{
	static const struct {
		const char *hook, *program;
	} hooks[] = {
		{"tcp_destroy_sock", "destroy_storage"},    {"task_file", "seed_storage"},
		{"sched_process_exit", "process_exit"},     {"tcp_retransmit_skb", "count_retransmission"},
		{"tcp_retransmit_synack", "count_syn_ack"}, {"tcp_receive_reset", "count_reset_received"},
		{"tcp_send_reset", "count_reset_sent"},
	};
	const struct probe *probe = writer->collect->probe;

	begin(writer, METRIC_HOOK_UP);
	if (probe->wants.owners)
		add_labelled(writer, "hook", "accept", probe->accept.way != NULL);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		add_labelled(writer, "hook", hooks[i].hook, !optional_is_refused(&probe->refusals, hooks[i].program));
	end(writer);
}

static void write_build(struct writer *writer)
{
	struct utsname name = {};

	uname(&name);
	begin(writer, METRIC_BUILD);
	set_label(writer, 0, "version", TCPVITALS_VERSION);
	set_label(writer, 1, "kernel", name.release);
	writer->count = 2;
	add(writer, 1);
	end(writer);
}

static void add_runs(void *context, const char *program, uint64_t runs, uint64_t run_ns)
{
	(void)run_ns;
	add_labelled(context, "program", program, runs);
}

static void add_run_time(void *context, const char *program, uint64_t runs, uint64_t run_ns)
{
	(void)runs;
	add_labelled(context, "program", program, run_ns);
}

static void write_programs(struct writer *writer)
{
	begin(writer, METRIC_PROGRAM_RUNS);
	metrics_visit_programs(writer->collect->probe, add_runs, writer);
	end(writer);
	begin(writer, METRIC_PROGRAM_RUN_TIME);
	metrics_visit_programs(writer->collect->probe, add_run_time, writer);
	end(writer);
}

static void write_own(struct writer *writer)
{
	const struct collect *collect = writer->collect;

	if (collect->walk.ephemeral_ports) {
		write_one(writer, METRIC_EPHEMERAL_PORTS_USED, collect->walk.ephemeral_used);
		write_one(writer, METRIC_EPHEMERAL_PORTS, collect->walk.ephemeral_ports);
	}
	write_losses(writer);
	write_one(writer, METRIC_GROUPS_IN_OTHER, groups_in_other(&collect->groups));
	write_hooks(writer);
	write_build(writer);
	write_programs(writer);
	write_one(writer, METRIC_SCRAPE_DURATION, collect->scrape_ns);
}

void write_metrics(struct exposition *exposition, struct collect *collect)
{
	struct writer writer = {.exposition = exposition, .collect = collect};

	write_grouped(&writer);
	write_sockets(&writer);
	write_times(&writer);
	write_listeners(&writer);
	write_own(&writer);
	exposition_finish(exposition);
}

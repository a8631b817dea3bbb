/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/snapshot.h"

#include "os/netstat.h"
#include "probe/program.h"
#include "probe/skeleton.h"
#include "probe/walk.h"

#include <bpf/libbpf.h>

/* A read of the kernel has 32 KiB at most. */
#define AT_A_TIME 64

static void choose(struct bpf_program *program, bool wanted)
{
	bpf_program__set_autoload(program, wanted);
	bpf_program__set_autoattach(program, false);
}

void snapshot_prepare(const struct probe_wants *wants, bool in_socket, struct vitals_bpf *vitals)
{
	bool listeners = wants->emits & EMIT_LISTENERS;

	choose(vitals->progs.take_snapshot, wants->emits & EMIT_SNAPSHOTS);
	choose(vitals->progs.take_listeners, listeners && in_socket);
	choose(vitals->progs.take_listeners_hash, listeners && !in_socket);
	bpf_map__set_autocreate(vitals->maps.snapshot_record, wants->emits & EMIT_SNAPSHOTS);
	bpf_map__set_autocreate(vitals->maps.listener_queues, wants->emits & (EMIT_LISTENERS | EMIT_METRICS));
}

static const struct bpf_program *listeners_program(const struct vitals_bpf *vitals)
{
	const struct bpf_program *program = vitals->progs.take_listeners;

	return program_is_loaded(program) ? program : vitals->progs.take_listeners_hash;
}

int snapshot_try(const struct probe_wants *wants, const struct vitals_bpf *vitals)
{
	/* The exporter can do without snapshots. */
	bool snapshots = wants->emits & EMIT_SNAPSHOTS && !(wants->emits & EMIT_METRICS);
	int error = snapshots ? program_try_iterator(vitals->progs.take_snapshot, NULL) : 0;

	if (!error && wants->emits & EMIT_LISTENERS)
		error = program_try_iterator(listeners_program(vitals), NULL);
	return error;
}

struct reading {
	const struct probe *probe;
	const struct bpf_program *program;
	size_t size; /* of a record */
	void (*visit)(void *context, const void *record);
	snapshot_visit *visit_connection;
	void *context;
	struct listener_table *listeners;
	bool is_done; /* in this network namespace */
	int error;    /* of a visit */
};

static int read_namespace(void *context)
{
	struct reading *reading = context;

	reading->is_done = false;
	return program_read(reading->program, &(struct program_reader){
						      .size = reading->size,
						      .at_a_time = AT_A_TIME,
						      .visit = reading->visit,
						      .context = context,
						      .is_done = &reading->is_done,
						      .pause = reading->probe->pause,
						      .pause_context = reading->probe->pause_context,
					      });
}

/* Reads in all network namespaces. Returns 0 or a negative errno. */
static int read_all(struct reading *reading, int (*read)(void *context), struct netns_omissions *ret_omissions)
{
	struct netns_omissions omissions = {0};
	int error = walk_namespaces(reading->probe->vitals, read, reading, &omissions);

	*ret_omissions = omissions;
	return error;
}

static void visit_connection(void *context, const void *record)
{
	const struct reading *reading = context;

	reading->visit_connection(reading->context, record);
}

int snapshot_take(const struct probe *probe, snapshot_visit *visit, void *context,
		  struct netns_omissions *ret_omissions)
{
	struct reading reading = {
		.probe = probe,
		.program = probe->vitals->progs.take_snapshot,
		.size = sizeof(struct connection),
		.visit = visit_connection,
		.visit_connection = visit,
		.context = context,
	};

	return read_all(&reading, read_namespace, ret_omissions);
}

/* The kernel visits listeners first. An empty record is another socket's (bpf/states/listener_programs.bpf.h). */
static void visit_listener(void *context, const void *record)
{
	const struct listener_record *listener = record;
	struct reading *reading = context;

	reading->is_done = reading->is_done || !listener->socket.skaddr || reading->error;
	if (!reading->is_done)
		reading->error = listener_table_add(reading->listeners, listener);
}

/* The counter is read on both sides of the walk: so the time between two walks' counters includes that of sk_drops. */
static int read_listeners(void *context)
{
	struct reading *reading = context;
	uint64_t before, after;
	int unknown = netstat_read_overflows(&before), error = read_namespace(context);

	if (!unknown && !netstat_read_overflows(&after))
		listener_table_tell(reading->listeners, before, after);
	else
		listener_table_tell(reading->listeners, LISTENER_UNKNOWN, LISTENER_UNKNOWN);
	return error ? error : reading->error;
}

int listeners_take(const struct probe *probe, uint64_t now_ns, struct listener_table *table, uint32_t *ret_unjudged,
		   struct netns_omissions *ret_omissions)
{
	struct vitals_bpf *vitals = probe->vitals;
	struct listener_walk *walk = &vitals->bss->listener_walk;
	struct reading reading = {
		.probe = probe,
		.program = listeners_program(vitals),
		.size = sizeof(struct listener_record),
		.visit = visit_listener,
		.listeners = table,
	};
	int error;

	walk->time_ns = now_ns;
	walk->unjudged = 0;
	walk->number++;
	listener_table_begin(table);
	error = read_all(&reading, read_listeners, ret_omissions);
	listener_table_end(table);
	*ret_unjudged = walk->unjudged;
	return error;
}

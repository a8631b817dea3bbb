/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/snapshot.h"

#include "probe/program.h"
#include "probe/skeleton.h"
#include "probe/walk.h"

#include <bpf/libbpf.h>

/* A read of the kernel has 32 KiB at most. */
#define AT_A_TIME 64

void snapshot_prepare(const struct probe_wants *wants, struct vitals_bpf *vitals)
{
	bpf_program__set_autoload(vitals->progs.take_snapshot, wants->emits & EMIT_SNAPSHOTS);
	bpf_program__set_autoattach(vitals->progs.take_snapshot, false);
	bpf_map__set_autocreate(vitals->maps.snapshot_record, wants->emits & EMIT_SNAPSHOTS);
}

struct reading {
	const struct probe *probe;
	const struct bpf_program *program;
	snapshot_visit *visit;
	void *context;
};

static void visit_record(void *context, const void *record)
{
	const struct reading *reading = context;

	reading->visit(reading->context, record);
}

static int read_namespace(void *context)
{
	const struct reading *reading = context;

	return program_read(reading->program, &(struct program_reader){
						      .size = sizeof(struct connection),
						      .at_a_time = AT_A_TIME,
						      .visit = visit_record,
						      .context = context,
						      .pause = reading->probe->pause,
						      .pause_context = reading->probe->pause_context,
					      });
}

int snapshot_take(const struct probe *probe, snapshot_visit *visit, void *context,
		  struct netns_omissions *ret_omissions)
{
	struct reading reading = {probe, probe->vitals->progs.take_snapshot, visit, context};
	struct netns_omissions omissions = {0};
	int error = walk_namespaces(probe->vitals, read_namespace, &reading, &omissions);

	*ret_omissions = omissions;
	return error;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/tracepoint.h"

#include "abi/transition.h"
#include "os/kernel_version.h"
#include "os/message.h"
#include "probe/load.h"
#include "probe/scope.h"
#include "probe/skeleton.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>

/* Sets the constants and the sizes of the maps. Returns 0 or a negative errno. */
static int configure(const struct probe_wants *wants, struct vitals_tp_bpf *tp)
{
	size_t ring_size = wants->buffer_size / wants->rings;
	int error;

	tp->rodata->scope = wants->scope->settings;
	tp->rodata->emits = wants->emits;
	tp->rodata->tracks_roles = wants->scope->settings.roles != 0;
	tp->rodata->ring_wake_bytes = ring_size / 2;
	tp->rodata->ring_mask = (__u32)wants->rings - 1;
	bpf_map__set_autocreate(tp->maps.summaries, wants->emits & EMIT_COUNTS);
	bpf_map__set_max_entries(tp->maps.summaries, SUMMARY_KINDS_MAX);
	bpf_map__set_max_entries(tp->maps.conn_hash, wants->hash_size);
	error = scope_size_maps(wants->scope, tp->obj);
	return error ? error : rings_size_maps(tp->obj, wants->rings, ring_size);
}

static void set_stopped(struct vitals_tp_bpf *tp, uint32_t stopped)
{
	__atomic_store_n(&tp->bss->stopped[0], stopped, __ATOMIC_SEQ_CST);
}

int tracepoint_open(struct probe *ret)
{
	const struct probe_wants *wants = &ret->wants;
	struct vitals_tp_bpf *tp = vitals_tp_bpf__open();
	int error;

	if (!tp)
		return -errno;
	ret->tp = tp;
	ret->accept.hook = "nothing";
	error = configure(wants, tp);
	if (!error)
		error = load_skeleton(tp->skeleton, NULL);
	if (!error)
		error = scope_fill_maps(wants->scope, tp->obj);
	if (!error)
		error = rings_open(tp->obj, wants->rings, wants->buffer_size / wants->rings,
				   offsetof(struct transition, time_ns), &ret->rings);
	if (error)
		return error;
	set_stopped(tp, 1);
	error = vitals_tp_bpf__attach(tp);
	if (error)
		return error;
	set_stopped(tp, 0);
	if (!kernel_is_at_least(6, 7))
		message("this kernel does not count the events that the classic tracepoint misses (Linux 6.7 and later "
			"do): some of them show as gaps between states");
	ret->prog_fd = bpf_program__fd(tp->progs.set_state_tracepoint);
	ret->summary_fd = bpf_map__fd(tp->maps.summaries);
	ret->losses = &tp->bss->losses;
	return 0;
}

void tracepoint_stop(struct probe *probe)
{
	if (probe->tp)
		set_stopped(probe->tp, 1);
}

void tracepoint_detach(struct probe *probe)
{
	if (probe->tp)
		vitals_tp_bpf__detach(probe->tp);
}

void tracepoint_close(struct probe *probe)
{
	rings_close(&probe->rings);
	vitals_tp_bpf__destroy(probe->tp);
	probe->tp = NULL;
}

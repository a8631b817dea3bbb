/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/vitals.h"

#include "abi/transition.h"
#include "os/message.h"
#include "os/privileges.h"
#include "probe/accept.h"
#include "probe/attempts.h"
#include "probe/load.h"
#include "probe/metrics.h"
#include "probe/pid_layout.h"
#include "probe/program.h"
#include "probe/retransmissions.h"
#include "probe/samples.h"
#include "probe/scan.h"
#include "probe/scope.h"
#include "probe/seed.h"
#include "probe/skeleton.h"
#include "probe/snapshot.h"
#include "probe/vitals_optional.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Kinds of output that use the ring buffers. */
#define EMIT_RECORDS (EMIT_ROWS | EMIT_CONNECTIONS | EMIT_SCANS | EMIT_RETRANSMISSIONS)

/* The most listeners older than the tool. */
#define OLD_LISTENERS_MAX 4096

/* Explains the refusal of a program that is not optional. */
static bool explain(int error, char *ret, size_t size)
{
	static const char without_scans[] = "the connections cannot be scanned; try ss -tnp";
	static const char without_listeners[] = "the listeners cannot be read; try ss -ltnp";

	return scope_explain(error, ret, size) || retransmissions_explain(error, ret, size) ||
	       optional_explain("stuck_tcp", without_scans, error, ret, size) ||
	       optional_explain("stuck_hash", without_scans, error, ret, size) ||
	       optional_explain("take_snapshot", "open connections cannot be read; try ss -tnp", error, ret, size) ||
	       optional_explain("take_listeners", without_listeners, error, ret, size) ||
	       optional_explain("take_listeners_hash", without_listeners, error, ret, size);
}

/* The parts of the object that the wants need. */
struct plan {
	bool tracks;    /* programs follow states, and remember sockets */
	bool in_socket; /* sockets are remembered in socket storage */
	bool in_table;  /* and in a table in front of the storage */
	bool casts;
};

/* Returns whether states are wanted for more than samples. */
static bool wants_states(const struct probe_wants *wants)
{
	return wants->emits & ~(unsigned int)EMIT_SAMPLES;
}

bool vitals_remember(const struct way *way, const struct probe_wants *wants)
{
	return way->hook != HOOK_KPROBE && (wants_states(wants) || samples_remember(wants));
}

/* A scan walks socket storage, so it excludes the table. destroy_storage gives entries of the table back. */
bool vitals_use_table(const struct way *way, const struct probe *probe)
{
	const struct probe_wants *wants = &probe->wants;

	return way->storage == STORAGE_SOCKET && wants->storage == STORAGE_AUTO && !(wants->emits & EMIT_SCANS) &&
	       vitals_remember(way, wants) && !optional_is_refused(&probe->refusals, "destroy_storage");
}

static struct plan plan_of(const struct way *way, const struct probe *probe)
{
	const struct probe_wants *wants = &probe->wants;
	struct plan plan = {
		.tracks = vitals_remember(way, wants),
		.in_socket = way->storage == STORAGE_SOCKET,
		.in_table = vitals_use_table(way, probe),
		.casts = way->casts,
	};

	return plan;
}

static struct bpf_program *main_program(const struct vitals_bpf *vitals, const struct way *way)
{
	if (way->storage != STORAGE_SOCKET)
		return vitals->progs.set_state_hash;
	return way->casts ? vitals->progs.set_state_cast : vitals->progs.set_state_storage;
}

/* Returns the program that records events that the main program was skipped for. */
static struct bpf_program *second_program(const struct vitals_bpf *vitals, const struct way *way)
{
	if (way->storage != STORAGE_SOCKET)
		return vitals->progs.recover_hash;
	return way->casts ? vitals->progs.recover_cast : vitals->progs.recover_storage;
}

static bool ends_show(const struct probe_wants *wants, const struct plan *plan, const struct probe *probe)
{
	return plan->tracks && wants->owners && !optional_is_refused(&probe->refusals, "process_exit");
}

/* The name of a process that has ended must be forgotten, because another process may get its pid. */
static bool names_show(const struct probe_wants *wants, const struct plan *plan, const struct probe *probe)
{
	return ends_show(wants, plan, probe) && !optional_is_refused(&probe->refusals, "process_rename");
}

static void choose_programs(const struct probe_wants *wants, const struct plan *plan, struct vitals_bpf *vitals)
{
	bool tracks = plan->tracks, in_socket = plan->in_socket, casts = plan->casts;
	bool seeds = tracks && wants->uses_older_sockets &&
		     (wants->owners || samples_need_roles(wants) || wants_states(wants));

	bpf_program__set_autoload(vitals->progs.set_state_cast, tracks && in_socket && casts);
	bpf_program__set_autoload(vitals->progs.set_state_storage, tracks && in_socket && !casts);
	bpf_program__set_autoload(vitals->progs.set_state_hash, tracks && !in_socket);
	bpf_program__set_autoload(vitals->progs.recover_cast, tracks && in_socket && casts);
	bpf_program__set_autoload(vitals->progs.recover_storage, tracks && in_socket && !casts);
	bpf_program__set_autoload(vitals->progs.recover_hash, tracks && !in_socket);
	bpf_program__set_autoload(vitals->progs.destroy_storage, tracks && in_socket);
	bpf_program__set_autoload(vitals->progs.process_exit, tracks && wants->owners);
	bpf_program__set_autoload(vitals->progs.process_rename, tracks && wants->owners);
	bpf_program__set_autoload(vitals->progs.sample_rtt, wants->emits & EMIT_CONNECTIONS);
	bpf_program__set_autoload(vitals->progs.seed_storage, seeds && in_socket);
	bpf_program__set_autoload(vitals->progs.seed_hash, seeds && !in_socket);
	bpf_program__set_autoload(vitals->progs.seed_rest_hash, seeds && !in_socket);
	bpf_program__set_autoattach(vitals->progs.seed_hash, false);
	bpf_program__set_autoattach(vitals->progs.seed_rest_hash, false);
	bpf_program__set_autoload(vitals->progs.seed_rest, seeds && in_socket);
	bpf_program__set_autoattach(vitals->progs.seed_storage, false);
	bpf_program__set_autoattach(vitals->progs.seed_rest, false);
}

static void choose_maps(const struct probe_wants *wants, const struct plan *plan, struct vitals_bpf *vitals)
{
	bool connections = wants->emits & EMIT_CONNECTIONS;

	bpf_map__set_autocreate(vitals->maps.conn_storage, plan->tracks && plan->in_socket);
	bpf_map__set_autocreate(vitals->maps.conn_table, plan->in_table);
	bpf_map__set_autocreate(vitals->maps.conn_hash, plan->tracks && !plan->in_socket);
	bpf_map__set_autocreate(vitals->maps.listeners, plan->tracks);
	bpf_map__set_autocreate(vitals->maps.listener_processes, plan->tracks);
	bpf_map__set_autocreate(vitals->maps.mptcp_owners, plan->tracks);
	bpf_map__set_autocreate(vitals->maps.process_names, plan->tracks && wants->owners);
	bpf_map__set_max_entries(vitals->maps.old_listeners, wants->uses_older_sockets ? OLD_LISTENERS_MAX : 1);
	bpf_map__set_autocreate(vitals->maps.life_storage, connections);
	bpf_map__set_autocreate(vitals->maps.life_table, connections && plan->in_table);
	bpf_map__set_autocreate(vitals->maps.ignored_event, plan->tracks);
	bpf_map__set_autocreate(vitals->maps.summaries, wants->emits & EMIT_COUNTS);
	bpf_map__set_max_entries(vitals->maps.summaries, SUMMARY_KINDS_MAX);
	bpf_map__set_max_entries(vitals->maps.conn_hash, wants->hash_size);
}

static size_t ring_size(const struct probe_wants *wants)
{
	return wants->buffer_size / wants->rings;
}

static int size_rings(const struct probe_wants *wants, struct vitals_bpf *vitals)
{
	if (!(wants->emits & EMIT_RECORDS))
		return rings_size_maps(vitals->obj, 0, 0);
	vitals->rodata->ring_wake_bytes = ring_size(wants) / 2;
	vitals->rodata->ring_mask = (__u32)wants->rings - 1;
	return rings_size_maps(vitals->obj, wants->rings, ring_size(wants));
}

/* Room for the verifier log of the main program, as large as libbpf keeps. */
#define LOG_SIZE (16 << 20)

/* The coarse clock moves once in a tick of the kernel. Returns 0 for an unknown length. */
static uint64_t tick_ns(void)
{
	struct timespec tick;

	return clock_getres(CLOCK_MONOTONIC_COARSE, &tick) ? 0 : (uint64_t)tick.tv_nsec;
}

/* Opens the object, and sets its programs, maps and constants. Returns 0 or a negative errno. */
static int open_object(const struct way *way, char *log, struct probe *probe)
{
	const struct probe_wants *wants = &probe->wants;
	struct plan plan = plan_of(way, probe);
	struct vitals_bpf *vitals = probe->vitals = vitals_bpf__open();
	struct pid_layout layout = {};
	int error;

	if (!vitals)
		return -errno;
	vitals->rodata->scope = wants->scope->settings;
	vitals->rodata->emits = wants->emits;
	vitals->rodata->tick_ns = tick_ns();
	vitals->rodata->owner_task_is_typed = program_has_typed_task();
	vitals->rodata->conn_in_table = plan.in_table;
	vitals->rodata->tracks_roles = samples_need_roles(wants) || wants->emits & (EMIT_METRICS | EMIT_SNAPSHOTS);
	vitals->rodata->seed_hash_max = wants->hash_size / 2;
	vitals->rodata->process_ends_show = ends_show(wants, &plan, probe);
	vitals->rodata->process_names_show = names_show(wants, &plan, probe);
	choose_programs(wants, &plan, vitals);
	choose_maps(wants, &plan, vitals);
	samples_prepare(wants, way, vitals);
	metrics_prepare(wants, plan.in_table, vitals);
	snapshot_prepare(wants, plan.in_socket, vitals);
	retransmissions_prepare(wants, vitals);
	attempts_prepare(wants, vitals);
	scan_prepare(wants, &probe->refusals, vitals, plan.in_socket);
	accept_prepare(&probe->accept, vitals, plan.in_socket);
	bpf_program__set_log_buf(main_program(vitals, way), log, LOG_SIZE);
	error = scope_size_maps(wants->scope, vitals->obj);
	if (!error && wants->scope->settings.pidns_ino)
		error = pid_layout_read(&layout);
	vitals->rodata->pid_layout = layout;
	return error ? error : size_rings(wants, vitals);
}

static int open_rings(struct probe *probe)
{
	const struct probe_wants *wants = &probe->wants;

	if (!(wants->emits & EMIT_RECORDS))
		return 0;
	return rings_open(probe->vitals->obj, wants->rings, ring_size(wants), offsetof(struct transition, time_ns),
			  &probe->rings);
}

static void set_stopped(struct probe *probe, uint32_t stopped)
{
	__atomic_store_n(&probe->vitals->bss->stopped[0], stopped, __ATOMIC_SEQ_CST);
}

/*
 * Attaches all programs, the accept hook included. Programs record only after all are attached. Returns 0 or a negative
 * errno.
 */
static int attach(struct probe *probe)
{
	int error;

	set_stopped(probe, 1);
	error = accept_attach(&probe->accept, probe->vitals);
	if (!error)
		error = vitals_bpf__attach(probe->vitals);
	if (!error)
		set_stopped(probe, 0);
	return error;
}

static int load(const struct way *way, char *log, struct probe *probe)
{
	int error = open_object(way, log, probe);

	if (!error)
		error = load_skeleton(probe->vitals->skeleton, &probe->refusals);
	if (!error)
		error = scope_fill_maps(probe->wants.scope, probe->vitals->obj);
	if (!error)
		error = open_rings(probe);
	if (!error)
		error = samples_open(probe);
	if (!error)
		error = metrics_open(probe);
	if (!error)
		error = scan_try(probe->vitals);
	if (!error)
		error = snapshot_try(&probe->wants, probe->vitals);
	return error ? error : attach(probe);
}

void vitals_close(struct probe *probe)
{
	rings_close(&probe->rings);
	samples_close(probe);
	metrics_close(probe);
	accept_close(&probe->accept);
	vitals_bpf__destroy(probe->vitals);
	probe->vitals = NULL;
}

/* Loads the main program alone. If that fails, the others are of no use. Returns 0 or a negative errno. */
static int try_main(const struct way *way, char *log, struct probe *probe)
{
	int error = open_object(way, log, probe);
	struct bpf_program *program;

	if (!error) {
		bpf_object__for_each_program(program, probe->vitals->obj)
			bpf_program__set_autoload(program, program == main_program(probe->vitals, way));
		error = load_skeleton(probe->vitals->skeleton, NULL);
	}
	vitals_close(probe);
	return error;
}

static void explain_accept(int error, struct probe_error *why)
{
	char reason[256];

	privileges_explain(error, reason, sizeof(reason));
	snprintf(why->text, sizeof(why->text),
		 "the hook of --accept fails: %s; try --accept receive, or leave --accept out", reason);
}

/*
 * Loads the object with the best accept hook, and without the optional programs that the kernel refuses. An object is
 * loaded as a whole, so each attempt loads all programs.
 */
static int load_best(const struct way *way, char *log, struct probe *probe, struct probe_error *why)
{
	int failed = 0, error = accept_next(&probe->accept, &probe->wants);

	while (!error) {
		bool is_first = !failed, is_optional;

		failed = load(way, log, probe);
		if (!failed)
			return 0;
		vitals_close(probe);
		is_optional = optional_note(&probe->refusals, failed);
		if (!is_optional && !accept_is_blamed(&probe->accept)) {
			explain(failed, why->text, sizeof(why->text));
			return failed;
		}
		error = is_first ? try_main(way, log, probe) : 0;
		if (error)
			return error;
		if (is_optional)
			continue;
		if (probe->wants.verbose)
			accept_report(&probe->accept, failed);
		error = accept_next(&probe->accept, &probe->wants);
	}
	failed = failed ? failed : error;
	if (accept_is_demanded(&probe->wants))
		explain_accept(failed, why);
	return failed;
}

/* Stores the descriptors. A program or map that is not loaded has -1. */
static void find_descriptors(const struct way *way, struct probe *probe)
{
	struct vitals_bpf *vitals = probe->vitals;

	probe->prog_fd = bpf_program__fd(main_program(vitals, way));
	probe->recover_fd = bpf_program__fd(second_program(vitals, way));
	samples_find(probe);
	probe->tree_fd = bpf_program__fd(vitals->progs.tree_fork);
	probe->summary_fd = bpf_map__fd(vitals->maps.summaries);
	probe->losses = &vitals->bss->losses;
}

int vitals_open(const struct way *way, struct probe *ret, struct probe_error *why)
{
	char *log = calloc(1, LOG_SIZE);
	int error;

	if (!log)
		return -ENOMEM;
	ret->refusals.optional = vitals_optional;
	error = load_best(way, log, ret, why);
	if (error && ret->wants.verbose && log[0])
		message("the kernel says: %s", program_verdict(log));
	free(log);
	if (error)
		return error;
	find_descriptors(way, ret);
	if (ret->wants.uses_older_sockets)
		seed(ret);
	return 0;
}

void vitals_stop(struct probe *probe)
{
	if (probe->vitals)
		set_stopped(probe, 1);
}

void vitals_detach(struct probe *probe)
{
	struct vitals_bpf *vitals = probe->vitals;

	accept_close(&probe->accept);
	if (!vitals)
		return;
	/*
	 * Detach the second program first. To detach the first of two from a tracepoint, the kernel waits 12 to 20 ms.
	 */
	bpf_link__destroy(vitals->links.recover_cast);
	bpf_link__destroy(vitals->links.recover_storage);
	bpf_link__destroy(vitals->links.recover_hash);
	vitals->links.recover_cast = vitals->links.recover_storage = vitals->links.recover_hash = NULL;
	vitals_bpf__detach(vitals);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/samples.h"

#include "core/group_key.h"
#include "core/histogram.h"
#include "os/port_range.h"
#include "probe/program.h"
#include "probe/skeleton.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

bool samples_are_grouped(const struct sample_wants *samples)
{
	return samples->grouping.by[0] != GROUP_BY_NOTHING;
}

bool samples_see_segments(const struct probe_wants *wants)
{
	return wants->samples.kind == RTT_SRTT || wants->samples.kind == RTT_RTT;
}

static bool groups_by(const struct grouping *grouping, enum group_by by)
{
	return grouping->by[0] == by || grouping->by[1] == by ||
	       (grouping->by[0] == GROUP_BY_CONN && by <= GROUP_BY_RPORT);
}

bool samples_need_roles(const struct probe_wants *wants)
{
	return wants->scope->settings.roles || groups_by(&wants->samples.grouping, GROUP_BY_PORT) ||
	       groups_by(&wants->samples.grouping, GROUP_BY_ROLE);
}

static bool samples_need_memory(const struct probe_wants *wants)
{
	return wants->samples.kind == RTT_RTT || wants->owners || samples_need_roles(wants) ||
	       wants->emits & EMIT_METRICS;
}

/*
 * Returns whether the programs remember each socket. Without memory, the group of a sample is looked up at each sample.
 * With many connections the look-up is faster: the few groups stay in the cache, while a socket's memory is some cache
 * misses away.
 *
 * Memory is needed if only it has the sample or the owner. By connection there are as many groups as sockets, and the
 * memory counts the connections of each socket.
 */
bool samples_remember(const struct probe_wants *wants)
{
	return samples_need_memory(wants) || wants->samples.grouping.by[0] == GROUP_BY_CONN;
}

/* A kprobe program remembers no sockets. */
bool samples_have_hook(const struct probe_wants *wants, enum probe_hook hook)
{
	if (hook == HOOK_KPROBE)
		return wants->samples.kind == RTT_SRTT && !samples_need_memory(wants) &&
		       wants->storage != STORAGE_SOCKET;
	return hook == HOOK_TP_BTF || (hook == HOOK_FENTRY && samples_see_segments(wants));
}

/* Returns enum group_field, as bits. */
static uint32_t fields_asked(const struct probe_wants *wants)
{
	const struct scope_settings *scope = &wants->scope->settings;
	const struct grouping *grouping = &wants->samples.grouping;
	uint32_t fields = 0;

	if (scope->ip_version || scope->laddrs || scope->raddrs || groups_by(grouping, GROUP_BY_LADDR) ||
	    groups_by(grouping, GROUP_BY_RADDR) || groups_by(grouping, GROUP_BY_PREFIX))
		fields |= GROUP_FIELD_ADDRESSES;
	if (scope->by_lport || groups_by(grouping, GROUP_BY_LPORT) || groups_by(grouping, GROUP_BY_PORT))
		fields |= GROUP_FIELD_LPORT;
	if (scope->by_rport || groups_by(grouping, GROUP_BY_RPORT) || groups_by(grouping, GROUP_BY_PORT))
		fields |= GROUP_FIELD_RPORT;
	if (scope->zones || groups_by(grouping, GROUP_BY_CONN))
		fields |= GROUP_FIELD_IFINDEX;
	if (scope->zones || groups_by(grouping, GROUP_BY_NETNS) || groups_by(grouping, GROUP_BY_CONN))
		fields |= GROUP_FIELD_NETNS;
	if (scope->numbers[SCOPE_UID])
		fields |= GROUP_FIELD_UID;
	return fields;
}

/* Returns the number of groups that have a histogram on each CPU. The first is GROUP_OTHER. */
static uint32_t groups_per_cpu(const struct probe_wants *wants)
{
	const struct sample_wants *samples = &wants->samples;

	if (!samples_are_grouped(samples) || !samples_see_segments(wants))
		return 0;
	return samples->max_keys < RTT_GROUPS_PER_CPU ? samples->max_keys + 1 : RTT_GROUPS_PER_CPU;
}

/*
 * Returns whether samples of segments look for their group in group_recent. Groups of the exporter end, and
 * group_recent would still have them; there the struct conn has the group.
 */
static bool uses_recent(const struct probe_wants *wants)
{
	return wants->samples.kind == RTT_SRTT && wants->samples.grouping.by[0] != GROUP_BY_CONN &&
	       !(wants->emits & EMIT_METRICS);
}

static void size_maps(const struct probe_wants *wants, struct vitals_bpf *vitals)
{
	const struct sample_wants *samples = &wants->samples;
	uint32_t groups = samples_are_grouped(samples) ? samples->max_keys : 1;

	bpf_map__set_key_size(vitals->maps.groups, group_key_size(samples->grouping.by[0], samples->grouping.by[1]));
	if (groups_per_cpu(wants))
		bpf_map__set_max_entries(vitals->maps.histograms, groups_per_cpu(wants));
	if (samples_are_grouped(samples) && uses_recent(wants))
		bpf_map__set_max_entries(vitals->maps.group_recent, 1 << GROUP_RECENT_BITS);
	bpf_map__set_max_entries(vitals->maps.groups, groups);
	bpf_map__set_max_entries(vitals->maps.group_numbers, groups);
	bpf_map__set_max_entries(vitals->maps.group_histograms, groups + 1);
}

/*
 * Returns whether state changes are needed: for samples of a beginning or an end, or for samples that wait for an
 * owner.
 */
static bool takes_states(const struct probe_wants *wants)
{
	return wants->samples.kind != RTT_SRTT || wants->owners;
}

static void choose_maps(const struct probe_wants *wants, struct vitals_bpf *vitals)
{
	bool wanted = wants->emits & EMIT_SAMPLES;
	bool own = wanted && !(wants->emits & EMIT_METRICS);

	bpf_map__set_autocreate(vitals->maps.groups, wanted);
	bpf_map__set_autocreate(vitals->maps.group_numbers, wanted);
	bpf_map__set_autocreate(vitals->maps.group_recent, wanted);
	bpf_map__set_autocreate(vitals->maps.group_histograms, own);
	bpf_map__set_autocreate(vitals->maps.histograms, own);
}

static void choose_programs(const struct probe_wants *wants, const struct way *way, struct vitals_bpf *vitals)
{
	bool segments = wants->emits & EMIT_SAMPLES && samples_see_segments(wants);
	bool states = wants->emits & EMIT_SAMPLES && takes_states(wants);

	bpf_program__set_autoload(vitals->progs.sample_cast, segments && way->hook == HOOK_TP_BTF && way->casts);
	bpf_program__set_autoload(vitals->progs.sample_call, segments && way->hook == HOOK_TP_BTF && !way->casts);
	bpf_program__set_autoload(vitals->progs.sample_fentry, segments && way->hook == HOOK_FENTRY);
	bpf_program__set_autoload(vitals->progs.sample_state_cast, states && way->casts);
	bpf_program__set_autoload(vitals->progs.sample_state_call, states && !way->casts);
	bpf_program__set_autoload(vitals->progs.sample_kprobe, segments && way->hook == HOOK_KPROBE);
}

void samples_prepare(const struct probe_wants *wants, const struct way *way, struct vitals_bpf *vitals)
{
	const struct sample_wants *samples = &wants->samples;
	struct group_settings settings;
	struct port_range range;

	choose_programs(wants, way, vitals);
	choose_maps(wants, vitals);
	bpf_map__set_autocreate(vitals->maps.pending_samples, wants->emits & EMIT_SAMPLES && wants->owners);
	if (!(wants->emits & EMIT_SAMPLES))
		return;
	vitals->rodata->rtt_kind = samples->kind;
	vitals->rodata->rtt_in_ms = samples->milliseconds;
	vitals->rodata->rtt_sums = samples->sums;
	vitals->rodata->is_grouped = samples_are_grouped(samples);
	vitals->rodata->classify_fields = fields_asked(wants);
	vitals->rodata->classify_at_close = samples->kind != RTT_SRTT || wants->emits & EMIT_METRICS;
	vitals->rodata->classify_by_segment = uses_recent(wants);
	vitals->rodata->is_scoped = scope_is_limited(wants->scope);
	vitals->rodata->uses_owner = wants->owners;
	/* Kernels with bpf_rdonly_cast() are newer than kernels that let a program interrupt itself. */
	vitals->rodata->rtt_may_nest = !way->casts;
	vitals->rodata->rtt_remembers = samples_remember(wants) && way->hook != HOOK_KPROBE;
	vitals->rodata->conn_hash_outlives_close =
		way->storage == STORAGE_HASH && samples_remember(wants) && takes_states(wants);
	if (port_range_read(&range))
		range = (struct port_range){};
	settings = group_settings_of(&samples->grouping, range.first, range.last);
	memcpy((void *)&vitals->rodata->grouping, &settings, sizeof(settings));
	vitals->rodata->group_key_words =
		group_key_size(samples->grouping.by[0], samples->grouping.by[1]) / sizeof(__u64);
	size_maps(wants, vitals);
}

/* Fills the stack of group numbers; 1 comes out first. */
static int fill_numbers(const struct bpf_map *map, uint32_t count)
{
	for (uint32_t number = count; number > 0; number--) {
		if (bpf_map_update_elem(bpf_map__fd(map), NULL, &number, BPF_ANY))
			return -errno;
	}
	return 0;
}

static int map_groups(struct probe *probe, uint32_t count)
{
	void *groups;

	probe->groups_size = (size_t)(count + 1) * sizeof(struct histogram);
	groups = mmap(NULL, probe->groups_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(probe->vitals->maps.group_histograms), 0);
	if (groups == MAP_FAILED)
		return -errno;
	probe->groups = groups;
	return 0;
}

void samples_find(struct probe *probe)
{
	const struct vitals_bpf *vitals = probe->vitals;
	struct bpf_program *const programs[] = {vitals->progs.sample_cast,      vitals->progs.sample_call,
						vitals->progs.sample_fentry,    vitals->progs.sample_kprobe,
						vitals->progs.sample_rtt,       vitals->progs.sample_state_cast,
						vitals->progs.sample_state_call};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		/* With RTT_SRTT, a state change is no sample. */
		bool is_state = programs[i] == vitals->progs.sample_state_cast ||
				programs[i] == vitals->progs.sample_state_call;

		if (program_is_loaded(programs[i]) && !(is_state && probe->wants.samples.kind == RTT_SRTT))
			probe->sampler_fds[probe->sampler_count++] = bpf_program__fd(programs[i]);
	}
}

int samples_open(struct probe *probe)
{
	const struct sample_wants *samples = &probe->wants.samples;
	int error = 0;

	if (!(probe->wants.emits & EMIT_SAMPLES))
		return 0;
	probe->groups_per_cpu = groups_per_cpu(&probe->wants);
	probe->cpus = libbpf_num_possible_cpus();
	probe->per_cpu = probe->cpus > 0 ? calloc((size_t)probe->cpus, sizeof(struct histogram)) : NULL;
	if (!probe->per_cpu)
		return -ENOMEM;
	if (samples_are_grouped(samples))
		error = fill_numbers(probe->vitals->maps.group_numbers, samples->max_keys);
	if (!error && samples_are_grouped(samples) && !(probe->wants.emits & EMIT_METRICS))
		error = map_groups(probe, samples->max_keys);
	return error;
}

void samples_close(struct probe *probe)
{
	if (probe->groups)
		munmap(probe->groups, probe->groups_size);
	free(probe->per_cpu);
	probe->groups = NULL;
	probe->per_cpu = NULL;
}

static void add_pending(const struct pending *pending, bool sums, struct histogram *histogram)
{
	for (uint32_t i = 0; i < pending->count && i < PENDING_MAX; i++) {
		if (pending->slots[i] < SLOT_COUNT)
			histogram->slots[pending->slots[i]]++;
	}
	if (sums) {
		histogram->sum_us += pending->sum_us;
		histogram->mdev_sum += pending->mdev_sum;
	}
}

void samples_add_pending(struct probe *probe)
{
	const struct sample_wants *samples = &probe->wants.samples;
	int fd = bpf_map__fd(probe->vitals->maps.pending_samples);
	uint64_t key, *last = NULL;
	struct pending pending;

	if (!probe->wants.owners || probe->wants.emits & EMIT_METRICS)
		return;
	while (!bpf_map_get_next_key(fd, last, &key)) {
		last = &key;
		if (bpf_map_lookup_elem(fd, &key, &pending) || !pending.group || pending.group == ~0U)
			continue;
		if (!samples_are_grouped(samples))
			add_pending(&pending, samples->sums, &probe->pending_added);
		else if (pending.group - 1 <= samples->max_keys)
			add_pending(&pending, samples->sums, &probe->groups[pending.group - 1]);
	}
}

/* Adds the histograms of all CPUs. Returns 0 or a negative errno. */
static int add_per_cpu(const struct probe *probe, uint32_t index, struct histogram *sum)
{
	if (bpf_map_lookup_elem(bpf_map__fd(probe->vitals->maps.histograms), &index, probe->per_cpu))
		return -errno;
	for (int cpu = 0; cpu < probe->cpus; cpu++)
		histogram_add(sum, &probe->per_cpu[cpu]);
	return 0;
}

int samples_read_all(const struct probe *probe, struct histogram *ret)
{
	int error = 0;

	*ret = probe->pending_added;
	for (uint32_t i = 0; i < bpf_map__max_entries(probe->vitals->maps.histograms) && !error; i++)
		error = add_per_cpu(probe, i, ret);
	return error;
}

int samples_read_group(const struct probe *probe, uint32_t number, struct histogram *ret)
{
	*ret = probe->groups[number];
	return number < probe->groups_per_cpu ? add_per_cpu(probe, number, ret) : 0;
}

int samples_next_group(const struct probe *probe, const struct group_key *key, struct group_key *ret_key,
		       uint32_t *ret_number)
{
	int fd = bpf_map__fd(probe->vitals->maps.groups);
	struct group_key next = {};
	uint32_t number;

	if (bpf_map_get_next_key(fd, key, &next) || bpf_map_lookup_elem(fd, &next, &number))
		return -errno;
	*ret_key = next;
	*ret_number = number;
	return 0;
}

const struct rtt_counters *samples_counters(const struct probe *probe)
{
	return &probe->vitals->bss->counters;
}

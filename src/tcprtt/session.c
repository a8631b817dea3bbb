/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcprtt/session.h"

#include "abi/scope.h"
#include "bpfio/load.h"
#include "bpfio/optional.h"
#include "bpfio/program.h"
#include "bpfio/scope.h"
#include "core/histogram.h"
#include "os/message.h"
#include "tcprtt.skel.h"
#include "tcprtt/failure.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* One rung of the ladder. */
struct way {
	enum rtt_hook hook;
	bool in_socket; /* remembers in socket storage, else in a hash */
	bool casts;     /* bpf_rdonly_cast() instead of a helper */
	const char *hook_name;
	const char *storage_name;
};

/* Best first. */
static const struct way ways[] = {
	{RTT_HOOK_TP_BTF, true, true, "tp_btf", "socket storage"},
	{RTT_HOOK_TP_BTF, true, false, "tp_btf", "socket storage (no casts)"},
	{RTT_HOOK_TP_BTF, false, false, "tp_btf", "a hash"},
	{RTT_HOOK_FENTRY, true, false, "fentry", "socket storage"},
	{RTT_HOOK_FENTRY, false, false, "fentry", "a hash"},
	{RTT_HOOK_KPROBE, false, false, "kprobe", "nothing"},
};

static bool follows_states(const struct tcprtt_options *options)
{
	return options->sample != RTT_SRTT || tcprtt_uses_owner(options) || options->scope.settings.roles;
}

/*
 * The group of a connection is looked up at each sample, unless it takes what only the socket's storage knows: that is
 * four cache misses away, 330 ns with 2000 connections, while the few groups stay in the cache.
 */
static bool remembers(const struct tcprtt_options *options)
{
	return options->sample == RTT_RTT || tcprtt_uses_owner(options) || options->scope.settings.roles;
}

/* What a command does is all to come. */
static bool seeds(const struct tcprtt_options *options)
{
	return tcprtt_uses_owner(options) && !options->command.command.argv;
}

/* `bits` ones in front. */
static void set_mask(volatile const __u64 mask[2], uint8_t bits)
{
	uint8_t *bytes = (uint8_t *)mask;

	for (int i = 0; i < 16; i++)
		bytes[i] = bits >= 8 * (i + 1) ? 0xff : bits <= 8 * i ? 0 : (uint8_t)(0xff00 >> (bits - 8 * i));
}

static bool groups_by(const struct grouping *grouping, enum rtt_by by)
{
	return grouping->by[0] == by || grouping->by[1] == by || (grouping->by[0] == RTT_BY_CONN && by <= RTT_BY_RPORT);
}

/* enum rtt_field, as bits */
static uint32_t fields_asked(const struct tcprtt_options *options)
{
	const struct scope_settings *scope = &options->scope.settings;
	const struct grouping *grouping = &options->grouping;
	uint32_t fields = 0;

	if (scope->ip_version || scope->laddrs || scope->raddrs || groups_by(grouping, RTT_BY_LADDR) ||
	    groups_by(grouping, RTT_BY_RADDR) || groups_by(grouping, RTT_BY_PREFIX))
		fields |= RTT_FIELD_ADDRESSES;
	if (scope->by_lport || groups_by(grouping, RTT_BY_LPORT))
		fields |= RTT_FIELD_LPORT;
	if (scope->by_rport || groups_by(grouping, RTT_BY_RPORT))
		fields |= RTT_FIELD_RPORT;
	if (scope->numbers[SCOPE_NETNS] || groups_by(grouping, RTT_BY_NETNS) || groups_by(grouping, RTT_BY_CONN))
		fields |= RTT_FIELD_NETNS;
	if (scope->numbers[SCOPE_UID])
		fields |= RTT_FIELD_UID;
	return fields;
}

/* How many groups have a histogram on each CPU, RTT_GROUP_OTHER being the first. */
static uint32_t groups_per_cpu(const struct tcprtt_options *options)
{
	if (!tcprtt_is_grouped(options) || !tcprtt_samples_segments(options))
		return 0;
	return options->max_keys < RTT_GROUPS_PER_CPU ? options->max_keys + 1 : RTT_GROUPS_PER_CPU;
}

static void configure(struct tcprtt_bpf *skeleton, const struct tcprtt_options *options, const struct way *way)
{
	uint32_t groups = tcprtt_is_grouped(options) ? options->max_keys : 1;
	uint32_t key_size = rtt_key_size(options->grouping.by[0], options->grouping.by[1]);

	skeleton->rodata->scope = options->scope.settings;
	skeleton->rodata->owner_task_is_typed = program_has_typed_task();
	skeleton->rodata->rtt_kind = options->sample;
	skeleton->rodata->rtt_in_ms = options->milliseconds;
	skeleton->rodata->rtt_sums = tcprtt_has_sums(options);
	skeleton->rodata->rtt_grouped = tcprtt_is_grouped(options);
	skeleton->rodata->rtt_fields = fields_asked(options);
	skeleton->rodata->rtt_scoped = scope_is_limited(&options->scope);
	skeleton->rodata->rtt_uses_owner = tcprtt_uses_owner(options);
	/* kernels that cast are newer than those that let a program interrupt itself */
	skeleton->rodata->rtt_may_nest = !way->casts;
	skeleton->rodata->rtt_remembers = remembers(options) && way->hook != RTT_HOOK_KPROBE;
	memcpy((void *)skeleton->rodata->group_by, options->grouping.by, sizeof(options->grouping.by));
	skeleton->rodata->group_key_words = key_size / sizeof(__u64);
	set_mask(skeleton->rodata->group_mask_v4, options->grouping.prefix_v4);
	set_mask(skeleton->rodata->group_mask_v6, options->grouping.prefix_v6);
	bpf_map__set_key_size(skeleton->maps.groups, key_size);
	if (groups_per_cpu(options))
		bpf_map__set_max_entries(skeleton->maps.histograms, groups_per_cpu(options));
	if (tcprtt_is_grouped(options) && options->sample == RTT_SRTT)
		bpf_map__set_max_entries(skeleton->maps.group_recent, 1 << RTT_RECENT_BITS);
	bpf_map__set_max_entries(skeleton->maps.conn_hash, options->hash_size);
	bpf_map__set_max_entries(skeleton->maps.groups, groups);
	bpf_map__set_max_entries(skeleton->maps.group_numbers, groups);
	bpf_map__set_max_entries(skeleton->maps.group_histograms, groups + 1);
}

static void choose_programs(struct tcprtt_bpf *skeleton, const struct tcprtt_options *options, const struct way *way)
{
	bool segments = tcprtt_samples_segments(options), states = follows_states(options);
	bool tp_btf = way->hook == RTT_HOOK_TP_BTF, fentry = way->hook == RTT_HOOK_FENTRY;

	bpf_program__set_autoload(skeleton->progs.sample_tp_btf_cast, segments && tp_btf && way->casts);
	bpf_program__set_autoload(skeleton->progs.sample_tp_btf_storage,
				  segments && tp_btf && way->in_socket && !way->casts);
	bpf_program__set_autoload(skeleton->progs.sample_tp_btf_hash, segments && tp_btf && !way->in_socket);
	bpf_program__set_autoload(skeleton->progs.sample_fentry_storage, segments && fentry && way->in_socket);
	bpf_program__set_autoload(skeleton->progs.sample_fentry_hash, segments && fentry && !way->in_socket);
	bpf_program__set_autoload(skeleton->progs.sample_kprobe, segments && way->hook == RTT_HOOK_KPROBE);
	bpf_program__set_autoload(skeleton->progs.state_cast, states && way->casts);
	bpf_program__set_autoload(skeleton->progs.state_storage, states && way->in_socket && !way->casts);
	bpf_program__set_autoload(skeleton->progs.state_hash, states && !way->in_socket);
	bpf_program__set_autoload(skeleton->progs.seed_storage, seeds(options) && way->in_socket);
	bpf_program__set_autoattach(skeleton->progs.seed_storage, false);
	bpf_map__set_autocreate(skeleton->maps.conn_storage, way->in_socket);
	bpf_map__set_autocreate(skeleton->maps.conn_hash, !way->in_socket);
}

/* The numbers that groups will get, 1 first. */
static int fill_numbers(const struct bpf_map *map, uint32_t count)
{
	for (uint32_t number = count; number > 0; number--) {
		if (bpf_map_update_elem(bpf_map__fd(map), NULL, &number, BPF_ANY))
			return -errno;
	}
	return 0;
}

static int map_groups(struct rtt_session *session, uint32_t count)
{
	void *groups;

	session->groups_size = (size_t)(count + 1) * sizeof(struct histogram);
	groups = mmap(NULL, session->groups_size, PROT_READ, MAP_SHARED,
		      bpf_map__fd(session->skeleton->maps.group_histograms), 0);
	if (groups == MAP_FAILED)
		return -errno;
	session->groups = groups;
	return 0;
}

#define WITHOUT_SEEDS "the owners of connections that are older than tcprtt are not known"

static const struct optional optional_programs[] = {
	{"seed_storage", WITHOUT_SEEDS},
	{"tree_free", SCOPE_WITHOUT_TREE_FREE},
	{},
};

/* The owners of the sockets that are open already, if they are asked for and the program was not refused. */
static void seed(const struct tcprtt_bpf *skeleton)
{
	int error = 0;

	if (program_is_loaded(skeleton->progs.seed_storage))
		error = program_iterate(skeleton->progs.seed_storage, NULL);
	if (error)
		message("cannot go through the open sockets (%s): " WITHOUT_SEEDS, program_error(error));
}

/* 0 or a negative errno. */
static int open_way(const struct tcprtt_options *options, const struct way *way, const struct refusals *refusals,
		    struct rtt_session *ret)
{
	struct tcprtt_bpf *skeleton = ret->skeleton = tcprtt_bpf__open();
	int error;

	if (!skeleton)
		return -errno;
	configure(skeleton, options, way);
	choose_programs(skeleton, options, way);
	ret->groups_per_cpu = groups_per_cpu(options);
	ret->cpus = libbpf_num_possible_cpus();
	ret->per_cpu = ret->cpus > 0 ? calloc((size_t)ret->cpus, sizeof(struct histogram)) : NULL;
	if (!ret->per_cpu)
		return -ENOMEM;
	error = scope_size_maps(&options->scope, skeleton->obj);
	if (!error)
		error = load_skeleton(skeleton->skeleton, refusals);
	if (!error)
		error = scope_fill_maps(&options->scope, skeleton->obj);
	if (!error && tcprtt_is_grouped(options))
		error = fill_numbers(skeleton->maps.group_numbers, options->max_keys);
	if (!error && tcprtt_is_grouped(options))
		error = map_groups(ret, options->max_keys);
	if (!error)
		error = tcprtt_bpf__attach(skeleton);
	if (error)
		return error;
	seed(skeleton);
	ret->counters = &skeleton->bss->counters;
	return 0;
}

static bool is_allowed(const struct way *way, const struct tcprtt_options *options)
{
	enum rtt_storage storage = way->in_socket ? RTT_STORAGE_SOCKET : RTT_STORAGE_HASH;

	return tcprtt_has_hook(options, way->hook) && (options->hook == RTT_HOOK_AUTO || options->hook == way->hook) &&
	       (options->storage == RTT_STORAGE_AUTO || options->storage == storage) &&
	       (!way->casts || (!options->without_casts && program_may_cast()));
}

static void name_storage(const struct way *way, const struct tcprtt_options *options, struct rtt_session *session)
{
	size_t size = sizeof(session->storage);

	if (!remembers(options))
		snprintf(session->storage, size, "nothing");
	else if (!way->in_socket && way->hook != RTT_HOOK_KPROBE)
		snprintf(session->storage, size, "%s of %u sockets", way->storage_name, options->hash_size);
	else
		snprintf(session->storage, size, "%s", way->storage_name);
}

/* The way as far as this kernel admits it. 0 or a negative errno. */
static int open_without_refused(const struct tcprtt_options *options, const struct way *way, struct rtt_session *ret)
{
	struct refusals refusals = {.optional = optional_programs};
	struct rtt_session session;
	int error;

	do {
		session = (struct rtt_session){.hook = way->hook_name};
		name_storage(way, options, &session);
		error = open_way(options, way, &refusals, &session);
		if (error)
			rtt_session_close(&session);
	} while (error && optional_note(&refusals, error));
	if (error)
		return error;
	optional_tell(&refusals, options->verbose);
	*ret = session;
	return 0;
}

int rtt_session_open(const struct tcprtt_options *options, struct rtt_session *ret, struct rtt_session_error *error)
{
	const struct way *first = NULL;
	struct failure worst = {};

	program_log(options->verbose);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct failure failure = {};

		if (!is_allowed(&ways[i], options))
			continue;
		failure.error = open_without_refused(options, &ways[i], ret);
		if (!failure.error)
			return 0;
		if (options->verbose)
			message("not usable here: %s with %s: %s", ways[i].hook_name, ways[i].storage_name,
				program_error(failure.error));
		if (scope_explain(failure.error, error->text, sizeof(error->text)))
			return failure.error;
		/* Of the best hook, what its least demanding way says: that others are missing is no reason. */
		first = first ? first : &ways[i];
		if (ways[i].hook == first->hook)
			worst = failure;
		if (failure_is_final(failure.error))
			break;
	}
	worst.no_bpf = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_ARRAY, NULL) != 1;
	failure_explain(&worst, options, error->text, sizeof(error->text));
	return worst.error;
}

void rtt_session_detach(struct rtt_session *session)
{
	if (session->skeleton)
		tcprtt_bpf__detach(session->skeleton);
}

void rtt_session_close(struct rtt_session *session)
{
	if (session->groups)
		munmap((void *)session->groups, session->groups_size);
	free(session->per_cpu);
	tcprtt_bpf__destroy(session->skeleton);
	*session = (struct rtt_session){};
}

/* Adds those of all CPUs. 0 or a negative errno. */
static int add_per_cpu(const struct rtt_session *session, uint32_t index, struct histogram *sum)
{
	if (bpf_map_lookup_elem(bpf_map__fd(session->skeleton->maps.histograms), &index, session->per_cpu))
		return -errno;
	for (int cpu = 0; cpu < session->cpus; cpu++)
		histogram_add(sum, &session->per_cpu[cpu]);
	return 0;
}

int rtt_session_read_all(const struct rtt_session *session, struct histogram *ret)
{
	int error = 0;

	*ret = (struct histogram){};
	for (uint32_t i = 0; i < bpf_map__max_entries(session->skeleton->maps.histograms) && !error; i++)
		error = add_per_cpu(session, i, ret);
	return error;
}

int rtt_session_read_group(const struct rtt_session *session, uint32_t number, struct histogram *ret)
{
	*ret = session->groups[number];
	return number < session->groups_per_cpu ? add_per_cpu(session, number, ret) : 0;
}

int rtt_session_next_group(const struct rtt_session *session, const struct rtt_key *key, struct rtt_key *ret_key,
			   uint32_t *ret_number)
{
	int fd = bpf_map__fd(session->skeleton->maps.groups);
	struct rtt_key next = {};
	uint32_t number;

	if (bpf_map_get_next_key(fd, key, &next) || bpf_map_lookup_elem(fd, &next, &number))
		return -errno;
	*ret_key = next;
	*ret_number = number;
	return 0;
}

uint64_t rtt_session_unfollowed(const struct rtt_session *session)
{
	return __atomic_load_n(&session->skeleton->bss->tree_full, __ATOMIC_RELAXED);
}

uint64_t rtt_session_recursion_misses(const struct rtt_session *session)
{
	struct bpf_program *program;
	uint64_t total = 0;

	bpf_object__for_each_program(program, session->skeleton->obj)
	{
		uint64_t misses;

		if (bpf_program__fd(program) >= 0 && !program_recursion_misses(bpf_program__fd(program), &misses))
			total += misses;
	}
	return total;
}

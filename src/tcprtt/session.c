/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcprtt/session.h"

#include "abi/port_set.h"
#include "abi/prefix.h"
#include "bpfio/program.h"
#include "core/histogram.h"
#include "os/message.h"
#include "os/privileges.h"
#include "tcprtt.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What attaching a trampoline says where the architecture has none (arm64 before 6.4); the kernel's own, not in
 * errno.h. */
#define ENOTSUPP_KERNEL 524

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
	{RTT_HOOK_TP_BTF, false, false, "tp_btf", "a hash of 65536 sockets"},
	{RTT_HOOK_FENTRY, true, false, "fentry", "socket storage"},
	{RTT_HOOK_FENTRY, false, false, "fentry", "a hash of 65536 sockets"},
	{RTT_HOOK_KPROBE, false, false, "kprobe", "nothing"},
};

static bool follows_states(const struct tcprtt_options *options)
{
	return options->sample != RTT_SRTT || grouping_is_by_owner(&options->grouping);
}

/*
 * The group of a connection is looked up at each sample, unless it takes what only the socket's storage knows: that is
 * four cache misses away, 330 ns with 2000 connections, while the few groups stay in the cache.
 */
static bool remembers(const struct tcprtt_options *options)
{
	return options->sample == RTT_RTT || grouping_is_by_owner(&options->grouping);
}

/* `bits` ones in front. */
static void set_mask(volatile const uint8_t mask[16], uint8_t bits)
{
	uint8_t *bytes = (uint8_t *)mask;

	for (int i = 0; i < 16; i++)
		bytes[i] = bits >= 8 * (i + 1) ? 0xff : bits <= 8 * i ? 0 : (uint8_t)(0xff00 >> (bits - 8 * i));
}

static void configure(struct tcprtt_bpf *skeleton, const struct tcprtt_options *options, const struct way *way)
{
	uint32_t groups = tcprtt_is_grouped(options) ? options->max_keys : 1;

	skeleton->rodata->scope_ip_version = options->ip_version;
	skeleton->rodata->scope_by_lport = options->by_lport;
	skeleton->rodata->scope_by_rport = options->by_rport;
	skeleton->rodata->scope_lports = options->lports;
	skeleton->rodata->scope_rports = options->rports;
	skeleton->rodata->prefix_by_laddr = options->by_laddr;
	skeleton->rodata->prefix_by_raddr = options->by_raddr;
	skeleton->rodata->rtt_kind = options->sample;
	skeleton->rodata->rtt_in_ms = options->milliseconds;
	skeleton->rodata->rtt_mdev = options->extended || options->output != RTT_OUTPUT_TEXT;
	skeleton->rodata->rtt_grouped = tcprtt_is_grouped(options);
	skeleton->rodata->rtt_filtered =
		options->ip_version || options->by_lport || options->by_rport || options->by_laddr || options->by_raddr;
	skeleton->rodata->rtt_remembers = remembers(options) && way->hook != RTT_HOOK_KPROBE;
	memcpy((void *)skeleton->rodata->group_by, options->grouping.by, sizeof(options->grouping.by));
	set_mask(skeleton->rodata->group_mask_v4, options->grouping.prefix_v4);
	set_mask(skeleton->rodata->group_mask_v6, options->grouping.prefix_v6);
	bpf_map__set_key_size(skeleton->maps.groups, rtt_key_size(options->grouping.by[0], options->grouping.by[1]));
	bpf_map__set_max_entries(skeleton->maps.groups, groups);
	bpf_map__set_max_entries(skeleton->maps.group_numbers, groups);
	bpf_map__set_max_entries(skeleton->maps.group_histograms, groups + 1);
	bpf_map__set_max_entries(skeleton->maps.prefix_laddrs, options->laddrs.count ? options->laddrs.count : 1);
	bpf_map__set_max_entries(skeleton->maps.prefix_raddrs, options->raddrs.count ? options->raddrs.count : 1);
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
	bpf_program__set_autoload(skeleton->progs.seed_storage,
				  grouping_is_by_owner(&options->grouping) && way->in_socket);
	bpf_program__set_autoattach(skeleton->progs.seed_storage, false);
	bpf_map__set_autocreate(skeleton->maps.conn_storage, way->in_socket);
	bpf_map__set_autocreate(skeleton->maps.conn_hash, !way->in_socket);
}

static int fill_prefixes(const struct bpf_map *map, const struct prefix_list *list)
{
	uint8_t yes = 1;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct prefix *prefix = &list->prefixes[i];
		struct prefix_key key = {
			.bits = PREFIX_KEY_VERSION_BITS + prefix->length,
			.ip_version = prefix->ip_version,
		};

		memcpy(key.address, prefix->bytes, sizeof(key.address));
		if (bpf_map_update_elem(bpf_map__fd(map), &key, &yes, BPF_ANY))
			return -errno;
	}
	return 0;
}

/* The numbers that groups will get. */
static int fill_numbers(const struct bpf_map *map, uint32_t count)
{
	for (uint32_t number = 1; number <= count; number++) {
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

static int open_way(const struct tcprtt_options *options, const struct way *way, struct rtt_session *ret)
{
	struct tcprtt_bpf *skeleton = ret->skeleton = tcprtt_bpf__open();
	int error;

	if (!skeleton)
		return -errno;
	configure(skeleton, options, way);
	choose_programs(skeleton, options, way);
	ret->cpus = libbpf_num_possible_cpus();
	ret->per_cpu = ret->cpus > 0 ? calloc((size_t)ret->cpus, sizeof(struct histogram)) : NULL;
	if (!ret->per_cpu)
		return -ENOMEM;
	error = tcprtt_bpf__load(skeleton);
	if (!error)
		error = fill_prefixes(skeleton->maps.prefix_laddrs, &options->laddrs);
	if (!error)
		error = fill_prefixes(skeleton->maps.prefix_raddrs, &options->raddrs);
	if (!error && tcprtt_is_grouped(options))
		error = fill_numbers(skeleton->maps.group_numbers, options->max_keys);
	if (!error && tcprtt_is_grouped(options))
		error = map_groups(ret, options->max_keys);
	if (!error)
		error = tcprtt_bpf__attach(skeleton);
	if (!error && grouping_is_by_owner(&options->grouping) && way->in_socket)
		error = program_iterate(skeleton->progs.seed_storage);
	ret->counters = &skeleton->bss->counters;
	return error;
}

/* Changes of state are told by tp_btf, whatever hook segments have. A kprobe remembers nothing of a socket. */
static bool is_possible(const struct way *way, const struct tcprtt_options *options)
{
	if (!tcprtt_samples_segments(options) && way->hook != RTT_HOOK_TP_BTF)
		return false;
	return way->hook != RTT_HOOK_KPROBE ||
	       (options->sample == RTT_SRTT && !grouping_is_by_owner(&options->grouping));
}

static bool is_allowed(const struct way *way, const struct tcprtt_options *options)
{
	enum rtt_storage storage = way->in_socket ? RTT_STORAGE_SOCKET : RTT_STORAGE_HASH;

	return (options->hook == RTT_HOOK_AUTO || options->hook == way->hook) &&
	       (options->storage == RTT_STORAGE_AUTO || options->storage == storage) &&
	       !(way->casts && options->without_casts);
}

static void explain(int first_error, const struct tcprtt_options *options, struct rtt_session_error *error)
{
	bool has_btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
	char why[400];

	privileges_explain(first_error, why, sizeof(why));
	if (options->hook == RTT_HOOK_FENTRY && privileges_suffice())
		snprintf(error->text, sizeof(error->text),
			 "this kernel has no BPF trampolines or denies them (%s), which --hook fentry needs; try "
			 "--hook tp_btf",
			 first_error == -ENOTSUPP_KERNEL ? "not supported" : strerror(-first_error));
	else if (options->hook == RTT_HOOK_KPROBE && privileges_suffice())
		snprintf(error->text, sizeof(error->text),
			 "this kernel has no kprobe on tcp_rcv_established (%s); try --hook tp_btf",
			 strerror(-first_error));
	else if (!has_btf)
		snprintf(error->text, sizeof(error->text),
			 "this kernel has no BTF (/sys/kernel/btf/vmlinux); tcprtt needs one built with "
			 "CONFIG_DEBUG_INFO_BTF");
	else
		snprintf(error->text, sizeof(error->text), "%s", why);
}

int rtt_session_open(const struct tcprtt_options *options, struct rtt_session *ret, struct rtt_session_error *error)
{
	int first_error = 0;

	program_log(options->verbose);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct rtt_session session = {.hook = ways[i].hook_name, .storage = ways[i].storage_name};
		int failed;

		if (!is_possible(&ways[i], options) || !is_allowed(&ways[i], options))
			continue;
		failed = open_way(options, &ways[i], &session);
		if (!failed) {
			*ret = session;
			return 0;
		}
		rtt_session_close(&session);
		first_error = first_error ? first_error : failed;
		if (options->verbose)
			message("not usable here: %s with %s: %s", ways[i].hook_name, ways[i].storage_name,
				strerror(-failed));
	}
	explain(first_error, options, error);
	return first_error;
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

int rtt_session_read_all(struct rtt_session *session, struct histogram *ret)
{
	int fd = bpf_map__fd(session->skeleton->maps.histograms);
	struct histogram sum = {};

	for (uint32_t i = 0; i < bpf_map__max_entries(session->skeleton->maps.histograms); i++) {
		if (bpf_map_lookup_elem(fd, &i, session->per_cpu))
			return -errno;
		for (int cpu = 0; cpu < session->cpus; cpu++)
			histogram_add(&sum, &session->per_cpu[cpu]);
	}
	*ret = sum;
	return 0;
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

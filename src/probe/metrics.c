/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/metrics.h"

#include "os/clock.h"
#include "os/port_range.h"
#include "probe/map.h"
#include "probe/program.h"
#include "probe/retransmissions.h"
#include "probe/samples.h"
#include "probe/skeleton.h"
#include "probe/walk.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void choose_programs(bool wanted, struct vitals_bpf *vitals)
{
	bool has_error = wanted && retransmissions_have_error();

	bpf_program__set_autoload(vitals->progs.count_retransmission, wanted && !has_error);
	bpf_program__set_autoload(vitals->progs.count_retransmission_err, has_error);
	bpf_program__set_autoload(vitals->progs.count_syn_ack, wanted);
	bpf_program__set_autoload(vitals->progs.count_reset_received, wanted);
	bpf_program__set_autoload(vitals->progs.count_reset_sent, wanted);
	bpf_program__set_autoload(vitals->progs.walk_metrics, wanted);
	bpf_program__set_autoattach(vitals->progs.walk_metrics, false);
}

static void choose_maps(bool wanted, bool in_table, struct vitals_bpf *vitals)
{
	bpf_map__set_autocreate(vitals->maps.meter_table, wanted && in_table);
	bpf_map__set_autocreate(vitals->maps.meter_storage, wanted);
	bpf_map__set_autocreate(vitals->maps.group_metrics, wanted);
	bpf_map__set_autocreate(vitals->maps.group_metrics_per_cpu, wanted);
	bpf_map__set_autocreate(vitals->maps.open_sockets, wanted);
	bpf_map__set_autocreate(vitals->maps.metric_times, wanted);
	bpf_map__set_autocreate(vitals->maps.port_listeners, wanted);
}

/* Number of groups, GROUP_OTHER included. */
static uint32_t groups_of(const struct probe_wants *wants)
{
	return samples_are_grouped(&wants->samples) ? wants->samples.max_keys + 1 : 1;
}

void metrics_prepare(const struct probe_wants *wants, bool in_table, struct vitals_bpf *vitals)
{
	bool wanted = wants->emits & EMIT_METRICS;

	choose_programs(wanted, vitals);
	choose_maps(wanted, in_table, vitals);
	if (!wanted)
		return;
	bpf_map__set_max_entries(vitals->maps.group_metrics, groups_of(wants));
	vitals->rodata->metrics_stuck = wants->stuck;
}

int metrics_open(struct probe *probe)
{
	void *groups;

	if (!(probe->wants.emits & EMIT_METRICS))
		return 0;
	probe->cpus = libbpf_num_possible_cpus();
	if (probe->cpus <= 0)
		return -ENOMEM;
	/* The largest value that is read for all CPUs. */
	probe->metrics_cpus = calloc((size_t)probe->cpus, sizeof(*probe->metrics_cpus));
	if (!probe->metrics_cpus)
		return -ENOMEM;
	probe->group_metrics_size = (size_t)groups_of(&probe->wants) * sizeof(struct group_metrics);
	groups = mmap(NULL, probe->group_metrics_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(probe->vitals->maps.group_metrics), 0);
	if (groups == MAP_FAILED)
		return -errno;
	probe->group_metrics = groups;
	return 0;
}

void metrics_close(struct probe *probe)
{
	if (probe->group_metrics)
		munmap(probe->group_metrics, probe->group_metrics_size);
	free(probe->metrics_cpus);
	probe->group_metrics = NULL;
	probe->metrics_cpus = NULL;
}

struct walk {
	const struct probe *probe;
	struct walk_result *result;
};

/* Notes the ephemeral ports of the namespace just visited, if it uses a larger share than the others. */
static void note_ports(const struct metrics_walk *found, struct walk_result *result)
{
	uint32_t used = 0, ports;
	struct port_range range;

	if (port_range_read(&range) || range.last < range.first)
		return;
	for (uint32_t port = range.first; port <= range.last; port++)
		used += found->local_ports[port / 64] >> (port % 64) & 1;
	ports = (uint32_t)range.last - range.first + 1;
	if (result->ephemeral_ports &&
	    (uint64_t)used * result->ephemeral_ports <= (uint64_t)result->ephemeral_used * ports)
		return;
	result->ephemeral_used = used;
	result->ephemeral_ports = ports;
}

static int walk_namespace(void *context)
{
	const struct walk *walk = context;
	struct metrics_walk *found = &walk->probe->vitals->bss->walk;
	/* The program writes a byte after some sockets, to end the read. */
	const struct program_reader reader = {
		.size = 1,
		.at_a_time = 1,
		.pause = walk->probe->pause,
		.pause_context = walk->probe->pause_context,
	};
	int error;

	memset(found->local_ports, 0, sizeof(found->local_ports));
	error = program_read(walk->probe->vitals->progs.walk_metrics, &reader);
	if (!error)
		note_ports(found, walk->result);
	return error;
}

int metrics_walk(struct probe *probe, struct walk_result *ret, struct netns_omissions *ret_omissions)
{
	struct metrics_walk *found = &probe->vitals->bss->walk;
	struct walk_result result = {.number = found->number + 1};
	struct walk walk = {.probe = probe, .result = &result};
	struct netns_omissions omissions = {0};
	int error;

	memset(found->minor, 0, sizeof(found->minor));
	memset(found->stuck, 0, sizeof(found->stuck));
	found->unremembered = 0;
	found->number = result.number;
	found->time_ns = clock_monotonic_ns();
	/* The program also reads what is counted of each listener. */
	probe->vitals->bss->listener_walk.time_ns = found->time_ns;
	probe->vitals->bss->listener_walk.number++;
	error = walk_namespaces(probe->vitals, walk_namespace, &walk, &omissions);
	if (error)
		return error;
	memcpy(result.minor, found->minor, sizeof(result.minor));
	memcpy(result.stuck, found->stuck, sizeof(result.stuck));
	result.unremembered = found->unremembered;
	*ret = result;
	*ret_omissions = omissions;
	return 0;
}

_Static_assert(sizeof(struct time_histogram) <= sizeof(struct group_metrics) &&
		       sizeof(struct open_sockets) <= sizeof(struct group_metrics),
	       "metrics_cpus has room for each");

/* Reads a value of a per-CPU map, which has `words` counters, and adds up those of all CPUs. */
static int read_per_cpu(const struct probe *probe, const struct bpf_map *map, uint32_t key, size_t words, uint64_t *ret)
{
	const uint64_t *counters = (const uint64_t *)probe->metrics_cpus;

	if (bpf_map_lookup_elem(bpf_map__fd(map), &key, probe->metrics_cpus))
		return -errno;
	memset(ret, 0, words * sizeof(*ret));
	for (int cpu = 0; cpu < probe->cpus; cpu++)
		for (size_t word = 0; word < words; word++)
			ret[word] += *counters++;
	return 0;
}

const struct group_metrics *metrics_read_group(struct probe *probe, uint32_t number)
{
	uint64_t *words = (uint64_t *)&probe->group_reading;

	if (number >= METRICS_GROUPS_PER_CPU)
		probe->group_reading = probe->group_metrics[number];
	else if (read_per_cpu(probe, probe->vitals->maps.group_metrics_per_cpu, number, GROUP_METRICS_WORDS, words))
		return NULL;
	return &probe->group_reading;
}

int metrics_end_group(struct probe *probe, const struct group_key *key)
{
	return bpf_map_delete_elem(bpf_map__fd(probe->vitals->maps.groups), key) ? -errno : 0;
}

void metrics_new_epoch(struct probe *probe)
{
	__atomic_fetch_add(&probe->vitals->bss->group_epoch, 1, __ATOMIC_SEQ_CST);
}

void metrics_free_number(struct probe *probe, uint32_t number)
{
	int per_cpu = bpf_map__fd(probe->vitals->maps.group_metrics_per_cpu);

	memset(&probe->group_metrics[number], 0, sizeof(*probe->group_metrics));
	memset(probe->metrics_cpus, 0, (size_t)probe->cpus * sizeof(*probe->metrics_cpus));
	if (number < METRICS_GROUPS_PER_CPU)
		bpf_map_update_elem(per_cpu, &number, probe->metrics_cpus, BPF_ANY);
	bpf_map_update_elem(bpf_map__fd(probe->vitals->maps.group_numbers), NULL, &number, BPF_ANY);
	probe->vitals->bss->group_numbers_out = false;
}

int metrics_read_times(const struct probe *probe, uint32_t index, struct time_histogram *ret)
{
	return read_per_cpu(probe, probe->vitals->maps.metric_times, index, sizeof(*ret) / sizeof(uint64_t),
			    (uint64_t *)ret);
}

int metrics_read_open_sockets(const struct probe *probe, uint64_t ret[METRICS_STATES])
{
	uint64_t open[METRICS_STATES];
	int error = read_per_cpu(probe, probe->vitals->maps.open_sockets, 0, METRICS_STATES, open);

	if (error)
		return error;
	for (int state = 0; state < METRICS_STATES; state++) {
		open[state] -= probe->vitals->bss->conn_left_open[state];
		/* Negative: not all CPUs are read at the same moment. */
		ret[state] = (int64_t)open[state] > 0 ? open[state] : 0;
	}
	return 0;
}

uint64_t metrics_uncounted(const struct probe *probe)
{
	const struct bpf_program *const counters[] = {
		probe->vitals->progs.count_retransmission, probe->vitals->progs.count_retransmission_err,
		probe->vitals->progs.count_syn_ack,        probe->vitals->progs.count_reset_received,
		probe->vitals->progs.count_reset_sent,
	};
	uint64_t total = 0, missed;

	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		if (program_is_loaded(counters[i]) && !program_recursion_misses(bpf_program__fd(counters[i]), &missed))
			total += missed;
	return total;
}

int metrics_next_port(const struct probe *probe, const uint32_t *port, uint32_t *ret_port, struct port_listeners *ret)
{
	int fd = bpf_map__fd(probe->vitals->maps.port_listeners);
	struct port_listeners listeners;
	uint32_t next;

	if (bpf_map_get_next_key(fd, port, &next) || bpf_map_lookup_elem(fd, &next, &listeners))
		return -errno;
	*ret_port = next;
	*ret = listeners;
	return 0;
}

void metrics_forget_port(const struct probe *probe, uint32_t port)
{
	bpf_map_delete_elem(bpf_map__fd(probe->vitals->maps.port_listeners), &port);
}

bool metrics_read_runs(const struct probe *probe, uint64_t *ret_runs, uint64_t *ret_ns)
{
	struct bpf_program *program;

	*ret_runs = *ret_ns = 0;
	bpf_object__for_each_program(program, probe->vitals->obj)
	{
		struct bpf_prog_info info = {};
		__u32 size = sizeof(info);
		int fd = bpf_program__fd(program);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
			continue;
		*ret_runs += info.run_cnt;
		*ret_ns += info.run_time_ns;
	}
	return *ret_runs;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "witness.h"

#include "abi/tcp_state.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "require.h"
#include "trace_instance.h"

#define MAX_THREADS 1024

/* How many events of other sockets may lie between the two records of one event. */
#define MERGE_REACH 2000

struct thread_set {
	int ids[MAX_THREADS];
	size_t count;
};

struct witness {
	struct trace_instance *before;
	struct trace_instance *after;
	bool bracketing;
	uint64_t bracketing_ns;         /* since when */
	struct thread_set init_threads; /* those that PID 1 had at some time */
};

static void add_threads_of_init(struct thread_set *set)
{
	DIR *dir = opendir("/proc/1/task");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)) && set->count < MAX_THREADS)
		if (entry->d_name[0] != '.')
			set->ids[set->count++] = atoi(entry->d_name);
	if (dir)
		closedir(dir);
}

static bool has_thread(const struct thread_set *set, int id)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->ids[i] == id)
			return true;
	return false;
}

struct witness *witness_new(unsigned int buffer_kb_per_cpu, const char **ret_why)
{
	struct witness *witness;

	*ret_why = trace_instance_prepare();
	if (*ret_why)
		return NULL;
	witness = allocate(sizeof(*witness));
	memset(witness, 0, sizeof(*witness));
	witness->before = trace_instance_new("before", buffer_kb_per_cpu);
	witness->after = trace_instance_new("after", buffer_kb_per_cpu);
	return witness;
}

void witness_free(struct witness *witness)
{
	if (!witness)
		return;
	trace_instance_free(witness->after);
	trace_instance_free(witness->before);
	free(witness);
}

void witness_start(struct witness *witness)
{
	struct trace_records unread;

	/* A test that failed half-way may have left it running. */
	if (witness->bracketing) {
		trace_instance_stop(witness->after, &unread);
		free(unread.items);
	}
	witness->bracketing = false;
	witness->init_threads.count = 0;
	add_threads_of_init(&witness->init_threads);
	trace_instance_start(witness->before);
}

void witness_bracket(struct witness *witness)
{
	witness->bracketing_ns = now_ns();
	trace_instance_start(witness->after);
	witness->bracketing = true;
}

static bool same_change(const struct change *a, const struct change *b)
{
	return change_agrees(a, b) && change_agrees(b, a);
}

/*
 * Both recorded the same transitions while both were on. An event of the second is the nearest one before it in the
 * first that looks the same and is not taken.
 */
static void merge(struct witness_log *log, const struct trace_records *after, uint64_t since_ns)
{
	size_t next = 0; /* the first event of the log that is later than `record` */

	for (size_t i = 0; i < after->count; i++) {
		const struct trace_record *record = &after->items[i];

		while (next < log->count && log->events[next].time_ns <= record->time_ns)
			next++;
		for (size_t j = next; j-- && log->events[j].time_ns >= since_ns && next - j < MERGE_REACH;) {
			struct witness_event *event = &log->events[j];

			if (event->bracketed || event->pid != record->pid ||
			    !same_change(&event->change, &record->change))
				continue;
			event->bracketed = true;
			event->span_ns = record->time_ns - event->time_ns;
			break;
		}
	}
}

/*
 * Before 6.15 the kernel shows a child's birth with its listener's addresses: AF_INET6 for an IPv4 connection to a
 * dual-stack listener, and no remote end. The child's next event has its own.
 */
static void name_children(struct witness_log *log)
{
	for (size_t i = 0; i < log->count; i++) {
		struct change *birth = &log->events[i].change;

		if (birth->oldstate != STATE_LISTEN || birth->newstate != STATE_SYN_RECV || birth->tuple.rport)
			continue;
		for (size_t j = i + 1; j < log->count; j++) {
			const struct change *next = &log->events[j].change;

			if (next->skaddr != birth->skaddr)
				continue;
			if (next->oldstate == STATE_SYN_RECV)
				birth->tuple = next->tuple;
			break;
		}
	}
}

void witness_stop(struct witness *witness, struct witness_log *ret_log)
{
	struct trace_records before, after = {0};
	struct witness_log log;

	if (witness->bracketing)
		trace_instance_stop(witness->after, &after);
	witness->bracketing = false;
	trace_instance_stop(witness->before, &before);
	add_threads_of_init(&witness->init_threads);

	log.count = before.count;
	log.events = allocate(log.count * sizeof(*log.events));
	for (size_t i = 0; i < log.count; i++)
		log.events[i] = (struct witness_event){
			.time_ns = before.items[i].time_ns,
			.change = before.items[i].change,
			.pid = before.items[i].pid,
			.hideable = has_thread(&witness->init_threads, before.items[i].pid),
		};
	merge(&log, &after, witness->bracketing_ns);
	name_children(&log);
	free(before.items);
	free(after.items);
	*ret_log = log;
}

void witness_log_free(struct witness_log *log)
{
	free(log->events);
	*log = (struct witness_log){0};
}

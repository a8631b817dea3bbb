/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A tracefs instance that records sock:inet_sock_set_state or another event. An instance has a ring buffer of its own,
 * so other users of tracefs are not affected.
 */
#ifndef TESTS_KERNEL_TRACE_INSTANCE_H
#define TESTS_KERNEL_TRACE_INSTANCE_H

#include "state.h"
#include "trace_page.h"

struct trace_record {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	struct change change;
	int pid; /* the thread that was running, which may be unrelated; 0 is the idle task */
	int cpu;
	unsigned int order; /* order of reading, which decides between equal times of one CPU */
};

struct trace_records {
	struct trace_record *items; /* free() it */
	size_t count;
};

struct trace_instance;

/*
 * Mounts tracefs in a mount namespace of this process, unless tracefs is mounted. Returns NULL, or the reason why this
 * machine cannot do that.
 */
const char *trace_instance_prepare(void);

struct trace_instance *trace_instance_new(const char *name, unsigned int buffer_kb_per_cpu);

/*
 * trace_instance_new() for another event, such as "events/tcp/tcp_probe". The string `event` must outlive the instance.
 * The caller finds and reads the fields of the event.
 */
struct trace_instance *trace_instance_new_for(const char *event, const char *name, unsigned int buffer_kb_per_cpu);
void trace_instance_find_field(const struct trace_instance *instance, const char *name, size_t *ret_offset,
			       size_t *ret_size);
/* Sets a filter in the kernel's filter language. Call before the start. */
void trace_instance_set_filter(struct trace_instance *instance, const char *filter);
/* Ends the recording and calls `fn` for each event, CPU by CPU. */
void trace_instance_stop_with(struct trace_instance *instance, trace_event_fn *fn, void *context);

void trace_instance_free(struct trace_instance *instance);

/* Empties the buffer and begins to record. */
void trace_instance_start(struct trace_instance *instance);

/* Ends the recording and reads the events, in order of time. Fails the test if an event is known to be missing. */
void trace_instance_stop(struct trace_instance *instance, struct trace_records *ret_records);

#endif

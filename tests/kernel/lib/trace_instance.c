/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "trace_instance.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "private_mount.h"
#include "require.h"
#include "trace_page.h"

#define TRACEFS "/sys/kernel/tracing"
#define EVENT   "events/sock/inet_sock_set_state"
#define PREFIX  "tcpvitals-"

enum field {
	F_PID,
	F_SKADDR,
	F_OLDSTATE,
	F_NEWSTATE,
	F_SPORT,
	F_DPORT,
	F_FAMILY,
	F_PROTOCOL,
	F_SADDR,
	F_DADDR,
	F_SADDR_V6,
	F_DADDR_V6,
	FIELDS
};

static const char *const field_names[FIELDS] = {"common_pid", "skaddr", "oldstate", "newstate",
						"sport",      "dport",  "family",   "protocol",
						"saddr",      "daddr",  "saddr_v6", "daddr_v6"};

struct trace_instance {
	char path[128];
	const char *event; /* its folder in tracefs */
	struct trace_page_layout layout;
	unsigned int event_id;
	struct {
		size_t offset;
		size_t size;
	} fields[FIELDS];
	/* while reading */
	trace_event_fn *fn;
	void *context;
	struct trace_records *records;
	size_t capacity;
	int cpu;
};

static const char *path_in(const struct trace_instance *instance, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static const char *path_in(const struct trace_instance *instance, const char *format, ...)
{
	static char path[256];
	va_list args;
	int length = snprintf(path, sizeof(path), "%s/", instance->path);

	va_start(args, format);
	vsnprintf(path + length, sizeof(path) - (size_t)length, format, args);
	va_end(args);
	return path;
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

static void read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got = 0;

	require(fd >= 0, "cannot open %s", path);
	while (length < size - 1 && (got = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	require(got >= 0, "cannot read %s", path);
	text[length] = '\0';
}

const char *trace_instance_prepare(void)
{
	const char *why = machine_refuses("tracefs");

	if (why || !access(TRACEFS "/instances", F_OK))
		return why;
	require(!private_mount("tracefs", TRACEFS), "tracefs cannot be mounted on " TRACEFS);
	return access(TRACEFS "/" EVENT, F_OK) ? "tracefs has no " EVENT : NULL;
}

/* Those of test processes that are gone: a killed one cannot clean up. */
static void remove_stale_instances(void)
{
	DIR *dir = opendir(TRACEFS "/instances");
	const struct dirent *entry;
	char path[320];
	int pid;

	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, PREFIX "%d-", &pid) != 1 || !kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), TRACEFS "/instances/%s", entry->d_name);
		rmdir(path);
	}
	if (dir)
		closedir(dir);
}

static const char *format_of(const struct trace_instance *instance)
{
	static char format[8192];

	read_text(path_in(instance, "%s/format", instance->event), format, sizeof(format));
	return format;
}

void trace_instance_find_field(const struct trace_instance *instance, const char *name, size_t *ret_offset,
			       size_t *ret_size)
{
	require(trace_format_field(format_of(instance), name, ret_offset, ret_size), "no field %s in the format of %s",
		name, instance->event);
}

void trace_instance_set_filter(struct trace_instance *instance, const char *filter)
{
	require(write_text(path_in(instance, "%s/filter", instance->event), filter), "no filter \"%s\"", filter);
}

struct trace_instance *trace_instance_new(const char *name, unsigned int buffer_kb_per_cpu)
{
	struct trace_instance *instance = trace_instance_new_for(EVENT, name, buffer_kb_per_cpu);

	for (size_t i = 0; i < FIELDS; i++)
		trace_instance_find_field(instance, field_names[i], &instance->fields[i].offset,
					  &instance->fields[i].size);
	return instance;
}

struct trace_instance *trace_instance_new_for(const char *event, const char *name, unsigned int buffer_kb_per_cpu)
{
	struct trace_instance *instance = allocate(sizeof(*instance));
	char text[4096];

	memset(instance, 0, sizeof(*instance));
	remove_stale_instances();
	instance->event = event;
	snprintf(instance->path, sizeof(instance->path), TRACEFS "/instances/" PREFIX "%d-%s", getpid(), name);
	require(!mkdir(instance->path, 0700), "cannot make %s", instance->path);
	require(write_text(path_in(instance, "tracing_on"), "0"), "cannot stop tracing");
	/* The clock of bpf_ktime_get_ns(): durations can be compared. */
	require(write_text(path_in(instance, "trace_clock"), "mono"), "cannot choose the clock");
	/* Full means that new events are dropped and counted, not that old ones are. */
	require(write_text(path_in(instance, "options/overwrite"), "0"), "cannot turn overwriting off");
	snprintf(text, sizeof(text), "%u", buffer_kb_per_cpu);
	require(write_text(path_in(instance, "buffer_size_kb"), text), "cannot make a buffer of %s kB", text);

	read_text(TRACEFS "/events/header_page", text, sizeof(text));
	require(trace_page_layout_parse(text, &instance->layout), "cannot understand events/header_page");
	require(trace_format_id(format_of(instance), &instance->event_id), "no ID in the format of %s", event);
	/* No event filter: TCP is told apart below, and an event that a filter discards leaves padding in the buffer.
	 */
	return instance;
}

void trace_instance_free(struct trace_instance *instance)
{
	if (!instance)
		return;
	write_text(path_in(instance, "%s/enable", instance->event), "0");
	write_text(path_in(instance, "tracing_on"), "0");
	rmdir(instance->path);
	free(instance);
}

void trace_instance_start(struct trace_instance *instance)
{
	require(write_text(path_in(instance, "tracing_on"), "0"), "cannot stop tracing");
	require(write_text(path_in(instance, "trace"), ""), "cannot empty the trace");
	require(write_text(path_in(instance, "tracing_on"), "1"), "cannot start tracing");
	/* Leaves first, where it is there already: who comes last is called last (witness.h). */
	require(write_text(path_in(instance, "%s/enable", instance->event), "0") &&
			write_text(path_in(instance, "%s/enable", instance->event), "1"),
		"cannot enable %s", instance->event);
}

static uint64_t read_field(const struct trace_instance *instance, enum field field, const uint8_t *data)
{
	uint64_t value = 0;

	memcpy(&value, data + instance->fields[field].offset, instance->fields[field].size);
	return value;
}

/* IPv4 over an AF_INET6 socket is IPv4, wherever one of the two addresses shows it. */
static void read_tuple(const struct trace_instance *instance, const uint8_t *data, struct tuple *tuple)
{
	const uint8_t *saddr_v6 = data + instance->fields[F_SADDR_V6].offset;
	const uint8_t *daddr_v6 = data + instance->fields[F_DADDR_V6].offset;
	struct in6_addr saddr, daddr;

	memset(tuple, 0, sizeof(*tuple));
	memcpy(&saddr, saddr_v6, sizeof(saddr));
	memcpy(&daddr, daddr_v6, sizeof(daddr));
	tuple->lport = (uint16_t)read_field(instance, F_SPORT, data);
	tuple->rport = (uint16_t)read_field(instance, F_DPORT, data);
	if (read_field(instance, F_FAMILY, data) == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&saddr) &&
	    !IN6_IS_ADDR_V4MAPPED(&daddr)) {
		tuple->ip_version = 6;
		memcpy(tuple->laddr, &saddr, 16);
		memcpy(tuple->raddr, &daddr, 16);
	} else {
		tuple->ip_version = 4;
		memcpy(tuple->laddr, data + instance->fields[F_SADDR].offset, 4);
		memcpy(tuple->raddr, data + instance->fields[F_DADDR].offset, 4);
	}
}

static void add_event(uint64_t time_ns, const void *bytes, size_t size, void *context)
{
	struct trace_instance *instance = context;
	struct trace_records *records = instance->records;
	const uint8_t *data = bytes;
	struct trace_record *record;

	if (read_field(instance, F_PROTOCOL, data) != IPPROTO_TCP)
		return;
	require(size >= instance->fields[F_DADDR_V6].offset + 16, "an event of %zu bytes", size);
	if (records->count == instance->capacity) {
		instance->capacity = instance->capacity ? 2 * instance->capacity : 1024;
		records->items = reallocate(records->items, instance->capacity * sizeof(*records->items));
	}
	record = &records->items[records->count++];
	memset(record, 0, sizeof(*record));
	record->time_ns = time_ns;
	record->cpu = instance->cpu;
	record->order = (unsigned int)records->count;
	record->pid = (int32_t)read_field(instance, F_PID, data);
	record->change.skaddr = read_field(instance, F_SKADDR, data);
	record->change.oldstate = (uint8_t)read_field(instance, F_OLDSTATE, data);
	record->change.newstate = (uint8_t)read_field(instance, F_NEWSTATE, data);
	read_tuple(instance, data, &record->change.tuple);
}

static void pass_event(uint64_t time_ns, const void *data, size_t size, void *context)
{
	const struct trace_instance *instance = context;
	uint16_t id;

	memcpy(&id, data, sizeof(id));
	if (id == instance->event_id)
		instance->fn(time_ns, data, size, instance->context);
}

static void read_cpu(struct trace_instance *instance)
{
	uint8_t *page = allocate(instance->layout.page_size);
	int fd = open(path_in(instance, "per_cpu/cpu%d/trace_pipe_raw", instance->cpu),
		      O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t got;

	require(fd >= 0, "cannot open trace_pipe_raw of CPU %d", instance->cpu);
	while ((got = read(fd, page, instance->layout.page_size)) > 0)
		require(trace_page_walk(&instance->layout, page, (size_t)got, pass_event, instance),
			"the witness lost events: its buffer on CPU %d was too small", instance->cpu);
	close(fd);
	free(page);
}

static void check_nothing_lost(const struct trace_instance *instance)
{
	static const char *const counters[] = {"\noverrun: ", "\ncommit overrun: ", "\ndropped events: "};
	char stats[1024];

	read_text(path_in(instance, "per_cpu/cpu%d/stats", instance->cpu), stats, sizeof(stats));
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		const char *counter = strstr(stats, counters[i]);

		require(counter && !strtoul(counter + strlen(counters[i]), NULL, 10),
			"the witness is unreliable on CPU %d: %s", instance->cpu, stats);
	}
}

static int compare_times(const void *left, const void *right)
{
	const struct trace_record *a = left, *b = right;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	if (a->cpu != b->cpu)
		return a->cpu < b->cpu ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void trace_instance_stop_with(struct trace_instance *instance, trace_event_fn *fn, void *context)
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_CONF);

	require(write_text(path_in(instance, "%s/enable", instance->event), "0"), "cannot disable %s", instance->event);
	require(write_text(path_in(instance, "tracing_on"), "0"), "cannot stop tracing");
	instance->fn = fn;
	instance->context = context;
	for (instance->cpu = 0; instance->cpu < cpus; instance->cpu++) {
		if (access(path_in(instance, "per_cpu/cpu%d", instance->cpu), F_OK))
			continue;
		check_nothing_lost(instance);
		read_cpu(instance);
	}
}

void trace_instance_stop(struct trace_instance *instance, struct trace_records *ret_records)
{
	struct trace_records records = {0};

	instance->records = &records;
	instance->capacity = 0;
	trace_instance_stop_with(instance, add_event, instance);
	if (records.count)
		qsort(records.items, records.count, sizeof(*records.items), compare_times);
	*ret_records = records;
}

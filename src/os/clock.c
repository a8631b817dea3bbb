/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

/* After a change the clocks are read READINGS times, and the reading with the shortest interruption counts. */
#define READINGS 16

/* The offsets that a time namespace (Linux 5.6) adds to this process's clocks. */
struct time_namespace {
	int64_t monotonic_ns;
	int64_t boottime_ns;
};

static bool is_same_file(const char *path, const struct stat *file)
{
	struct stat found;

	return !stat(path, &found) && found.st_dev == file->st_dev && found.st_ino == file->st_ino;
}

/*
 * timens_offsets of a process holds the offsets of its children's time namespace. The offsets apply to this process if
 * `process` and its children are both in this process's time namespace.
 */
static bool shares_clocks(const char *process, const struct stat *ours)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/time", process);
	if (!is_same_file(path, ours))
		return false;
	snprintf(path, sizeof(path), "/proc/%s/ns/time_for_children", process);
	return is_same_file(path, ours);
}

static struct time_namespace read_offsets(const char *process)
{
	struct time_namespace result = {0};
	long long seconds, ns;
	char path[64], clock[16];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/timens_offsets", process);
	file = fopen(path, "re");
	if (!file)
		return result;
	while (fscanf(file, "%15s %lld %lld", clock, &seconds, &ns) == 3) {
		if (strcmp(clock, "monotonic") == 0)
			result.monotonic_ns = seconds * NS_PER_S + ns;
		else if (strcmp(clock, "boottime") == 0)
			result.boottime_ns = seconds * NS_PER_S + ns;
	}
	fclose(file);
	return result;
}

static struct time_namespace find_offsets(void)
{
	char parent[16];
	const char *const processes[] = {"self", parent, "1"};
	struct stat ours;

	snprintf(parent, sizeof(parent), "%d", getppid());
	/* No such file before Linux 5.6, or without CONFIG_TIME_NS. */
	if (stat("/proc/self/ns/time", &ours))
		return (struct time_namespace){0};
	/*
	 * Before Linux 6.1, the program that `unshare -T` executes stays in the time namespace of unshare and its
	 * ancestors.
	 */
	for (size_t i = 0; i < sizeof(processes) / sizeof(processes[0]); i++) {
		if (shares_clocks(processes[i], &ours))
			return read_offsets(processes[i]);
	}
	return (struct time_namespace){0};
}

/*
 * The offsets never change. Only children of a process enter another time namespace, and a namespace with a process in
 * it keeps its offsets.
 */
static const struct time_namespace *time_namespace(void)
{
	static struct time_namespace found;
	static bool is_known;

	if (!is_known) {
		found = find_offsets();
		is_known = true;
	}
	return &found;
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return (uint64_t)(clock_ns(CLOCK_MONOTONIC) - time_namespace()->monotonic_ns);
}

static struct clock_reading read_clocks(void)
{
	struct clock_reading reading;
	time_t seconds;
	struct tm local;

	reading.before_ns = clock_monotonic_ns();
	reading.realtime_ns = clock_ns(CLOCK_REALTIME);
	reading.boottime_ns = clock_ns(CLOCK_BOOTTIME) - time_namespace()->boottime_ns;
	reading.after_ns = clock_monotonic_ns();
	seconds = reading.realtime_ns / NS_PER_S;
	reading.utc_offset_s = localtime_r(&seconds, &local) ? (int32_t)local.tm_gmtoff : 0;
	return reading;
}

static struct clock_reading read_exactly(struct clock_reading best)
{
	for (unsigned int i = 1; i < READINGS; i++) {
		struct clock_reading reading = read_clocks();

		if (reading.after_ns - reading.before_ns < best.after_ns - best.before_ns)
			best = reading;
	}
	return best;
}

void clock_refresh(struct timebase *base)
{
	struct clock_reading reading = read_clocks();

	if (!clock_history_agrees(&base->clocks, &reading))
		reading = read_exactly(reading);
	clock_history_note(&base->clocks, &reading);
}

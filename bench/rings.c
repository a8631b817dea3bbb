/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Measures the way of tcpstates' records alone (bench/bpf/rings.bpf.c fills the ring buffers): the time to read several
 * ring buffers as one, and the records that one ring buffer takes from CPUs that do nothing else.
 *
 * Prints one line of JSON: nanoseconds per record. For writers, that is the time from one record in the ring buffer to
 * the next one, from any CPU.
 */
#include "probe/rings.h"
#include "abi/transition.h"
#include "lib/option.h"
#include "lib/threads.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

_Static_assert(RINGS_MAX == 8, "bench/bpf/rings.bpf.c has as many");

#define MAX_FILLS 1000

/* Of each fill: so many that it takes long enough to be timed, and no more than a ring has room for. */
#define RECORDS    7000
#define RING_BYTES (1 << 20)
#define HEADER     8 /* of each record in a ring */

_Static_assert((sizeof(struct transition) + HEADER) * RECORDS < RING_BYTES, "a ring has room for a fill");

/* On a busy machine writers are hardly ever at work at the same time, and wait for each other. */
#define ENOUGH_S   5
#define DEADLINE_S 60

/* bench/bpf/rings.bpf.c has the same. */
struct fill {
	uint64_t records;
	uint64_t time_ns;
	uint64_t mask;
	uint64_t failed;
};

struct test {
	struct rings rings;
	int program;
	unsigned long cpus;    /* that write */
	unsigned long fills;   /* to do */
	double end;            /* however many there are by then */
	atomic_ulong tickets;  /* of threads that began */
	atomic_ulong arrivals; /* at meet() */
	atomic_bool failed;
	bool goes_on;
	double start; /* of this fill */
	unsigned long filled;
	double seconds[MAX_FILLS]; /* of each */
};

static int fail(const char *what, int error)
{
	fprintf(stderr, "rings: %s: %s\n", what, strerror(error));
	return -1;
}

static double monotonic_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static int write_records(int program, struct fill *fill)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = fill, .ctx_size_in = sizeof(*fill)); /* written back there */

	if (bpf_prog_test_run_opts(program, &options))
		return fail("cannot run the program", errno);
	if (fill->failed) {
		fprintf(stderr, "rings: no room for %lu records\n", (unsigned long)fill->failed);
		return -1;
	}
	return 0;
}

static int take(void *context, const void *record, size_t size)
{
	uint64_t *sum = context;

	(void)size;
	*sum += ((const struct transition *)record)->time_ns;
	return 0;
}

/* All that is in the rings: whether it is that many records. */
static int read_records(struct rings *rings, uint64_t records)
{
	uint64_t sum = 0, left = records;

	while (left) {
		int64_t taken = rings_drain(rings, take, &sum);

		if (taken <= 0 || (uint64_t)taken > left) {
			fputs("rings: other records were read than written\n", stderr);
			return -1;
		}
		left -= (uint64_t)taken;
	}
	return 0;
}

/* ---- reading, with records in `writers` of the rings ---- */

static int time_reading(struct test *test, unsigned long writers)
{
	struct fill fill = {.records = RECORDS, .time_ns = 1, .mask = writers - 1};

	while (test->filled < test->fills) {
		double start;

		if (write_records(test->program, &fill) < 0)
			return -1;
		fill.time_ns += fill.records;
		start = monotonic_seconds();
		if (read_records(&test->rings, fill.records) < 0)
			return -1;
		test->seconds[test->filled++] = monotonic_seconds() - start;
	}
	return 0;
}

/* ---- writing ---- */

/* The n-th CPU that this process may run on, from 0. */
static int bind_to_cpu(unsigned long n)
{
	cpu_set_t allowed, one;

	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &allowed) && n-- == 0) {
			CPU_SET(cpu, &one);
			return sched_setaffinity(0, sizeof(one), &one);
		}
	}
	errno = ENODEV;
	return -1;
}

/* Until every thread is there. To sleep and be woken would take a good part of what a fill does. */
static void meet(struct test *test)
{
	unsigned long number = atomic_fetch_add(&test->arrivals, 1), all = (number / test->cpus + 1) * test->cpus;

	while (test->arrivals < all)
		sched_yield();
}

/* The work of one of them while the others wait. */
static void prepare_fill(struct test *test)
{
	if (test->filled && read_records(&test->rings, RECORDS / test->cpus * test->cpus) < 0)
		test->failed = true;
	test->start = monotonic_seconds();
	test->goes_on = !test->failed && test->filled < test->fills && test->start < test->end;
}

/* Of one CPU. The first one also keeps the time. */
static void *write_share(void *arg)
{
	struct test *test = arg;
	unsigned long number = atomic_fetch_add(&test->tickets, 1);
	struct fill fill = {.records = RECORDS / test->cpus, .time_ns = 1};

	if (bind_to_cpu(number) < 0)
		test->failed = true;
	for (;;) {
		meet(test);
		if (number == 0)
			prepare_fill(test);
		meet(test);
		if (!test->goes_on)
			return NULL;
		if (write_records(test->program, &fill) < 0)
			test->failed = true;
		meet(test);
		if (number == 0)
			test->seconds[test->filled++] = monotonic_seconds() - test->start;
	}
}

static int time_writing(struct test *test)
{
	int r;

	test->end = monotonic_seconds() + ENOUGH_S;
	r = threads_run(test->cpus, write_share, test); /* too few would wait for the others until the deadline */
	if (r < 0)
		return fail("cannot start threads", -r);
	return test->failed || !test->filled ? -1 : 0;
}

/* ---- all ---- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(struct test *test, const char *what, unsigned long writers)
{
	double per_record = 1e9 / (double)(RECORDS / test->cpus * test->cpus);

	qsort(test->seconds, test->filled, sizeof(test->seconds[0]), compare);
	printf("{\"what\":\"%s\",\"rings\":%zu,\"rings_max\":%d,\"writers\":%lu,\"fills\":%lu,\"median_ns\":%.2f,"
	       "\"min_ns\":%.2f,\"max_ns\":%.2f}\n",
	       what, test->rings.count, RINGS_MAX, writers, test->filled, test->seconds[test->filled / 2] * per_record,
	       test->seconds[0] * per_record, test->seconds[test->filled - 1] * per_record);
}

static int run(struct bpf_object *object, const char *what, unsigned long rings, unsigned long writers,
	       unsigned long fills)
{
	static struct test test;
	bool reads = strcmp(what, "read") == 0;
	int r = rings_size_maps(object, RINGS_MAX, RING_BYTES);

	if (r < 0)
		return fail("cannot make rings", -r);
	if (bpf_object__load(object))
		return fail("cannot load", errno);
	test.program = bpf_program__fd(bpf_object__find_program_by_name(object, "write_records"));
	test.cpus = reads ? 1 : writers;
	test.fills = fills;
	r = rings_open(object, rings, RING_BYTES, offsetof(struct transition, time_ns), &test.rings);
	if (r < 0)
		return fail("cannot open rings", -r);
	r = reads ? time_reading(&test, writers) : time_writing(&test);
	if (r == 0)
		report(&test, what, writers);
	rings_close(&test.rings);
	return r;
}

static int usage(void)
{
	fputs("Usage: rings OBJECT read RINGS WRITERS FILLS    RINGS rings, records in WRITERS of them (powers of "
	      "two)\n"
	      "       rings OBJECT write CPUS FILLS            CPUS of them write into one ring\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	unsigned long rings = 1, writers, fills;
	struct bpf_object *object;
	int r;

	if (argc == 6 && strcmp(argv[2], "read") == 0) {
		if (option_number("RINGS", argv[3], 1, RINGS_MAX, &rings) < 0 ||
		    option_number("WRITERS", argv[4], 1, rings, &writers) < 0)
			return 2;
	} else if (argc != 5 || strcmp(argv[2], "write") != 0) {
		return usage();
	} else if (option_number("CPUS", argv[3], 1, THREADS_MAX, &writers) < 0) {
		return 2;
	}
	if (option_number("FILLS", argv[argc - 1], 1, MAX_FILLS, &fills) < 0)
		return 2;
	alarm(DEADLINE_S);
	object = bpf_object__open_file(argv[1], NULL);
	if (!object) {
		fail(argv[1], errno);
		return EXIT_FAILURE;
	}
	r = run(object, argv[2], rings, writers, fills);
	bpf_object__close(object);
	return r < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

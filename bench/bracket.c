/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Measures the time of programs that others attach to a tracepoint (bench/bpf/bracket.bpf.c). Attaches the program
 * BEFORE at once, and the program AFTER at the first SIGUSR1, when the others are attached.
 *
 * Each further SIGUSR1 prints a line of JSON about the events since the last one. Runs until SIGINT or SIGTERM, or
 * until its parent ends.
 */
#include "abi/histogram.h"
#include "core/histogram.h"
#include "probe/map.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/* bench/bpf/bracket.bpf.c has the same. */
struct bracket {
	uint64_t begun_ns;
	struct histogram taken;
};

static int fail(const char *what, int error)
{
	fprintf(stderr, "bracket: %s: %s\n", what, strerror(error));
	return -1;
}

/* All CPUs' since the beginning. */
static int read_all(int map, struct histogram *ret)
{
	int cpus = map_cpus(), error;
	struct bracket *brackets = cpus > 0 ? calloc((size_t)cpus, sizeof(*brackets)) : NULL;
	uint32_t key = 0;

	if (!brackets)
		return fail("cannot read", ENOMEM);
	error = map_lookup(map, &key, brackets);
	if (!error)
		*ret = (struct histogram){0};
	for (int i = 0; !error && i < cpus; i++)
		histogram_add(ret, &brackets[i].taken);
	free(brackets);
	return error ? fail("cannot read", -error) : 0;
}

static int report(int map, struct histogram *before)
{
	struct histogram now, since;
	struct histogram_stats stats;

	if (read_all(map, &now) < 0)
		return -1;
	histogram_subtract(&now, before, &since);
	*before = now;
	histogram_statistics(&since, TICK_US, &stats); /* whose microseconds are nanoseconds here */
	printf("{\"events\":%llu,\"p50_ns\":%llu,\"p90_ns\":%llu,\"p99_ns\":%llu}\n", (unsigned long long)stats.count,
	       (unsigned long long)stats.p50, (unsigned long long)stats.p90, (unsigned long long)stats.p99);
	return fflush(stdout) ? fail("cannot write", errno) : 0;
}

static struct bpf_link *attach(struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);
	struct bpf_link *link = program ? bpf_program__attach(program) : NULL;

	if (!link)
		fail(name, program ? errno : ENOENT);
	return link;
}

/* `signals` are blocked. */
static int run(struct bpf_object *object, const char *before, const char *after, const sigset_t *signals)
{
	struct bpf_link *first, *last = NULL;
	struct histogram seen = {0};
	int signal, r = 0;

	if (bpf_object__load(object))
		return fail("cannot load", errno);
	first = attach(object, before);
	if (!first)
		return -1;
	while (r == 0 && sigwait(signals, &signal) == 0 && signal == SIGUSR1) {
		if (last)
			r = report(bpf_object__find_map_fd_by_name(object, "brackets"), &seen);
		else if (!(last = attach(object, after)))
			r = -1;
	}
	bpf_link__destroy(last);
	bpf_link__destroy(first);
	return r;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	sigset_t signals;
	int r;

	if (argc != 4) {
		fputs("Usage: bracket OBJECT BEFORE AFTER\n", stderr);
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);

	object = bpf_object__open_file(argv[1], NULL);
	if (!object) {
		fail(argv[1], errno);
		return EXIT_FAILURE;
	}
	r = run(object, argv[2], argv[3], &signals);
	bpf_object__close(object);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

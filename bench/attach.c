/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Attaches one program of a BPF object. Keeps the program attached until SIGINT or SIGTERM, or until its parent ends.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static int fail(const char *what, const char *name, int error)
{
	fprintf(stderr, "attach: cannot %s %s: %s\n", what, name, strerror(error));
	return -1;
}

/* The program of that name, the only one of its object that will be loaded. */
static struct bpf_program *choose(struct bpf_object *object, const char *name)
{
	struct bpf_program *program, *chosen = NULL;

	bpf_object__for_each_program(program, object)
	{
		bool is_chosen = strcmp(bpf_program__name(program), name) == 0;

		bpf_program__set_autoload(program, is_chosen);
		if (is_chosen)
			chosen = program;
	}
	return chosen;
}

/* `signals` are blocked. */
static int run(struct bpf_object *object, const char *name, const sigset_t *signals)
{
	struct bpf_program *program = choose(object, name);
	struct bpf_link *link;
	int signal;

	if (!program)
		return fail("find program", name, ENOENT);
	if (bpf_object__load(object))
		return fail("load program", name, errno);
	link = bpf_program__attach(program);
	if (!link)
		return fail("attach program", name, errno);
	sigwait(signals, &signal);
	bpf_link__destroy(link);
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	sigset_t signals;
	int r;

	if (argc != 3) {
		fputs("Usage: attach OBJECT PROGRAM\n", stderr);
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);

	object = bpf_object__open_file(argv[1], NULL);
	if (!object) {
		fail("open", argv[1], errno);
		return EXIT_FAILURE;
	}
	r = run(object, argv[2], &signals);
	bpf_object__close(object);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prints what this machine allows, so that no test takes the machine's policy for a fault of the tools. Each thing is
 * really tried. Each line has the name, a tab, "yes", "no" or "unknown", a tab, and the reason or the place.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kernel/lib/process.h"
#include "questions.h"

/* An emulated machine is slow: a quarter of a second for one program. */
#define PATIENCE_SECONDS 60

struct question {
	const char *name;
	void (*try)(const char *argument, struct answer *answer);
	const char *argument;
	bool by_anyone; /* it needs no root */
};

/* The names are stable: tests use them. */
static const struct question questions[] = {
	{.name = "btf", .try = mounts_try_btf, .by_anyone = true},
	{"tp_btf/inet_sock_set_state", programs_try, "btf_state", false},
	{"tp_btf/tcp_probe", programs_try, "btf_probe", false},
	{"socket_storage", programs_try, "btf_storage", false},
	{"fentry", programs_try, "fentry_segment", false},
	{"fexit", programs_try, "fexit_accept", false},
	{"kprobe", programs_try, "kprobe_segment", false},
	{"kretprobe", programs_try, "kretprobe_accept", false},
	{"tracepoint", programs_try, "classic_state", false},
	{"iter/task_file", programs_try, "iter_files", false},
	{"iter/tcp", programs_try, "iter_tcp", false},
	{"iter/bpf_sk_storage_map", programs_try, "iter_storage", false},
	{.name = "tracefs", .try = mounts_try_tracefs},
	{.name = "cgroup2", .try = mounts_try_cgroup2, .by_anyone = true},
	{.name = "userns", .try = namespaces_try_user, .by_anyone = true},
	{.name = "netns", .try = namespaces_try_network},
	{.name = "timens", .try = namespaces_try_time},
	{.name = "netem", .try = namespaces_try_netem},
	{.name = "tun", .try = namespaces_try_tun},
	{.name = "seccomp_notify", .try = seccomp_try_notify, .by_anyone = true},
};

/* `answer` is shared with the process that tries. */
static void ask(const struct question *question, struct answer *answer)
{
	struct process process;
	bool ended;

	if (!question->by_anyone && geteuid()) {
		answer_set(answer, UNKNOWN, "needs root");
		return;
	}
	answer_set(answer, UNKNOWN, "no answer");
	fflush(stdout);
	if (process_fork(&process)) {
		question->try(question->argument, answer);
		_exit(0);
	}
	ended = process_wait(&process, PATIENCE_SECONDS);
	process_kill(&process);
	if (!ended)
		answer_set(answer, UNKNOWN, "no answer in %d s", PATIENCE_SECONDS);
	else if (process.status)
		answer_set(answer, UNKNOWN, "the process that tried it ended with status %#x", process.status);
}

int main(void)
{
	static const char *const words[] = {[UNKNOWN] = "unknown", [NO] = "no", [YES] = "yes"};
	struct answer *answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (answer == MAP_FAILED) {
		perror("machine: no memory");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		ask(&questions[i], answer);
		printf("%s\t%s\t%s\n", questions[i].name, words[answer->verdict], answer->why);
	}
	if (fflush(stdout) || ferror(stdout)) {
		perror("machine: cannot write");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

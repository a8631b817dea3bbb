/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "run_base.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "helper.h"
#include "test.h"

#define PATIENCE_SECONDS 600
#define MAX_WAITING      64

/* Returns when the one who has the name is gone, or does not have it yet. */
static void wait_for_holder(const struct sockaddr *name, socklen_t length)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd gone = {.fd = fd}; /* POLLHUP always counts */

	if (fd >= 0 && !connect(fd, name, length))
		poll(&gone, 1, 1000);
	else
		sleep_ms(1);
	if (fd >= 0)
		close(fd);
}

/*
 * One program of tests/kernel at a time on this machine: they measure, choose the same ports in namespaces of their
 * own, and each would be the other's noise. The kernel lets go of the name when the process ends, however it ends, and
 * waiting programs learn of it by their connections to it: one that looked every 100 ms only never came before the next
 * program of another ./check (60 s in vain, while 62 of these ran).
 */
static void wait_for_others(void)
{
	static const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0tcpvitals-kernel-tests"};
	const struct sockaddr *address = (const struct sockaddr *)&name;
	uint64_t start = now_ns();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool told = false;

	while (fd >= 0 && bind(fd, address, sizeof(name)) && errno == EADDRINUSE) {
		if (now_ns() - start > PATIENCE_SECONDS * NS_PER_SEC)
			break;
		if (!told)
			print_message("waiting for another kernel test to end\n");
		told = true;
		wait_for_holder(address, sizeof(name));
	}
	/* Nothing is accepted, and nothing closed: that is when the next one begins. */
	if (fd >= 0)
		listen(fd, MAX_WAITING);
	if (told)
		print_message("waited %.1f s for other kernel tests\n", (double)(now_ns() - start) / NS_PER_SEC);
}

void *run_base_new(size_t size)
{
	void *run = calloc(1, size);

	if (run)
		wait_for_others();
	return run;
}

int run_base_group_setup(void **state)
{
	*state = run_base_new(sizeof(struct run_base));
	return *state ? 0 : -1;
}

int run_base_teardown(void **state)
{
	struct run_base *base = *state;

	for (size_t i = 0; i < base->tool_count; i++)
		tool_drop(&base->tools[i]);
	base->tool_count = 0;
	helpers_kill();
	return 0;
}

int run_base_group_teardown(void **state)
{
	run_base_teardown(state);
	free(*state);
	return 0;
}

void run_base_need_witness(const struct run_base *base)
{
	if (base->why_not)
		skip_because("no witness: %s", base->why_not);
}

struct tool *run_base_add(struct run_base *base)
{
	require(base->tool_count < RUN_TOOLS, "too many tools");
	return &base->tools[base->tool_count++];
}

struct tool *run_base_start(struct run_base *base, const char *name, const char *const *args)
{
	struct tool *tool = run_base_add(base);

	tool_start_other(tool, name, args, -1);
	return tool;
}

void run_base_stop(struct run_base *base)
{
	for (size_t i = 0; i < base->tool_count; i++)
		tool_stop(&base->tools[i], SIGTERM);
}

void run_base_expect_success(const struct run_base *base)
{
	for (size_t i = 0; i < base->tool_count; i++)
		tool_expect_success(&base->tools[i]);
}

FILE *run_base_keep(const struct tool *tool, const char *what)
{
	const char *folder = getenv("TCPVITALS_KEEP");
	char path[512];

	if (!folder)
		return NULL;
	snprintf(path, sizeof(path), "%s/%d-%" PRIu64 ".%s", folder, getpid(), tool->start_ns, what);
	return fopen(path, "we");
}

static void keep_output(const struct tool *tool, const char *what, int from)
{
	FILE *file = run_base_keep(tool, what);
	char buffer[65536];
	off_t at = 0;
	ssize_t got;

	if (!file)
		return;
	while ((got = pread(from, buffer, sizeof(buffer), at)) > 0 &&
	       fwrite(buffer, 1, (size_t)got, file) == (size_t)got)
		at += got;
	fclose(file);
}

const struct tool *run_base_tool(const struct run_base *base, size_t index)
{
	const struct tool *tool = &base->tools[index];

	require(index < base->tool_count, "there is no tool %zu", index);
	keep_output(tool, "out", tool->out);
	keep_output(tool, "err", tool->err);
	return tool;
}

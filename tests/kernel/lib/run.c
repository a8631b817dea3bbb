/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper.h"
#include "kernel.h"
#include "require.h"

/* 200,000 transitions of 80 bytes on one CPU, and room to spare. */
#define WITNESS_KB_PER_CPU 24576

#define PATIENCE_SECONDS 600
#define MAX_WAITING      64

/* $TCPVITALS_WITNESS_KB is for machines with less memory: two of these are needed for each CPU. */
static unsigned int witness_size(void)
{
	const char *text = getenv("TCPVITALS_WITNESS_KB");

	return text ? (unsigned int)strtoul(text, NULL, 10) : WITNESS_KB_PER_CPU;
}

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
 * One binary of this suite at a time on this machine: they measure, choose the same ports in namespaces of their own,
 * and each would be the other's noise. The kernel lets go of the name when the process ends, however it ends, and those
 * who wait learn of it by their connections to it: who only looked now and then never came before the next binary of
 * another ./check (60 s in vain, while 62 of these ran).
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

int run_group_setup(void **state)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		return -1;
	wait_for_others();
	run->witness = witness_new(witness_size(), &run->why_not);
	*state = run;
	return 0;
}

int run_teardown(void **state)
{
	struct run *run = *state;

	for (size_t i = 0; i < run->tool_count; i++)
		tool_drop(&run->tools[i]);
	run->tool_count = 0;
	helpers_kill();
	pairing_free(&run->pairing);
	rows_free(&run->rows);
	witness_log_free(&run->log);
	run->no_bracket = false;
	return 0;
}

int run_group_teardown(void **state)
{
	struct run *run = *state;

	run_teardown(state);
	witness_free(run->witness);
	free(run);
	return 0;
}

void run_start(struct run *run, const char *const *args)
{
	if (!run->witness)
		skip_because("no witness: %s", run->why_not);
	witness_start(run->witness);
	run_start_another(run, args);
}

void run_start_another(struct run *run, const char *const *args)
{
	require(run->tool_count < RUN_TOOLS, "too many tools");
	tool_start(&run->tools[run->tool_count++], args, -1);
	/* Once more: the bracket has to come after each of them. */
	if (!run->no_bracket)
		witness_bracket(run->witness);
	run->wall_offset = wall_offset_ns();
}

void run_stop(struct run *run)
{
	for (size_t i = 0; i < run->tool_count; i++)
		tool_stop(&run->tools[i], SIGTERM);
	witness_stop(run->witness, &run->log);
}

static void print_account(const struct run *run)
{
	const struct pairing *pairing = &run->pairing;
	const struct tool_losses *losses = &run->losses;

	print_message("witness %zu, printed %zu, hidden from BPF %zu, missing %zu; the tool says lost %" PRIu64
		      " of %" PRIu64 " (ring full %" PRIu64 ", recursion %" PRIu64 ", undecoded %" PRIu64
		      ", unwritten %" PRIu64 "); all rows %zu\n",
		      pairing->due, pairing->shown, pairing->hidden, pairing->missing, losses->lost, losses->seen,
		      losses->ring_full, losses->recursion, losses->undecoded, losses->unwritten, run->rows.count);
}

/* For the one who looks into a failure: $TCPVITALS_KEEP names a folder for what the tools printed. */
static void keep_output(const struct tool *tool, const char *what, int from)
{
	const char *folder = getenv("TCPVITALS_KEEP");
	char path[512], buffer[65536];
	off_t at = 0;
	ssize_t got;
	int to;

	if (!folder)
		return;
	snprintf(path, sizeof(path), "%s/%d-%" PRIu64 ".%s", folder, getpid(), tool->start_ns, what);
	to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	while (to >= 0 && (got = pread(from, buffer, sizeof(buffer), at)) > 0 && write(to, buffer, (size_t)got) == got)
		at += got;
	if (to >= 0)
		close(to);
}

static void keep_log(const struct tool *tool, const struct pairing *pairing)
{
	const char *folder = getenv("TCPVITALS_KEEP");
	char path[512];
	FILE *file;

	if (!folder)
		return;
	snprintf(path, sizeof(path), "%s/%d-%" PRIu64 ".witness", folder, getpid(), tool->start_ns);
	file = fopen(path, "we");
	for (size_t i = 0; file && i < pairing->log->count; i++) {
		const struct witness_event *event = &pairing->log->events[i];
		const struct row *row = pairing->row_of[i];

		fprintf(file, "%" PRIu64 " +%" PRIu64 " pid %d line %" PRIu64 " %s\n", event->time_ns, event->span_ns,
			event->pid, row ? row->line : 0, change_text(&event->change));
	}
	if (file)
		fclose(file);
}

/* What may be missing besides: the classic tracepoint of an old kernel, of which the tool warns. */
static size_t uncounted(const struct tool *tool, const struct pairing *pairing)
{
	if (kernel_counts_missed_tracepoints() ||
	    !strstr(tool_errors(tool), "does not count the events that the classic"))
		return 0;
	return 2 + pairing->due / 1000;
}

void run_account(struct run *run, size_t index, const bool *wanted)
{
	const struct tool *tool = &run->tools[index];
	const struct pairing *pairing = &run->pairing;
	bool others;

	pairing_free(&run->pairing);
	rows_free(&run->rows);
	keep_output(tool, "json", tool->out);
	keep_output(tool, "err", tool->err);
	rows_read(tool->out, &run->rows);
	tool_read_losses(tool, &run->losses);
	pairing_make(&run->pairing, &run->log, &run->rows, tool, run->wall_offset, wanted);
	print_account(run);
	keep_log(tool, pairing);

	require(!pairing->extra, "%zu rows show nothing that the witness saw, first line %llu: %s", pairing->extra,
		(unsigned long long)pairing->first_extra->line, change_text(&pairing->first_extra->change));
	require(run->losses.seen == run->rows.count + run->losses.lost,
		"%zu rows and %" PRIu64 " lost are not %" PRIu64, run->rows.count, run->losses.lost, run->losses.seen);
	/* Others' connections may be among what was lost: then it is the most that may be missing. */
	others = run->losses.seen > pairing->shown + pairing->missing;
	require(pairing->missing == run->losses.lost || (others && pairing->missing < run->losses.lost) ||
			(pairing->missing > run->losses.lost &&
			 pairing->missing - run->losses.lost <= uncounted(tool, pairing)),
		"%zu rows are missing, first: %s; the tool owns up to %" PRIu64, pairing->missing,
		pairing->first_missing ? change_text(&pairing->first_missing->change) : "none", run->losses.lost);
}

void run_check(struct run *run, size_t index, const struct expectation *expectation)
{
	run_account(run, index, expectation->wanted);
	require(!tool_exit_code(&run->tools[index]), "the tool ended with %d: %s", tool_exit_code(&run->tools[index]),
		tool_errors(&run->tools[index]));
	expect_rows(&run->pairing, &run->tools[index], expectation);
}

const char *own_comm(void)
{
	static char comm[16];

	prctl(PR_GET_NAME, comm);
	return comm;
}

uint64_t own_netns(void)
{
	struct stat stat_buffer;

	require(!stat("/proc/self/ns/net", &stat_buffer), "no /proc/self/ns/net");
	return stat_buffer.st_ino;
}

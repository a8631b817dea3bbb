/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel.h"
#include "test.h"

/* 200,000 transitions of 80 bytes on one CPU, and room to spare. */
#define WITNESS_KB_PER_CPU 24576

/* $TCPVITALS_WITNESS_KB is for machines with less memory: two of these are needed for each CPU. */
static unsigned int witness_size(void)
{
	const char *text = getenv("TCPVITALS_WITNESS_KB");

	return text ? (unsigned int)strtoul(text, NULL, 10) : WITNESS_KB_PER_CPU;
}

int run_group_setup(void **state)
{
	struct run *run = run_base_new(sizeof(*run));

	if (!run)
		return -1;
	run->witness = witness_new(witness_size(), &run->base.why_not);
	*state = run;
	return 0;
}

int run_teardown(void **state)
{
	struct run *run = *state;

	run_base_teardown(state);
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

void run_watch(struct run *run)
{
	run_base_need_witness(&run->base);
	witness_start(run->witness);
}

void run_start(struct run *run, const char *const *args)
{
	run_watch(run);
	run_start_another(run, args);
}

void run_start_another(struct run *run, const char *const *args)
{
	tool_start(run_base_add(&run->base), args, -1);
	/* Once more: the bracket has to come after each of them. */
	if (!run->no_bracket)
		witness_bracket(run->witness);
	run->wall_offset = wall_offset_ns();
}

void run_stop(struct run *run)
{
	run_base_stop(&run->base);
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

static void keep_log(const struct tool *tool, const struct pairing *pairing)
{
	FILE *file = run_base_keep(tool, "witness");

	for (size_t i = 0; file && i < pairing->log->count; i++) {
		const struct witness_event *event = &pairing->log->events[i];
		const struct row *row = pairing->row_of[i];

		fprintf(file, "%" PRIu64 " +%" PRIu64 " pid %d line %" PRIu64 " %s\n", event->time_ns, event->span_ns,
			event->pid, row ? row->line : 0, change_text(&event->change));
	}
	if (file)
		fclose(file);
}

/* Rows that may be missing besides: the tool warns of the classic tracepoint of an old kernel. */
static size_t uncounted(const struct tool *tool, const struct pairing *pairing)
{
	if (kernel_counts_missed_tracepoints() ||
	    !strstr(tool_errors(tool), "does not count the events that the classic"))
		return 0;
	return 2 + pairing->due / 1000;
}

void run_account(struct run *run, size_t index, const bool *wanted)
{
	const struct tool *tool = run_base_tool(&run->base, index);
	const struct pairing *pairing = &run->pairing;
	bool others;

	pairing_free(&run->pairing);
	rows_free(&run->rows);
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
	tool_expect_success(&run->base.tools[index]);
	expect_rows(&run->pairing, &run->base.tools[index], expectation);
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

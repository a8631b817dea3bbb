/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * However a tool ends, it writes or counts every event that it saw, and leaves nothing behind. Two tools do not disturb
 * each other.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/bpf_objects.h"
#include "lib/churn.h"
#include "lib/guest.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/scenario.h"
#include "lib/test.h"

static unsigned int connections(void)
{
	return is_guest() ? 150 : 500;
}

/* Every signal that asks for an end gets one that is orderly. */
static void end_with(void **state, int signal)
{
	struct run *run = *state;
	struct bpf_objects objects;
	uint16_t port;
	struct expectation expectation = {.ports = &port, .port_count = 1, .pid = getpid(), .comm = own_comm()};

	run_start(run, NULL);
	bpf_objects_of(run->base.tools[0].process.pid, &objects);
	scenario_named("client closes first")->play(IPV4, &port);
	/* At once: what just happened is still in the ring buffer. */
	tool_stop(&run->base.tools[0], signal);
	witness_stop(run->witness, &run->log);
	run_check(run, 0, &expectation);
	bpf_objects_wait_gone(&objects);
}

static void test_sigint(void **state)
{
	end_with(state, SIGINT);
}

static void test_sigterm(void **state)
{
	end_with(state, SIGTERM);
}

static void test_sighup(void **state)
{
	end_with(state, SIGHUP);
}

static void test_duration(void **state)
{
	struct run *run = *state;
	uint16_t port;
	double seconds;

	run_start(run, (const char *const[]){"-d", "1", NULL});
	scenario_named("client closes first")->play(IPV4, &port);
	run->base.tools[0].stop_ns = now_ns();
	tool_wait(&run->base.tools[0], 30);
	seconds = (double)(now_ns() - run->base.tools[0].tracing_ns) / NS_PER_SEC;
	witness_stop(run->witness, &run->log);
	run_account(run, 0, NULL);
	tool_expect_success(&run->base.tools[0]);
	require(seconds > 0.9, "-d 1 ended after %.3f s", seconds);
}

static void test_killed(void **state)
{
	struct run *run = *state;
	struct bpf_objects objects;
	uint16_t port;

	run_start(run, NULL);
	bpf_objects_of(run->base.tools[0].process.pid, &objects);
	print_message("%zu programs, %zu maps, %zu links\n", objects.counts[BPF_KIND_PROGRAM],
		      objects.counts[BPF_KIND_MAP], objects.counts[BPF_KIND_LINK]);
	require(objects.counts[BPF_KIND_PROGRAM] && objects.counts[BPF_KIND_MAP], "the tool has no BPF objects open");
	scenario_named("client closes first")->play(IPV4, &port);
	kill(run->base.tools[0].process.pid, SIGKILL);
	tool_wait(&run->base.tools[0], 10);
	bpf_objects_wait_gone(&objects);
	witness_stop(run->witness, &run->log);
}

static void test_two_at_once(void **state)
{
	struct run *run = *state;
	struct churn churn;

	run->no_bracket = true;
	run_start(run, NULL);
	run_start_another(run, (const char *const[]){"--buffer-size", "1M", NULL});
	churn_run(&churn, connections());
	run_stop(run);
	for (size_t tool = 0; tool < 2; tool++) {
		run_account(run, tool, NULL);
		tool_expect_success(&run->base.tools[tool]);
		for (size_t i = 0; i < CHURN_PROCESSES; i++)
			expect_rows(&run->pairing, &run->base.tools[tool],
				    &(struct expectation){.ports = &churn.ports[i],
							  .port_count = 1,
							  .pid = churn.pids[i],
							  .comm = CHURN_COMM,
							  .durations_are_not_compared = true});
	}
}

/* One ends, the other goes on. */
static void test_one_of_two_ends(void **state)
{
	struct run *run = *state;
	uint16_t ports[2];
	struct expectation expectation = {.ports = ports, .port_count = 2, .pid = getpid(), .comm = own_comm()};

	run_start(run, NULL);
	run_start_another(run, NULL);
	scenario_named("client closes first")->play(IPV4, &ports[0]);
	kill(run->base.tools[0].process.pid, SIGKILL);
	tool_wait(&run->base.tools[0], 10);
	scenario_named("server closes first")->play(IPV4, &ports[1]);
	tool_stop(&run->base.tools[1], SIGTERM);
	witness_stop(run->witness, &run->log);
	run_check(run, 1, &expectation);
}

/* The content of the pipe, in place of the pipe. */
static void take_pipe(struct tool *tool, int pipe_end)
{
	int file = process_file("pipe");
	char buffer[65536];
	ssize_t got;

	while ((got = read(pipe_end, buffer, sizeof(buffer))) > 0)
		require(write(file, buffer, (size_t)got) == got, "cannot keep what came through the pipe");
	close(pipe_end);
	close(tool->out);
	tool->out = file;
}

static void start_with_output(struct run *run, int out)
{
	run->no_bracket = true;
	run_watch(run);
	tool_start(run_base_add(&run->base), NULL, out);
	run->wall_offset = wall_offset_ns();
}

/* Nobody reads: what does not fit is lost and counted, and the tool still ends when it is told to. */
static void test_stopped_reader(void **state)
{
	struct run *run = *state;
	struct churn churn;
	int ends[2];

	require(!pipe2(ends, O_CLOEXEC), "no pipe");
	start_with_output(run, ends[1]);
	churn_run(&churn, 4 * connections());
	run->base.tools[0].stop_ns = now_ns();
	kill(run->base.tools[0].process.pid, SIGTERM);
	tool_wait(&run->base.tools[0], 10);
	witness_stop(run->witness, &run->log);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	take_pipe(&run->base.tools[0], ends[0]);
	run_account(run, 0, NULL);
	require(run->losses.lost, "the pipe was large enough: this test has become pointless");
}

/* The reader goes away: so does the tool, and not by SIGPIPE. */
static void test_reader_gone(void **state)
{
	struct run *run = *state;
	uint16_t port;
	int ends[2];

	require(!pipe2(ends, O_CLOEXEC), "no pipe");
	start_with_output(run, ends[1]);
	close(ends[0]);
	scenario_named("client closes first")->play(IPV4, &port);
	tool_wait(&run->base.tools[0], 10);
	tool_exit_code(&run->base.tools[0]);
	witness_stop(run->witness, &run->log);
}

/* A full disk: exit 1, and every row is counted as unwritten. */
static void test_full_disk(void **state)
{
	struct run *run = *state;
	uint16_t port;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (full < 0)
		skip_because("no /dev/full");
	start_with_output(run, full);
	scenario_named("client closes first")->play(IPV4, &port);
	kill(run->base.tools[0].process.pid, SIGTERM);
	tool_wait(&run->base.tools[0], 10);
	witness_stop(run->witness, &run->log);
	tool_read_losses(&run->base.tools[0], &run->losses);
	require(tool_exit_code(&run->base.tools[0]) == 1, "a full disk ends with %d",
		tool_exit_code(&run->base.tools[0]));
	require(run->losses.unwritten && run->losses.lost == run->losses.seen, "not all is lost: %s",
		tool_errors(&run->base.tools[0]));
	require(strstr(tool_errors(&run->base.tools[0]), "No space left"), "not a word about the disk: %s",
		tool_errors(&run->base.tools[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_sigint),          measured_test(test_sigterm),
		measured_test(test_sighup),          measured_test(test_duration),
		measured_test(test_killed),          measured_test(test_two_at_once),
		measured_test(test_one_of_two_ends), measured_test(test_stopped_reader),
		measured_test(test_reader_gone),     measured_test(test_full_disk),
	};

	return cmocka_run_group_tests_name("endings", tests, run_group_setup, run_group_teardown);
}

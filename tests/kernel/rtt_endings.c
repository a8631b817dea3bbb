/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end of tcprtt: on time, with a summary of everything up to then, and with nothing left behind. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/bpf_objects.h"
#include "lib/require.h"
#include "lib/rtt_run.h"
#include "lib/rtt_traffic.h"
#include "lib/test.h"

#define EXCHANGES 50

/* Time that a busy machine may add. */
#define LATE_S 2.0

static const char *output_of(const struct tool *tool)
{
	static char text[65536];
	ssize_t length = pread(tool->out, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

static double seconds_since(uint64_t since_ns)
{
	return (double)(now_ns() - since_ns) / NS_PER_SEC;
}

/* The tool ended by itself or by a signal, and its only report holds what the witness saw of the port. */
static void check_summary(struct rtt_run *run, size_t tool, uint16_t port)
{
	rtt_witness_stop(run->witness, &run->log);
	rtt_run_check_all(run, tool, rtt_has_lport, &port);
}

static struct rtt_pair open_and_exchange(int keeper, uint16_t port)
{
	struct rtt_pair pair = rtt_pair_open_on(IPV4, keeper, port);

	rtt_exchange(&pair, EXCHANGES, 0);
	return pair;
}

static void end_with(void **state, int signal)
{
	struct rtt_run *run = *state;
	struct bpf_objects objects;
	struct rtt_pair pair;
	uint64_t told_ns;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);
	size_t tool = rtt_run_start(run, ARGS("-p", rtt_port_text(port)));

	bpf_objects_of(run->base.tools[tool].process.pid, &objects);
	pair = open_and_exchange(keeper, port);
	rtt_pair_close(&pair);
	require(!*output_of(&run->base.tools[tool]), "a summary before the end: %s", output_of(&run->base.tools[tool]));
	told_ns = now_ns();
	tool_stop(&run->base.tools[tool], signal);
	print_message("ended %.3f s after the signal\n", seconds_since(told_ns));
	require(seconds_since(told_ns) < LATE_S, "it took %.3f s", seconds_since(told_ns));
	check_summary(run, tool, port);
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

/* -d without -i: one summary after that time. The peers sleep for years. */
static void test_duration(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_pair pair;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);
	size_t tool = rtt_run_start(run, ARGS("-d", "2", "-p", rtt_port_text(port)));
	double seconds, interval;

	pair = open_and_exchange(keeper, port);
	rtt_pair_close(&pair);
	tool_wait(&run->base.tools[tool], 30);
	seconds = seconds_since(run->base.tools[tool].tracing_ns);
	check_summary(run, tool, port);
	interval = run->reports.items[0].interval_s;
	require(seconds > 1.9 && seconds < 2 + LATE_S, "-d 2 ended after %.3f s", seconds);
	require(interval > 1.95 && interval < 2 + LATE_S, "interval_s is %.3f", interval);
}

static void test_signal_before_the_duration(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_pair pair;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);
	size_t tool = rtt_run_start(run, ARGS("-d", "60", "-i", "50", "-p", rtt_port_text(port)));
	uint64_t told_ns;

	pair = open_and_exchange(keeper, port);
	rtt_pair_close(&pair);
	told_ns = now_ns();
	tool_stop(&run->base.tools[tool], SIGINT);
	require(seconds_since(told_ns) < LATE_S, "it took %.3f s", seconds_since(told_ns));
	check_summary(run, tool, port);
}

/*
 * Exactly three, and no fourth of a few microseconds when both timers come at once. Where the machine is so late that
 * the next one is due already, one histogram holds two intervals.
 */
static void check_intervals(void **state, const char *interval, const char *duration, size_t count, double each_s)
{
	struct rtt_run *run = *state;
	uint64_t slots[SLOT_COUNT] = {0};
	struct rtt_expected expected;
	struct rtt_pair pair;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);
	size_t tool = rtt_run_start(run, ARGS("-i", interval, "-d", duration, "-p", rtt_port_text(port)));
	double total = 0;
	size_t held = 0;

	pair = open_and_exchange(keeper, port);
	while (!process_has_ended(&run->base.tools[tool].process) &&
	       seconds_since(run->base.tools[tool].tracing_ns) < each_s * (double)count - 0.3) {
		rtt_exchange(&pair, 5, 0);
		sleep_ms(20);
	}
	rtt_pair_close(&pair);
	tool_wait(&run->base.tools[tool], 30);
	rtt_witness_stop(run->witness, &run->log);
	rtt_run_read(run, tool);
	for (size_t i = 0; i < run->reports.count; i++) {
		const struct rtt_report *report = &run->reports.items[i];

		print_message("%.3f s: %" PRIu64 " samples\n", report->interval_s, report->count);
		require(report->interval_s > each_s * 0.05 && report->interval_s < each_s + LATE_S,
			"interval %zu took %.3f s", i, report->interval_s);
		total += report->interval_s;
		held += report->interval_s < 1.5 * each_s ? 1 : (size_t)(report->interval_s / each_s + 0.5);
		for (size_t slot = 0; slot < SLOT_COUNT; slot++)
			slots[slot] += report->slots[slot];
	}
	require(run->reports.count <= count && held >= count,
		"-i %s -d %s printed %zu histograms, which hold %zu intervals", interval, duration, run->reports.count,
		held);
	require(total > each_s * (double)count - 0.05 && total < each_s * (double)count + LATE_S,
		"the intervals sum up to %.3f s", total);
	rtt_expect(&run->log, rtt_has_lport, &port, false, 0, &expected);
	rtt_check_slots(&expected, slots, run->lost, "all intervals");
	rtt_expected_free(&expected);
}

static void test_three_intervals(void **state)
{
	check_intervals(state, "1", "3", 3, 1);
}

static void test_ten_short_intervals(void **state)
{
	check_intervals(state, "0.1", "1", 10, 0.1);
}

/* One and a half: the rest is shown, too. */
static void test_broken_interval(void **state)
{
	struct rtt_run *run = *state;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);
	size_t tool = rtt_run_start(run, ARGS("-i", "0.6", "-d", "1", "-p", rtt_port_text(port)));

	tool_wait(&run->base.tools[tool], 30);
	close(keeper);
	rtt_run_read(run, tool);
	require(run->reports.count == 2 && run->reports.items[1].interval_s < 0.6 + LATE_S, "%zu histograms",
		run->reports.count);
}

/* No division by a count of zero, no table of nothing. */
static void test_nothing_seen(void **state)
{
	struct rtt_run *run = *state;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);
	const char *const *const variants[] = {
		ARGS("-o", "text", "-d", "0.2", "-p", rtt_port_text(port), "-e"),
		ARGS("-o", "text", "-d", "0.2", "-p", rtt_port_text(port)),
		ARGS("-o", "text", "-d", "0.2", "-p", rtt_port_text(port), "-e", "-m", "--sample", "rtt"),
		ARGS("-o", "text", "-d", "0.2", "-p", rtt_port_text(port), "-e", "-B"),
		ARGS("-o", "text", "-d", "0.2", "-p", rtt_port_text(port), "-e", "--by", "comm,pid", "--top", "3"),
		ARGS("-o", "csv", "-d", "0.2", "-p", rtt_port_text(port), "-e"),
		ARGS("-o", "json", "-d", "0.2", "-p", rtt_port_text(port)),
	};
	const size_t count = sizeof(variants) / sizeof(*variants);

	for (size_t i = 0; i < count; i++) {
		const struct tool *tool;
		const char *text;

		rtt_run_start(run, variants[i]);
		tool = &run->base.tools[i];
		tool_wait(&run->base.tools[i], 30);
		text = output_of(tool);
		require(!tool_exit_code(tool), "variant %zu ended with %d: %s", i, tool_exit_code(tool),
			tool_errors(tool));
		for (const char *word = "nan\0inf\0AVG\0->\0"
					"18446744073709551615\0";
		     *word; word += strlen(word) + 1)
			require(!strstr(text, word), "variant %zu: \"%s\" in %s", i, word, text);
		require(strlen(text) < 400, "variant %zu: much ado about nothing: %s", i, text);
	}
	rtt_run_read(run, count - 1);
	require(run->reports.count == 1 && !run->reports.items[0].count, "not one empty report");
	close(keeper);
}

static void test_killed(void **state)
{
	struct rtt_run *run = *state;
	struct bpf_objects objects;
	struct rtt_pair pair;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);
	size_t tool = rtt_run_start(run, ARGS("--by", "comm,raddr", "--sample", "rtt"));

	bpf_objects_of(run->base.tools[tool].process.pid, &objects);
	print_message("%zu programs, %zu maps, %zu links\n", objects.counts[BPF_KIND_PROGRAM],
		      objects.counts[BPF_KIND_MAP], objects.counts[BPF_KIND_LINK]);
	require(objects.counts[BPF_KIND_PROGRAM] && objects.counts[BPF_KIND_MAP], "the tool has no BPF objects open");
	pair = open_and_exchange(keeper, port);
	kill(run->base.tools[tool].process.pid, SIGKILL);
	tool_wait(&run->base.tools[tool], 10);
	rtt_exchange(&pair, 5, 0);
	rtt_pair_close(&pair);
	bpf_objects_wait_gone(&objects);
}

/* Two that measure the same do not share anything; one that is killed does not disturb the other. */
static void test_two_at_once(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_pair pair;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);
	size_t killed = rtt_run_start(run, ARGS("--sample", "rtt", "-p", rtt_port_text(port), "--by", "pid"));
	size_t one = rtt_run_start(run, ARGS("-p", rtt_port_text(port)));
	size_t two = rtt_run_start(run, ARGS("-p", rtt_port_text(port), "-m", "-e"));

	pair = open_and_exchange(keeper, port);
	kill(run->base.tools[killed].process.pid, SIGKILL);
	tool_wait(&run->base.tools[killed], 10);
	rtt_exchange(&pair, EXCHANGES, 0);
	rtt_pair_close(&pair);
	tool_stop(&run->base.tools[one], SIGTERM);
	tool_stop(&run->base.tools[two], SIGTERM);
	rtt_witness_stop(run->witness, &run->log);
	rtt_run_check_all(run, one, rtt_has_lport, &port);
	rtt_run_check_all(run, two, rtt_has_lport, &port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rtt_test(test_sigint),
		rtt_test(test_sigterm),
		rtt_test(test_sighup),
		rtt_test(test_duration),
		rtt_test(test_signal_before_the_duration),
		rtt_test(test_three_intervals),
		rtt_test(test_ten_short_intervals),
		rtt_test(test_broken_interval),
		rtt_test(test_nothing_seen),
		rtt_test(test_killed),
		rtt_test(test_two_at_once),
	};

	return cmocka_run_group_tests_name("rtt_endings", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcprtt --sample srtt: every slot has the samples that the witness saw, in every unit, format and interval. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/require.h"
#include "lib/rtt_run.h"
#include "lib/rtt_traffic.h"
#include "lib/test.h"

#define EXCHANGES 400

/* Both sides of one connection, in both units, by four tools at once. */
static void check_flavour(void **state, enum flavour flavour)
{
	struct rtt_run *run = *state;
	struct rtt_pair pair;
	size_t server, client, server_ms, client_ms;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, flavour, &port);

	server = rtt_run_start(run, ARGS("-p", rtt_port_text(port)));
	client = rtt_run_start(run, ARGS("-P", rtt_port_text(port)));
	server_ms = rtt_run_start(run, ARGS("-m", "-p", rtt_port_text(port)));
	client_ms = rtt_run_start(run, ARGS("-P", rtt_port_text(port), "-m"));
	pair = rtt_pair_open_on(flavour, keeper, port);
	rtt_exchange_mixed(&pair, EXCHANGES);
	rtt_pair_close(&pair);
	rtt_run_stop(run);
	rtt_run_check_all(run, server, rtt_has_lport, &port);
	rtt_run_check_all(run, client, rtt_has_rport, &port);
	rtt_run_check_all(run, server_ms, rtt_has_lport, &port);
	require(run->reports.items[0].ms, "-m, and not in ms");
	rtt_run_check_all(run, client_ms, rtt_has_rport, &port);
}

static void test_ipv4(void **state)
{
	check_flavour(state, IPV4);
}

static void test_ipv6(void **state)
{
	check_flavour(state, IPV6);
}

static void test_ipv4_to_dual_stack(void **state)
{
	check_flavour(state, IPV4_TO_DUAL_STACK);
}

static void test_mapped_to_ipv4(void **state)
{
	check_flavour(state, MAPPED_TO_IPV4);
}

/* The sum of intervals is the total: nothing is lost or counted twice at the edges, while traffic goes on. */
static void test_intervals(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_expected expected;
	uint64_t slots[SLOT_COUNT] = {0}, deadline;
	struct rtt_pair pair;
	size_t whole, parts, busy = 0;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);

	whole = rtt_run_start(run, ARGS("-p", rtt_port_text(port)));
	parts = rtt_run_start(run, ARGS("-p", rtt_port_text(port), "-i", "0.2"));
	pair = rtt_pair_open_on(IPV4, keeper, port);
	deadline = now_ns() + 1300 * NS_PER_MS;
	while (now_ns() < deadline) {
		rtt_exchange(&pair, 10, 0);
		sleep_ms(1);
	}
	rtt_pair_close(&pair);
	rtt_run_stop(run);
	rtt_run_check_all(run, whole, rtt_has_lport, &port);

	rtt_run_read(run, parts);
	rtt_expect(&run->log, rtt_has_lport, &port, false, run->base.tools[parts].start_ns, &expected);
	for (size_t i = 0; i < run->reports.count; i++) {
		busy += !!run->reports.items[i].count;
		for (size_t slot = 0; slot < SLOT_COUNT; slot++)
			slots[slot] += run->reports.items[i].slots[slot];
	}
	print_message("%zu intervals, %zu of them with samples\n", run->reports.count, busy);
	rtt_check_slots(&expected, slots, run->lost, "all intervals");
	rtt_expected_free(&expected);
	require(busy >= 5, "samples in %zu intervals of 0.2 s", busy);
}

/* ---- the text table ---- */

#define LOG2_ROWS 28

struct table {
	uint64_t counts[LOG2_ROWS];
	size_t rows;
};

/* "       256 -> 511        : 21       |****...|" */
static void read_table(const struct tool *tool, const char *unit, struct table *ret_table)
{
	static char text[65536];
	ssize_t length = pread(tool->out, text, sizeof(text) - 1, 0);
	char *line;

	*ret_table = (struct table){.rows = 0};
	text[length > 0 ? length : 0] = '\0';
	require(strstr(text, "Tracing TCP RTT... Hit Ctrl-C to end.\n") == text, "it begins with: %.80s", text);
	require(strstr(text, "All Addresses = ****** \n"), "no heading: %s", text);
	require(strstr(text, unit), "not in %s: %s", unit, text);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		uint64_t low, high, count, power = ret_table->rows;
		char stars[64];

		if (sscanf(line, "%" SCNu64 " -> %" SCNu64 " : %" SCNu64 " |%[* ]|", &low, &high, &count, stars) != 4)
			continue;
		require(power < LOG2_ROWS && low == (power ? 1ULL << power : 0) && high == (2ULL << power) - 1,
			"row %" PRIu64 ": %s", power, line);
		require(strlen(stars) == 40, "%zu columns for stars: %s", strlen(stars), line);
		ret_table->counts[ret_table->rows++] = count;
	}
	require(!ret_table->rows || ret_table->counts[ret_table->rows - 1], "the last row is empty");
}

static void check_table(const struct rtt_run *run, size_t tool, uint16_t port, bool ms)
{
	struct table table;
	uint64_t expected[LOG2_ROWS] = {0}, hidden[LOG2_ROWS] = {0};
	size_t rows = 0;

	read_table(&run->base.tools[tool],
		   ms ? "     msecs               : count    distribution\n"
		      : "     usecs               : count    distribution\n",
		   &table);
	for (size_t i = 0; i < run->log.count; i++) {
		const struct rtt_probe *probe = &run->log.items[i];
		/* The peers' own: value * 1000 / 1024 ticks of 1/1024 ms, or microseconds. */
		uint64_t value = ms ? (uint64_t)probe->srtt_us / 1000 : probe->srtt_us;
		size_t row = 0;

		if (!probe->srtt_us || probe->tuple.lport != port)
			continue;
		while (value >> (row + 1))
			row++;
		expected[row]++;
		hidden[row] += probe->hideable;
		rows = row + 1 > rows ? row + 1 : rows;
	}
	require(rows && table.rows <= rows, "%zu rows, not %zu", table.rows, rows);
	for (size_t row = 0; row < rows; row++)
		require(table.counts[row] <= expected[row] && table.counts[row] + hidden[row] >= expected[row],
			"row %zu: %" PRIu64 ", the witness saw %" PRIu64, row, table.counts[row], expected[row]);
}

static void test_log2_table(void **state)
{
	struct rtt_run *run = *state;
	struct tool_losses losses;
	struct rtt_pair pair;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);
	size_t us = rtt_run_start(run, ARGS("-o", "text", "-p", rtt_port_text(port)));
	size_t ms = rtt_run_start(run, ARGS("-o", "text", "-m", "-p", rtt_port_text(port)));

	pair = rtt_pair_open_on(IPV4, keeper, port);
	rtt_exchange_mixed(&pair, EXCHANGES);
	rtt_pair_close(&pair);
	rtt_run_stop(run);
	for (size_t tool = us; tool <= ms; tool++) {
		tool_read_losses(&run->base.tools[tool], &losses);
		if (losses.lost)
			skip_because("%" PRIu64 " samples were skipped by the kernel", losses.lost);
	}
	check_table(run, us, port, false);
	check_table(run, ms, port, true);
}

/* Many connections and both CPUs, client and server in processes of their own. */
static void test_many_connections(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_pair pairs[50];
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);
	size_t server = rtt_run_start(run, ARGS("-p", rtt_port_text(port)));
	size_t client = rtt_run_start(run, ARGS("-P", rtt_port_text(port)));
	const size_t count = sizeof(pairs) / sizeof(*pairs);

	pairs[0] = rtt_pair_open_on(IPV4, keeper, port);
	for (size_t i = 1; i < count; i++)
		pairs[i] = rtt_pair_open_again(IPV4, &pairs[0]);
	for (size_t i = 0; i < 10 * count; i++)
		rtt_exchange(&pairs[i % count], 10, i % 97 ? 0 : 1);
	for (size_t i = count; i-- > 0;)
		rtt_pair_close(&pairs[i]);
	rtt_run_stop(run);
	rtt_run_check_all(run, server, rtt_has_lport, &port);
	rtt_run_check_all(run, client, rtt_has_rport, &port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rtt_test(test_ipv4),
		rtt_test(test_ipv6),
		rtt_test(test_ipv4_to_dual_stack),
		rtt_test(test_mapped_to_ipv4),
		rtt_test(test_intervals),
		rtt_test(test_log2_table),
		rtt_test(test_many_connections),
	};

	return cmocka_run_group_tests_name("rtt_counts", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcprtt --sample rtt: one sample for each measurement, and none without a measurement. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/netns.h"
#include "lib/require.h"
#include "lib/rtt_sides.h"
#include "lib/test.h"

#define EXCHANGES   300
#define CONNECTIONS 5

static struct netns netns = {.home = -1};

static int leave(void **state)
{
	netns_leave(&netns);
	return rtt_run_teardown(state);
}

/*
 * In ping-pong each request and each response is acknowledged by itself, and so measured once. On top of it the
 * client's SYN (the server's SYN-ACK is a request socket's, which RACK does not know) and the FINs of both.
 */
static void check_ping_pong(void **state, enum flavour flavour, unsigned int exchanges)
{
	struct rtt_run *run = *state;
	struct rtt_sides tools;
	struct rtt_pair pair;
	uint64_t again;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, flavour, &port);

	tools = rtt_start_both(run, "rtt", port);
	pair = rtt_pair_open_on(flavour, keeper, port);
	rtt_exchange(&pair, exchanges, 0);
	again = rtt_retransmitted(&pair);
	rtt_pair_close(&pair);
	rtt_run_stop(run);
	rtt_check_count(run, tools.client, 1 + exchanges + 1, again, "client");
	rtt_check_count(run, tools.server, exchanges + 1, again, "server");
}

static void test_each_measurement_once(void **state)
{
	check_ping_pong(state, IPV4, EXCHANGES);
}

static void test_each_measurement_once_ipv6(void **state)
{
	check_ping_pong(state, IPV6, EXCHANGES);
}

static void test_one_exchange(void **state)
{
	check_ping_pong(state, IPV4, 1);
}

static void test_no_exchange(void **state)
{
	check_ping_pong(state, IPV4, 0);
}

/* The last measurement was made by the last segment that came; no other follows that would show it. */
static void test_last_measurement(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_sides tools;
	struct rtt_pair pair;
	uint64_t again;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);

	tools = rtt_start_both(run, "rtt", port);
	pair = rtt_pair_open_on(IPV4, keeper, port);
	rtt_exchange(&pair, 7, 0);
	rtt_pair_settle(&pair); /* the last response is acknowledged, too */
	again = rtt_retransmitted(&pair);
	rtt_pair_reset(&pair);
	rtt_run_stop(run);
	rtt_check_count(run, tools.client, 1 + 7, again, "client");
	rtt_check_count(run, tools.server, 7, again, "server");
}

/* Many measurements at once, and large ones: what the client sent in 30 blocks is measured as often as it was acked. */
static void test_think_time_is_measured(void **state)
{
	struct rtt_run *run = *state;
	const struct rtt_report *report;
	struct rtt_sides tools;
	struct rtt_pair pair;
	uint16_t port;
	uint64_t again;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);

	tools = rtt_start_both(run, "rtt", port);
	pair = rtt_pair_open_on(IPV4, keeper, port);
	/* Beyond the quick acknowledgements at the beginning, the response carries the acknowledgement. */
	rtt_exchange(&pair, 100, 0);
	rtt_exchange(&pair, 200, 5);
	again = rtt_retransmitted(&pair);
	rtt_pair_close(&pair);
	rtt_run_stop(run);
	rtt_check_count(run, tools.client, 1 + 300 + 1, again, "client");
	report = &run->reports.items[0];
	require(again || report->us[RTT_P90] >= 5000 * 15 / 16, "p90 %.0f us where two of three answers took 5 ms",
		report->us[RTT_P90]);
	rtt_check_count(run, tools.server, 300 + 1, again, "server");
}

/* Measurements from before the tool are not its own; all after that are. */
static void check_there_before(void **state, unsigned int before)
{
	struct rtt_run *run = *state;
	struct rtt_sides tools;
	struct rtt_pair pair;
	uint64_t again;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);

	pair = rtt_pair_open_on(IPV4, keeper, port);
	rtt_exchange(&pair, before, 0);
	rtt_pair_settle(&pair);
	again = rtt_retransmitted(&pair);
	tools = rtt_start_both(run, "rtt", port);
	rtt_exchange(&pair, 50, 0);
	again = rtt_retransmitted(&pair) - again;
	rtt_pair_close(&pair);
	rtt_run_stop(run);
	rtt_check_count(run, tools.client, 50 + 1, again, "client");
	rtt_check_count(run, tools.server, 50 + 1, again, "server");
}

static void test_there_before_the_tool(void **state)
{
	check_there_before(state, 20);
}

/* The server's side had not measured anything: its first measurement is new. */
static void test_unused_before_the_tool(void **state)
{
	check_there_before(state, 0);
}

static void enter_namespace(void)
{
	const char *why = netns_enter(&netns);

	if (why)
		skip_because("%s", why);
}

/* RACK is blind without SACK: no sample, and not zero either. */
static void test_without_sack(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_sides rtt, srtt;
	const uint16_t port = 6750;

	rtt_run_watch(run, port, port);
	rtt = rtt_start_both(run, "rtt", port);
	srtt = rtt_start_both(run, "srtt", port);
	enter_namespace();
	rtt_set_ipv4("tcp_sack", "0");
	for (int i = 0; i < CONNECTIONS; i++) {
		struct rtt_pair pair = rtt_pair_open_at("127.0.0.1", 0, "127.0.0.1", port);

		rtt_exchange(&pair, 20, 0);
		if (i % 2)
			rtt_pair_close(&pair);
		else
			rtt_pair_reset(&pair);
	}
	netns_leave(&netns);
	rtt_run_stop(run);
	rtt_check_unmeasured(run, rtt.client, CONNECTIONS);
	rtt_check_unmeasured(run, rtt.server, CONNECTIONS);
	/* The smoothed value does not depend on it. */
	rtt_run_check_all(run, srtt.server, rtt_has_lport, &port);
	rtt_run_check_all(run, srtt.client, rtt_has_rport, &port);
}

/* The same of connections that go on when the tool ends, and of one that has sent nothing. */
static void test_without_sack_and_without_end(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_pair pairs[CONNECTIONS], silent;
	struct rtt_sides rtt;
	const uint16_t port = 6751;

	rtt_run_watch(run, port, port);
	enter_namespace();
	rtt_set_ipv4("tcp_sack", "0");
	pairs[0] = rtt_pair_open_at("127.0.0.1", 0, "127.0.0.1", port);
	rtt = rtt_start_both(run, "rtt", port); /* the first is older than the tool */
	for (int i = 1; i < CONNECTIONS; i++)
		pairs[i] = rtt_pair_open_again(IPV4, &pairs[0]);
	silent = rtt_pair_open_again(IPV4, &pairs[0]);
	for (int i = 0; i < CONNECTIONS; i++)
		rtt_exchange(&pairs[i], 20, 0);
	rtt_run_stop(run);
	rtt_pair_reset(&silent);
	for (int i = CONNECTIONS; i-- > 0;)
		rtt_pair_close(&pairs[i]);
	netns_leave(&netns);
	rtt_check_unmeasured(run, rtt.client, CONNECTIONS);
	rtt_check_unmeasured(run, rtt.server, CONNECTIONS);
}

/* An unmeasured connection takes no group, and "1 connection" is singular. */
static void test_unmeasured_takes_no_group(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_pair pair;
	const uint16_t port = 6752;
	char client_port[8];
	size_t tool;

	rtt_run_watch(run, port, port);
	enter_namespace();
	tool = rtt_run_start(run, ARGS("--sample", "rtt", "-p", "6752", "--by", "rport", "--max-keys", "1"));
	rtt_set_ipv4("tcp_sack", "0");
	pair = rtt_pair_open_at("127.0.0.1", 0, "127.0.0.1", port);
	rtt_exchange(&pair, 5, 0);
	rtt_pair_close(&pair);
	rtt_set_ipv4("tcp_sack", "1");
	pair = rtt_pair_open_at("127.0.0.1", 0, "127.0.0.1", port);
	rtt_exchange(&pair, 5, 0);
	rtt_pair_close(&pair);
	netns_leave(&netns);
	rtt_run_stop(run);
	rtt_run_read(run, tool);
	snprintf(client_port, sizeof(client_port), "%u", pair.client_port);
	require(rtt_reports_find(&run->reports, client_port) && !run->in_other, "%s is not in a group of its own",
		client_port);
	require(strstr(tool_errors(&run->base.tools[tool]),
		       "tcprtt: 1 connection without a measurement: it has no SACK\n"),
		"one connection is called: %s", tool_errors(&run->base.tools[tool]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rtt_test(test_each_measurement_once),
		rtt_test(test_each_measurement_once_ipv6),
		rtt_test(test_one_exchange),
		rtt_test(test_no_exchange),
		rtt_test(test_last_measurement),
		rtt_test(test_think_time_is_measured),
		rtt_test(test_there_before_the_tool),
		rtt_test(test_unused_before_the_tool),
		cmocka_unit_test_teardown(test_without_sack, leave),
		cmocka_unit_test_teardown(test_without_sack_and_without_end, leave),
		cmocka_unit_test_teardown(test_unmeasured_takes_no_group, leave),
	};

	return cmocka_run_group_tests_name("rtt_samples", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

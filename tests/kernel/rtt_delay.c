/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A known delay between two network namespaces: tcprtt measures the same as a capture of the packets. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/require.h"
#include "lib/rtt_capture.h"
#include "lib/rtt_relay.h"
#include "lib/rtt_remote.h"
#include "lib/rtt_run.h"
#include "lib/rtt_traffic.h"
#include "lib/test.h"

#define PORT       6750
#define PORT_TEXT  "6750"
#define BULK_BYTES 400000

/* DESIGN.md: what --sample rtt is within of what a capture says. */
#define TOLERANCE 0.1

/*
 * A machine that stands still between a capture and the stack, or a guest that does, makes one of the two longer, but
 * not in each of these.
 */
#define ATTEMPTS 5

static struct wire wire = {.namespaces = {-1, -1}, .devices = {-1, -1}, .home = -1};
static struct rtt_capture captures[WIRE_ENDS] = {{.fd = -1}, {.fd = -1}};
static struct rtt_relay relay;
static bool agreed; /* in the present attempt */

static int leave(void **state)
{
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++)
		rtt_capture_close(&captures[end]);
	rtt_run_teardown(state);
	wire_close(&wire);
	return 0;
}

static void open_all(unsigned int delay_ms)
{
	const char *why = wire_open(&wire);

	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS && !why; end++)
		why = rtt_capture_open(&captures[end], &wire, end);
	if (why)
		skip_because("%s", why);
	rtt_relay_start(&relay, &wire, delay_ms);
}

static void check_within(const char *what, double shown_us, uint64_t captured_us)
{
	print_message("%s: %.0f us, captured %" PRIu64 " us\n", what, shown_us, captured_us);
	agreed &=
		shown_us >= (double)captured_us * (1 - TOLERANCE) && shown_us <= (double)captured_us * (1 + TOLERANCE);
}

static void until_agreed(void **state, void (*attempt)(void **state))
{
	for (int i = 1;; i++) {
		agreed = true;
		attempt(state);
		if (agreed)
			return;
		require(i < ATTEMPTS, "none of %d attempts shows what was captured", ATTEMPTS);
		leave(state);
	}
}

/* One measurement that says the same microsecond about the same buffer as the one before may be missed. */
#define MAY_MISS 0.05

static void check_quantiles(const struct rtt_report *report, const struct rtt_captured *captured)
{
	require(rtt_captured_quantile(captured, 0) >= 2000ULL * relay.delay_ms,
		"the wire was too quick: this test is broken");
	check_within("p50", report->us[RTT_P50], rtt_captured_quantile(captured, 500));
	check_within("p90", report->us[RTT_P90], rtt_captured_quantile(captured, 900));
	check_within("p99", report->us[RTT_P99], rtt_captured_quantile(captured, 990));
}

/* Every acknowledgement of something new measures once. */
static void check_side(struct rtt_run *run, size_t tool, enum wire_end end)
{
	const struct rtt_report *report;
	struct rtt_captured captured;
	uint64_t measurable;

	rtt_run_read(run, tool);
	require(run->reports.count == 1, "%zu reports", run->reports.count);
	report = &run->reports.items[0];
	rtt_capture_read(&captures[end], &captured);
	measurable = captured.count + (end == WIRE_LEFT); /* RACK knows a client's SYN, not a server's SYN-ACK */
	print_message("%s: %" PRIu64 " measurements, %" PRIu64 " captured, %zu retransmissions\n",
		      end == WIRE_LEFT ? "client" : "server", report->count, measurable, captured.retransmissions);
	require(report->count <= measurable + captured.retransmissions &&
			report->count + captured.retransmissions + run->lost >= measurable,
		"%" PRIu64 " measurements, captured %" PRIu64, report->count, measurable);
	check_quantiles(report, &captured);
	free(captured.us);
}

/*
 * How often the client's oldest unacknowledged byte moved between two segments of the witness's: the kernel merges
 * acknowledgements that wait for a busy socket (tcp_add_to_backlog), so that it may see fewer than the wire carried.
 */
static uint64_t count_advances(const struct rtt_log *log)
{
	const struct rtt_probe *before = NULL;
	uint64_t count = 0;

	for (size_t i = 0; i < log->count; i++) {
		const struct rtt_probe *probe = &log->items[i];

		if (probe->tuple.rport != PORT)
			continue;
		count += before && before->snd_una != probe->snd_una;
		before = probe;
	}
	return count;
}

static void check_ping_pong(void **state, unsigned int delay_ms, unsigned int exchanges)
{
	struct rtt_run *run = *state;
	struct rtt_pair pair;
	size_t client, server;

	open_all(delay_ms);
	rtt_run_watch(run, PORT, PORT);
	client = rtt_run_start(run, ARGS("--sample", "rtt", "-P", PORT_TEXT));
	server = rtt_run_start(run, ARGS("--sample", "rtt", "-p", PORT_TEXT, "-m"));
	pair = rtt_remote_open(&wire, PORT);
	rtt_exchange(&pair, exchanges, 0);
	rtt_remote_close(&pair);
	rtt_run_stop(run);
	check_side(run, client, WIRE_LEFT);
	check_side(run, server, WIRE_RIGHT);
}

static void attempt_5_ms(void **state)
{
	check_ping_pong(state, 5, 150);
}

static void attempt_40_ms(void **state)
{
	check_ping_pong(state, 40, 25);
}

/* Many segments in flight, of which one acknowledgement covers some. Both see the same times, if not the same number.
 */
static void attempt_bulk(void **state)
{
	struct rtt_run *run = *state;
	const struct rtt_report *report;
	struct rtt_captured captured;
	uint64_t measurable;
	struct rtt_pair pair;
	size_t client;

	open_all(10);
	rtt_run_watch(run, PORT, PORT);
	client = rtt_run_start(run, ARGS("--sample", "rtt", "-P", PORT_TEXT));
	pair = rtt_remote_open(&wire, PORT);
	rtt_remote_bulk(&pair, BULK_BYTES);
	rtt_pair_settle(&pair);
	rtt_remote_close(&pair);
	rtt_run_stop(run);
	rtt_run_read(run, client);
	report = &run->reports.items[0];
	rtt_capture_read(&captures[WIRE_LEFT], &captured);
	/* The SYN, the last segment of ESTABLISHED, and the FIN are not between two segments. */
	measurable = count_advances(&run->log) + 3;
	print_message("%" PRIu64 " measurements of at most %" PRIu64 ", %zu captured, %zu retransmissions\n",
		      report->count, measurable, captured.count, captured.retransmissions);
	require(report->count <= measurable && (double)(report->count + captured.retransmissions + run->lost + 1) >=
						       (double)measurable * (1 - MAY_MISS),
		"%" PRIu64 " measurements of %" PRIu64, report->count, measurable);
	check_quantiles(report, &captured);
	free(captured.us);
}

/* SYN to SYN-ACK on the one side, SYN-ACK to ACK on the other. */
static void attempt_handshake(void **state)
{
	static const char *const sides[] = {"client's handshake", "server's handshake"};
	struct rtt_run *run = *state;
	struct rtt_pair pair;
	size_t tools[WIRE_ENDS];

	open_all(20);
	rtt_run_watch(run, PORT, PORT);
	tools[WIRE_LEFT] = rtt_run_start(run, ARGS("--sample", "handshake", "-P", PORT_TEXT));
	tools[WIRE_RIGHT] = rtt_run_start(run, ARGS("--sample", "handshake", "-p", PORT_TEXT));
	pair = rtt_remote_open(&wire, PORT);
	rtt_exchange(&pair, 2, 0);
	rtt_remote_close(&pair);
	rtt_run_stop(run);
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++) {
		struct rtt_captured captured;

		rtt_run_read(run, tools[end]);
		rtt_capture_read(&captures[end], &captured);
		free(captured.us);
		require(captured.syn_us >= 40000, "the wire was too quick: this test is broken");
		if (captured.retransmissions)
			skip_because("retransmissions");
		require(run->reports.items[0].count == 1, "%s: %" PRIu64 " samples", sides[end],
			run->reports.items[0].count);
		check_within(sides[end], run->reports.items[0].us[RTT_P50], captured.syn_us);
	}
}

/* The smoothed value and the least come from the same measurements. */
static void attempt_srtt_and_min(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_captured captured;
	struct rtt_pair pair;
	size_t srtt, min;
	double p50;

	open_all(15);
	rtt_run_watch(run, PORT, PORT);
	srtt = rtt_run_start(run, ARGS("-P", PORT_TEXT));
	min = rtt_run_start(run, ARGS("--sample", "min", "-P", PORT_TEXT, "-m"));
	pair = rtt_remote_open(&wire, PORT);
	rtt_exchange(&pair, 30, 0);
	rtt_remote_close(&pair);
	rtt_run_stop(run);
	rtt_capture_read(&captures[WIRE_LEFT], &captured);
	rtt_run_check_all(run, srtt, rtt_has_rport, &(uint16_t){PORT});
	p50 = run->reports.items[0].us[RTT_P50];
	print_message("smoothed p50: %.0f us, captured %" PRIu64 " to %" PRIu64 " us\n", p50,
		      rtt_captured_quantile(&captured, 0), rtt_captured_quantile(&captured, 1000));
	agreed &= p50 >= (double)rtt_captured_quantile(&captured, 0) * (1 - TOLERANCE) &&
		  p50 <= (double)rtt_captured_quantile(&captured, 1000) * (1 + TOLERANCE);
	free(captured.us);
	rtt_run_read(run, min);
	require(run->reports.items[0].count == 1 && run->reports.items[0].ms, "%" PRIu64 " samples",
		run->reports.items[0].count);
	require(run->reports.items[0].us[RTT_LARGEST] >= 30000, "the least is below the wire's delay");
}

#define DELAY_TEST(name)                                                                                               \
	static void test_##name(void **state)                                                                          \
	{                                                                                                              \
		until_agreed(state, attempt_##name);                                                                   \
	}
DELAY_TEST(5_ms)
DELAY_TEST(40_ms)
DELAY_TEST(bulk)
DELAY_TEST(handshake)
DELAY_TEST(srtt_and_min)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_5_ms, leave),         cmocka_unit_test_teardown(test_40_ms, leave),
		cmocka_unit_test_teardown(test_bulk, leave),         cmocka_unit_test_teardown(test_handshake, leave),
		cmocka_unit_test_teardown(test_srtt_and_min, leave),
	};

	return cmocka_run_group_tests_name("rtt_delay", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

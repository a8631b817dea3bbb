/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Each verdict of tcpstates -c on what limited a connection, made for real. A scene goes on until TCP_INFO shows that
 * its limit prevails, so a slow machine changes no verdict. limit_counts.c has the other values of the record.
 */
#include <string.h>
#include <unistd.h>

#include "lib/limit_scene.h"
#include "lib/require.h"
#include "lib/rtt_traffic.h"
#include "lib/test.h"
#include "lib/traffic.h"

/* The rest of the time in which data could be sent is idle, up to the rounding of each state's time. */
static void expect_idle(const struct limit_values *record)
{
	int64_t left = record->able_us - record->is[LIMIT_BUSY_US];
	int64_t idle = left > 0 ? left : 0;

	require(record->is[LIMIT_IDLE_US] >= idle - 5 && record->is[LIMIT_IDLE_US] <= idle + 5, "not %lld us idle: %s",
		(long long)idle, limit_values_text(record));
}

/* A sender that sleeps between small messages. */
static void test_application(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_LOOPBACK);
	struct limit_scene scene = {.path = LIMIT_LOOPBACK, .delay_ms = 20};
	struct limit_values record;
	uint64_t able_most, able_least;
	int64_t idle_us = 0;

	able_most = now_ns();
	limit_open(&scene);
	able_least = now_ns();
	while (!limit_prevails(&scene, idle_us)) {
		limit_be_patient(&scene, "a sender that sleeps");
		limit_fill(&scene, 100);
		limit_round(&scene);
		idle_us = (int64_t)(now_ns() - scene.established_ns) / 1000 -
			  limit_values_of_socket(scene.client).is[LIMIT_BUSY_US];
	}
	limit_drain(&scene);
	able_least = now_ns() - able_least;
	record = limit_finish(&scene, tool, "application");
	able_most = now_ns() - able_most;
	expect_idle(&record);
	require((uint64_t)record.able_us * 1000 >= able_least - 1000 && (uint64_t)record.able_us * 1000 <= able_most,
		"%lld us are not between %llu and %llu ns", (long long)record.able_us, (unsigned long long)able_least,
		(unsigned long long)able_most);
	limit_value_expect(&record, LIMIT_ZERO_WINDOWS, 0);
	limit_value_expect(&record, LIMIT_SEGS_LOST, 0);
	limit_value_expect(&record, LIMIT_DELIVERY_APP_LIMITED, 1);
}

/* The server does not read until its window is closed and, if that is wanted, until that prevails. */
static void close_window(struct limit_scene *scene, bool until_it_prevails)
{
	scene->server_waits = true;
	while (rtt_info(scene->client).tcpi_snd_wnd ||
	       (until_it_prevails &&
		!limit_prevails(scene, limit_values_of_socket(scene->client).is[LIMIT_RWND_LIMITED_US]))) {
		limit_be_patient(scene, "a full window");
		/* No more than a window has room for when it opens again. */
		if (!rtt_info(scene->client).tcpi_notsent_bytes)
			limit_fill(scene, 1000);
		limit_round(scene);
	}
	scene->server_waits = false;
}

/* Two times the reader stops until its window is closed. */
static void test_receiver_window(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_LOOPBACK);
	struct limit_scene scene = {.path = LIMIT_LOOPBACK, .receive_buffer = 8192, .mss = 1000};
	struct limit_values record;

	limit_open(&scene);
	close_window(&scene, false);
	limit_drain(&scene);
	close_window(&scene, true);
	limit_drain(&scene);
	record = limit_finish(&scene, tool, "receiver-window");
	expect_idle(&record);
	limit_value_expect(&record, LIMIT_ZERO_WINDOWS, 2);
}

/* The reader never reads again: the record has the running chronograph, too. */
static void test_receiver_stopped(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_LOOPBACK);
	struct limit_scene scene = {.path = LIMIT_LOOPBACK, .receive_buffer = 8192, .mss = 1000};
	struct limit_values reading, record;

	limit_open(&scene);
	close_window(&scene, true);
	reading = limit_values_of_socket(scene.client);
	limit_close(&scene);
	tool_stop(tool, SIGTERM);
	record = limit_values_of_tool(tool, LIMIT_CLIENT_PORT, 0);
	limit_values_follow(&reading, &record);
	expect_idle(&record);
	limit_expect_verdict(&record, "receiver-window");
	require(record.is[LIMIT_ZERO_WINDOWS] >= 1, "no zero window: %s", limit_values_text(&record));
}

/*
 * A buffer for less than the congestion window. The kernel counts it once the process sends while less than a third of
 * the buffer is free. So acknowledgements come one by one.
 */
static void test_send_buffer(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_WIRE);
	struct limit_scene scene = {
		.path = LIMIT_WIRE, .send_buffer = 8192, .message = 1000, .delay_ms = 5, .width = 1};
	struct limit_values record;

	limit_open(&scene);
	do {
		limit_be_patient(&scene, "a full send buffer");
		limit_fill(&scene, 1 << 20);
		limit_round(&scene);
	} while (!limit_prevails(&scene, limit_values_of_socket(scene.client).is[LIMIT_SNDBUF_LIMITED_US]));
	limit_drain(&scene);
	record = limit_finish(&scene, tool, "send-buffer");
	expect_idle(&record);
}

/* The sender always has data, and the path takes it slowly: until the congestion window has been what held it. */
static void send_bulk(struct limit_scene *scene, unsigned int percent_lost)
{
	struct limit_values now;

	do {
		limit_be_patient(scene, "a slow path");
		limit_top_up(scene);
		/* One loss at a time. */
		if (percent_lost && !rtt_info(scene->client).tcpi_ca_state)
			scene->losses = 1;
		limit_round(scene);
		now = limit_values_of_socket(scene->client);
	} while (!limit_prevails(scene, limit_network_us(&now)) ||
		 limit_bytes_lost(&now) < now.is[LIMIT_BYTES_SENT] * percent_lost / 100);
	scene->losses = 0;
}

static void check_network(void **state, enum limit_path path)
{
	static const struct netem far = {.delay_us = 50000}, none = {.delay_us = 0};
	struct tool *tool = limit_start(*state, path);
	struct limit_scene scene = {.path = path, .delay_ms = path == LIMIT_WIRE ? 50 : 5};
	struct limit_values record;

	for (enum wire_end end = WIRE_LEFT; path == LIMIT_VETH && end < WIRE_ENDS; end++)
		netem_set(&test_wire, end, &far);
	limit_open(&scene);
	send_bulk(&scene, 0);
	for (enum wire_end end = WIRE_LEFT; path == LIMIT_VETH && end < WIRE_ENDS; end++)
		netem_set(&test_wire, end, &none);
	limit_drain(&scene);
	record = limit_finish(&scene, tool, NULL);
	limit_expect_network(&record, true);
	expect_idle(&record);
	limit_value_expect(&record, LIMIT_DELIVERY_APP_LIMITED, 0);
}

static void test_network(void **state)
{
	check_network(state, LIMIT_WIRE);
}

static void test_network_netem(void **state)
{
	check_network(state, LIMIT_VETH);
}

/* One segment after the other gets lost. */
static void test_loss(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_WIRE);
	struct limit_scene scene = {.path = LIMIT_WIRE, .delay_ms = 10};
	struct limit_values record;

	limit_open(&scene);
	send_bulk(&scene, 8);
	limit_drain(&scene);
	record = limit_finish(&scene, tool, "loss");
	expect_idle(&record);
	require(record.is[LIMIT_SEGS_LOST] && record.is[LIMIT_RETRANSMITS], "no loss: %s", limit_values_text(&record));
	require(record.is[LIMIT_SSTHRESH] != LIMIT_NULL, "never out of slow start: %s", limit_values_text(&record));
}

static void test_loss_netem(void **state)
{
	static const struct netem bad = {.delay_us = 10000, .loss_percent = 10}, good = {.delay_us = 10000};
	struct tool *tool = limit_start(*state, LIMIT_VETH);
	struct limit_scene scene = {.path = LIMIT_VETH, .delay_ms = 5};
	struct limit_values record;

	netem_set(&test_wire, WIRE_LEFT, &good);
	limit_open(&scene);
	netem_set(&test_wire, WIRE_LEFT, &bad);
	send_bulk(&scene, 8);
	netem_set(&test_wire, WIRE_LEFT, &good);
	limit_drain(&scene);
	record = limit_finish(&scene, tool, "loss");
	expect_idle(&record);
}

/* Not a byte. */
static void test_silent(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_LOOPBACK);
	struct limit_scene scene = {.path = LIMIT_LOOPBACK};
	struct limit_values record;

	limit_open(&scene);
	sleep_ms(150);
	record = limit_finish(&scene, tool, "none");
	expect_idle(&record);
	limit_value_expect(&record, LIMIT_BUSY_US, 0);
	limit_value_expect(&record, LIMIT_DELIVERY_RATE, LIMIT_NULL);
	limit_value_expect(&record, LIMIT_SSTHRESH, LIMIT_NULL);
}

/* Too short for a verdict. A machine that stands still makes such a connection long: then there is another one. */
static void test_short(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_LOOPBACK);
	struct limit_values record;
	unsigned int played = 0;
	uint64_t begin;

	do {
		struct limit_scene scene = {.path = LIMIT_LOOPBACK};

		require(played < 100, "no connection is short");
		begin = now_ns();
		limit_open(&scene);
		limit_fill(&scene, 100);
		limit_drain(&scene);
		limit_close(&scene);
		played++;
	} while (now_ns() - begin >= 80 * NS_PER_MS);
	tool_stop(tool, SIGTERM);
	record = limit_values_of_tool(tool, LIMIT_CLIENT_PORT, played - 1);
	limit_expect_verdict(&record, "none");
}

#define limit_test(function) cmocka_unit_test_teardown(function, limit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		limit_test(test_application), limit_test(test_receiver_window), limit_test(test_receiver_stopped),
		limit_test(test_send_buffer), limit_test(test_network),         limit_test(test_network_netem),
		limit_test(test_loss),        limit_test(test_loss_netem),      limit_test(test_silent),
		limit_test(test_short),
	};

	return cmocka_run_group_tests_name("limits", tests, run_base_group_setup, run_base_group_teardown);
}

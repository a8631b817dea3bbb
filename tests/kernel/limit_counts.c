/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The values of a connection's record beside the verdict (limits.c): losses, timeouts, marks, and what was agreed.
 * limit_ages.c has open connections, and earlier ones. TCP_INFO is the witness.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/limit_scene.h"
#include "lib/require.h"
#include "lib/rtt_traffic.h"
#include "lib/test.h"
#include "lib/traffic.h"

#define TRIES 50

static void test_timeout(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_WIRE);
	struct limit_scene scene = {.path = LIMIT_WIRE, .delay_ms = 5};
	struct limit_values record;

	limit_open(&scene);
	limit_time_out(&scene);
	record = limit_finish(&scene, tool, "loss");
	limit_expect_lost(&record);
	require(record.is[LIMIT_BYTES_RETRANS] >= 100, "nothing was sent again: %s", limit_values_text(&record));
	if (record.is[LIMIT_RTO] == LIMIT_NULL)
		return; /* before 6.7, as the witness says */
	require(record.is[LIMIT_RTO] >= 1 && record.is[LIMIT_RTO_RECOVERIES] >= 1 && record.is[LIMIT_RTO_US] > 0,
		"no timeout: %s", limit_values_text(&record));
}

/* The first SYN gets lost, and nothing else: then the connection is as slow as its path. */
static void test_lost_syn(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_WIRE);
	struct limit_scene scene = {.path = LIMIT_WIRE, .delay_ms = 50};
	struct limit_values record, now;

	limit_connect(&scene);
	wire_lose(&test_wire, WIRE_LEFT);
	limit_establish(&scene);
	do {
		limit_be_patient(&scene, "a slow path");
		limit_top_up(&scene);
		limit_round(&scene);
		now = limit_values_of_socket(scene.client);
	} while (!limit_prevails(&scene, now.is[LIMIT_BUSY_US]));
	limit_drain(&scene);
	record = limit_finish(&scene, tool, NULL);
	limit_expect_network(&record, false);
	require(record.is[LIMIT_RETRANSMITS] >= 1, "no SYN was sent again: %s", limit_values_text(&record));
}

/* No SYN arrives. */
static void test_no_handshake(void **state)
{
	static const enum limit_value agreed[] = {LIMIT_SACK, LIMIT_TIMESTAMPS, LIMIT_WINDOW_SCALING, LIMIT_ECN};
	struct tool *tool = limit_start(*state, LIMIT_WIRE);
	struct limit_scene scene = {.path = LIMIT_WIRE};
	struct limit_values reading, record;

	limit_connect(&scene);
	while (!rtt_info(scene.client).tcpi_total_retrans) {
		limit_be_patient(&scene, "a second SYN");
		sleep_ms(10);
	}
	reading = limit_values_of_socket(scene.client);
	limit_close(&scene);
	tool_stop(tool, SIGTERM);
	record = limit_values_of_tool(tool, LIMIT_CLIENT_PORT, 0);
	limit_values_follow(&reading, &record);
	limit_expect_verdict(&record, "none");
	limit_value_expect(&record, LIMIT_IDLE_US, 0);
	limit_value_expect(&record, LIMIT_BYTES_RETRANS, 0);
	for (size_t i = 0; i < sizeof(agreed) / sizeof(*agreed); i++)
		limit_value_expect(&record, agreed[i], LIMIT_NULL);
}

static void test_repeated(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_WIRE);
	struct limit_scene scene = {.path = LIMIT_WIRE};
	struct limit_values record;

	limit_open(&scene);
	limit_fill(&scene, 100);
	scene.repeats = 1;
	limit_drain(&scene);
	while (!rtt_info(scene.client).tcpi_dsack_dups) {
		limit_be_patient(&scene, "a DSACK");
		limit_round(&scene);
	}
	sleep_ms(250);
	record = limit_finish(&scene, tool, "application");
	require(record.is[LIMIT_DSACK_DUPS] >= 1, "no DSACK: %s", limit_values_text(&record));
}

/* Two packets change places. On a slow machine, the sender may take the first for lost: then once more. */
static void test_reordered(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_WIRE);
	struct limit_scene scene = {.path = LIMIT_WIRE, .delay_ms = 10};
	uint8_t first[2048], second[2048];
	struct limit_values record;
	size_t first_length, second_length;

	limit_open(&scene);
	for (int tries = 0; !rtt_info(scene.client).tcpi_reord_seen; tries++) {
		require(tries < TRIES, "no packet comes out of order");
		limit_fill(&scene, 100);
		limit_fill(&scene, 100);
		sleep_ms(scene.delay_ms);
		first_length = wire_take(&test_wire, WIRE_LEFT, first, sizeof(first));
		second_length = wire_take(&test_wire, WIRE_LEFT, second, sizeof(second));
		wire_give(&test_wire, WIRE_RIGHT, second, second_length);
		wire_give(&test_wire, WIRE_RIGHT, first, first_length);
		limit_drain(&scene);
	}
	sleep_ms(250);
	record = limit_finish(&scene, tool, "application");
	require(record.is[LIMIT_REORD_SEEN] >= 1, "no reordering: %s", limit_values_text(&record));
}

static void test_marked(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_WIRE);
	struct limit_scene scene = {.path = LIMIT_WIRE};
	struct limit_values record;

	wire_set_ipv4(&test_wire, WIRE_LEFT, "tcp_ecn", "1");
	wire_set_ipv4(&test_wire, WIRE_RIGHT, "tcp_ecn", "1");
	limit_open(&scene);
	scene.marks = 1;
	limit_fill(&scene, 100);
	limit_drain(&scene);
	sleep_ms(250);
	record = limit_finish(&scene, tool, "application");
	limit_value_expect(&record, LIMIT_ECN, 1);
	require(record.is[LIMIT_DELIVERED_CE] >= 1, "no mark: %s", limit_values_text(&record));
}

/* net.ipv4.NAME in this network namespace. False: the kernel does not take the value. */
static bool set_ipv4(const char *name, const char *value)
{
	char path[64];
	ssize_t taken;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	require(fd >= 0, "no %s", path);
	taken = write(fd, value, strlen(value));
	require(taken > 0 || errno == EINVAL, "cannot write %s: %s", path, strerror(errno));
	close(fd);
	return taken > 0;
}

/* Each option in turn is not offered. Accurate ECN is another ECN, which not every kernel has. */
static void test_agreed(void **state)
{
	static const struct {
		const char *name, *off, *on;
		enum limit_value value;
	} options[] = {
		{"tcp_sack", "0", "1", LIMIT_SACK},
		{"tcp_timestamps", "0", "1", LIMIT_TIMESTAMPS},
		{"tcp_window_scaling", "0", "1", LIMIT_WINDOW_SCALING},
		{"tcp_ecn", "0", "1", LIMIT_ECN},
		{"tcp_ecn", "3", "1", LIMIT_VALUES},
	};
	enum {
		OPTIONS = sizeof(options) / sizeof(*options)
	};
	struct limit_values readings[2][OPTIONS];
	struct tool *tool = limit_start(*state, LIMIT_LOOPBACK);
	unsigned int played = 0;

	set_ipv4("tcp_ecn", "1");
	for (size_t i = 0; i < OPTIONS; i++) {
		struct limit_scene scene = {.path = LIMIT_LOOPBACK};

		if (!set_ipv4(options[i].name, options[i].off)) {
			print_message("this kernel has no %s=%s\n", options[i].name, options[i].off);
			continue;
		}
		limit_open(&scene);
		limit_fill(&scene, 100);
		limit_drain(&scene);
		readings[0][played] = limit_values_of_socket(scene.client);
		readings[1][played++] = limit_values_of_socket(scene.server);
		limit_close(&scene);
		set_ipv4(options[i].name, options[i].on);
	}
	tool_stop(tool, SIGTERM);
	for (unsigned int i = 0; i < played; i++) {
		struct limit_values client = limit_values_of_tool(tool, LIMIT_CLIENT_PORT, i);
		struct limit_values server = limit_values_of_tool(tool, LIMIT_SERVER_PORT, i);

		limit_values_agree(&readings[0][i], &client, 0);
		limit_values_agree(&readings[1][i], &server, 1);
		for (size_t k = 0; k < OPTIONS - 1; k++) {
			limit_value_expect(&client, options[k].value, options[i].value != options[k].value);
			limit_value_expect(&server, options[k].value, options[i].value != options[k].value);
		}
	}
}

/* The machine may have another one for all. */
static void test_congestion(void **state)
{
	struct tool *tool = limit_start(*state, LIMIT_LOOPBACK);
	struct limit_scene scene = {.path = LIMIT_LOOPBACK, .congestion = "reno"};
	struct limit_values record;

	limit_open(&scene);
	limit_fill(&scene, 1 << 20);
	limit_drain(&scene);
	sleep_ms(250);
	record = limit_finish(&scene, tool, "application");
	require(!strcmp(record.congestion, "reno"), "congestion control is \"%s\"", record.congestion);
}

#define limit_test(function) cmocka_unit_test_teardown(function, limit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		limit_test(test_timeout),  limit_test(test_lost_syn),   limit_test(test_no_handshake),
		limit_test(test_repeated), limit_test(test_reordered),  limit_test(test_marked),
		limit_test(test_agreed),   limit_test(test_congestion),
	};

	return cmocka_run_group_tests_name("limit_counts", tests, run_base_group_setup, run_base_group_teardown);
}

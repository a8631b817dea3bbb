/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The values of a connection's record (limits.c, limit_counts.c) where its end is not all: earlier connections of the
 * same socket, connections older than the tool, and open ones. TCP_INFO is the witness.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/limit_scene.h"
#include "lib/machine.h"
#include "lib/require.h"
#include "lib/stuck_scene.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "os/netns.h"
#include "probe/probe.h"
#include "probe/snapshot.h"

/* Ends the client's connection, not its socket. */
static struct limit_values disconnect(struct limit_scene *scene)
{
	struct limit_values last = limit_values_of_socket(scene->client);

	require(!disconnect_socket(scene->client), "cannot disconnect");
	limit_round(scene);
	abort_socket(scene->server);
	scene->server = 0;
	return last;
}

/* The kernel goes on with the chronographs of the connection before, and keeps its delivery rate. */
static void take_earlier_away(struct limit_values *reading, const struct limit_values *earlier)
{
	static const enum limit_value kept[] = {LIMIT_BUSY_US, LIMIT_RWND_LIMITED_US, LIMIT_SNDBUF_LIMITED_US};

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		reading->is[kept[i]] -= earlier->is[kept[i]];
	if (reading->is[LIMIT_DELIVERY_RATE] == earlier->is[LIMIT_DELIVERY_RATE])
		reading->is[LIMIT_DELIVERY_RATE] = reading->is[LIMIT_DELIVERY_APP_LIMITED] = LIMIT_NULL;
}

/* Four connections of one socket: the tool does not see the first one. The first, third and fourth have a timeout. */
static void test_earlier_connection(void **state)
{
	struct limit_values last[4], reading, record;
	struct limit_scene scene = {.path = LIMIT_WIRE};
	struct tool *tool = NULL;

	limit_path_open(LIMIT_WIRE);
	for (size_t i = 0; i < 4; i++) {
		if (i == 1)
			tool = limit_start_tool(*state);
		limit_open(&scene);
		limit_fill(&scene, 100000);
		limit_drain(&scene);
		if (i != 1)
			limit_time_out(&scene);
		last[i] = disconnect(&scene);
	}
	limit_close(&scene);
	tool_stop(tool, SIGTERM);
	for (unsigned int i = 1; i < 4; i++) {
		record = limit_values_of_tool(tool, LIMIT_CLIENT_PORT, i - 1);
		reading = last[i];
		take_earlier_away(&reading, &last[i - 1]);
		limit_values_agree(&reading, &record, 0);
		if (i == 1) {
			/* None, but on a machine that stands still. */
			require(record.is[LIMIT_SEGS_LOST] <= record.is[LIMIT_RETRANSMITS], "an earlier loss: %s",
				limit_values_text(&record));
		} else {
			limit_expect_lost(&record);
		}
	}
}

/* An older connection: what the kernel has counted is there; what was to be watched is not. */
static void test_older(void **state)
{
	struct limit_scene scene = {.path = LIMIT_LOOPBACK};
	struct limit_values reading, record;
	struct tool *tool = NULL;

	limit_path_open(LIMIT_LOOPBACK);
	limit_open(&scene);
	limit_fill(&scene, 100000);
	limit_drain(&scene);
	tool = limit_start_tool(*state);
	limit_fill(&scene, 100);
	limit_drain(&scene);
	reading = limit_values_of_socket(scene.client);
	limit_close(&scene);
	tool_stop(tool, SIGTERM);
	record = limit_values_of_tool(tool, LIMIT_CLIENT_PORT, 0);
	limit_values_agree(&reading, &record, 0);
	limit_expect_verdict(&record, "");
	limit_value_expect(&record, LIMIT_IDLE_US, LIMIT_NULL);
}

static void open_probe(struct scope *scope, struct probe *ret)
{
	struct probe_wants wants = {
		.tool = "limits",
		.emits = EMIT_CONNECTIONS | EMIT_SNAPSHOTS,
		.scope = scope,
		.owners = true,
		.hash_size = 1024,
		.buffer_size = 1 << 16,
		.rings = 1,
	};
	struct parse_error unused;
	struct probe_error why;
	char ports[16];

	need_machine("socket_storage");
	snprintf(ports, sizeof(ports), "%u,%u", LIMIT_SERVER_PORT, LIMIT_CLIENT_PORT);
	memset(scope, 0, sizeof(*scope));
	require(!scope_add_ports(scope, false, ports, &unused) && !scope_complete(scope, false, &unused), "no scope");
	require(!probe_open(&wants, ret, &why), "%s", why.text);
}

enum {
	CLIENT,
	SERVER,
	SIDES
};

struct shot {
	struct limit_values values[SIDES];
	struct connection records[SIDES];
	unsigned int count;
};

static void take_record(void *context, const struct connection *record)
{
	struct shot *shot = context;
	unsigned int side = record->end.lport == LIMIT_CLIENT_PORT ? CLIENT : SERVER;

	shot->values[side] = limit_values_of_record(record);
	shot->records[side] = *record;
	shot->count++;
}

static void check_shot(struct probe *probe, const struct limit_scene *scene, uint64_t established_ns)
{
	struct limit_values client = limit_values_of_socket(scene->client);
	struct limit_values server = limit_values_of_socket(scene->server);
	uint64_t least_ns = now_ns() - established_ns;
	struct netns_omissions omissions;
	struct shot shot = {.count = 0};

	require(!snapshot_take(probe, take_record, &shot, &omissions), "no snapshot");
	require(shot.count == SIDES, "%u records", shot.count);
	limit_values_agree(&client, &shot.values[CLIENT], 0);
	limit_values_agree(&server, &shot.values[SERVER], 0);
	require(!strcmp(shot.values[CLIENT].role, "client") && !strcmp(shot.values[SERVER].role, "server"),
		"roles are %s and %s", shot.values[CLIENT].role, shot.values[SERVER].role);
	for (unsigned int side = 0; side < SIDES; side++) {
		const struct connection *record = &shot.records[side];
		uint64_t most_ns = now_ns() - scene->begin_ns, is_ns = record->life.in_state_ns[STATE_ESTABLISHED];

		require(is_ns >= least_ns && is_ns <= most_ns, "ESTABLISHED for %llu ns, not %llu to %llu",
			(unsigned long long)is_ns, (unsigned long long)least_ns, (unsigned long long)most_ns);
		assert_int_equal(record->end.flags & TRANSITION_SCAN, TRANSITION_SCAN);
		assert_int_equal(record->end.newstate, STATE_ESTABLISHED);
		assert_false(record->life.is_old);
	}
}

/* The same of open connections, two times while one goes on. */
static void test_snapshot(void **state)
{
	static struct scope scope; /* too much for some stacks */
	struct limit_scene scene = {.path = LIMIT_WIRE};
	struct probe probe = PROBE_CLOSED;
	uint64_t established_ns;

	(void)state;
	open_probe(&scope, &probe);
	limit_path_open(LIMIT_WIRE);
	stuck_populate();
	limit_open(&scene);
	established_ns = now_ns();
	limit_fill(&scene, 100000);
	limit_drain(&scene);
	check_shot(&probe, &scene, established_ns);
	limit_time_out(&scene);
	check_shot(&probe, &scene, established_ns);
	limit_close(&scene);
	probe_close(&probe);
}

#define limit_test(function) cmocka_unit_test_teardown(function, limit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		limit_test(test_earlier_connection),
		limit_test(test_older),
		limit_test(test_snapshot),
	};

	return cmocka_run_group_tests_name("limit_ages", tests, run_base_group_setup, run_base_group_teardown);
}

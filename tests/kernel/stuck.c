/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that stay in a state: one in each state there is, over a wire that loses what would end it, before and
 * after the tool starts. The test knows when each state was entered.
 */
#include <bpf/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "lib/bpf_objects.h"
#include "lib/kernel.h"
#include "lib/run.h"
#include "lib/stuck_scene.h"
#include "lib/traffic.h"
#include "lib/wire_pair.h"

#define LONGER_MS  400
#define LOOK_MS    50
#define OLD_MS     700
#define BUFFER_MAX (1 << 20)

/* What wall times are rounded to, and what the clocks drift apart in a second. */
#define CLOCK_NS (5 * NS_PER_MS)

struct shown {
	uint64_t time_ns;  /* monotonic, as all that follow */
	uint64_t since_ns; /* 0: not known */
	uint64_t age_ns;
	int pid; /* -1: not known */
};

/* 2026-11-22T12:31:49.123456Z */
static uint64_t parse_time(const char *text, const char *line)
{
	struct tm tm = {0};
	unsigned int us;
	const char *fraction = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	require(fraction && sscanf(fraction, ".%6uZ", &us) == 1, "no such time: %s", line);
	return (uint64_t)((int64_t)timegm(&tm) * (int64_t)NS_PER_SEC + (int64_t)us * 1000 - wall_offset_ns());
}

static struct shown parse_row(const json_t *row, const char *line)
{
	const json_t *pid = json_object_get(row, "pid"), *since = json_object_get(row, "since");
	const json_t *duration = json_object_get(row, "duration_us"), *least = json_object_get(row, "at_least_us");
	struct shown shown = {.time_ns = parse_time(json_string_value(json_object_get(row, "time")), line)};

	require(since && duration && json_is_null(since) == json_is_null(duration) && json_is_null(since) == !!least,
		"either since and duration_us, or at_least_us: %s", line);
	shown.pid = json_is_integer(pid) ? (int)json_integer_value(pid) : -1;
	shown.since_ns = json_is_null(since) ? 0 : parse_time(json_string_value(since), line);
	shown.age_ns = (uint64_t)(json_number_value(least ? least : duration) * 1000);
	return shown;
}

static bool is_about(const json_t *row, const struct stuck_victim *victim)
{
	const char *state = json_string_value(json_object_get(row, "state"));

	return json_integer_value(json_object_get(row, "lport")) == victim->lport &&
	       json_integer_value(json_object_get(row, "rport")) == victim->rport && !strcmp(state, victim->state);
}

/* How many whole rows are about it; the first and the last of them. */
static size_t find_rows(const struct tool *tool, const struct stuck_victim *victim, struct shown *ret_first,
			struct shown *ret_last)
{
	static char text[BUFFER_MAX];
	ssize_t length = pread(tool->out, text, sizeof(text) - 1, 0);
	size_t count = 0;
	char *line = text;

	text[length > 0 ? length : 0] = '\0';
	for (char *end; (end = strchr(line, '\n')); line = end + 1) {
		json_t *row;

		*end = '\0';
		row = json_loads(line, 0, NULL);
		require(row && !strcmp(json_string_value(json_object_get(row, "type")), "stuck"), "no such row: %s",
			line);
		if (is_about(row, victim)) {
			*ret_last = parse_row(row, line);
			if (!count++)
				*ret_first = *ret_last;
		}
		json_decref(row);
	}
	return count;
}

/* Waits for a row about it that is of a look after `after_ns`. */
static struct shown wait_for_row(const struct tool *tool, const struct stuck_victim *victim, uint64_t after_ns)
{
	uint64_t deadline = now_ns() + 10 * NS_PER_SEC;
	struct shown first, last;

	while (!find_rows(tool, victim, &first, &last) || last.time_ns <= after_ns) {
		require(now_ns() < deadline, "no row says that one is in %s: %s", victim->state, tool_errors(tool));
		sleep_ms(10);
	}
	return last;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void expect_known(const struct stuck_victim *victim, const struct shown *row)
{
	require(row->since_ns, "%s: nobody knows since when", victim->state);
	require(row->since_ns + CLOCK_NS >= victim->before_ns && row->since_ns <= victim->after_ns + CLOCK_NS,
		"%s: since %lld us after it was made to enter it, which took %llu us", victim->state,
		(long long)(row->since_ns - victim->before_ns) / 1000,
		(unsigned long long)(victim->after_ns - victim->before_ns) / 1000);
	require(distance(row->time_ns - row->since_ns, row->age_ns) < CLOCK_NS, "%s: the times do not add up",
		victim->state);
	require(row->age_ns >= LONGER_MS * NS_PER_MS, "%s: shown after %llu us only", victim->state,
		(unsigned long long)row->age_ns / 1000);
}

#define STATES "syn_sent,ESTABLISHED,FIN_WAIT1,FIN_WAIT2,CLOSE_WAIT,CLOSING,LAST_ACK"

/* Its whole life in CLOSE_WAIT is shorter than what is asked for, unless the machine stands still meanwhile. */
static struct stuck_victim play_short(const struct stuck_scene *scene, bool *ret_is_short)
{
	struct wire_pair pair = stuck_open_pair(scene->idle.listener);
	struct stuck_victim victim;
	uint64_t before_ns = now_ns();

	stuck_half_close(&pair);
	victim = stuck_enter("CLOSE_WAIT", pair.server, local_port(pair.client), before_ns);
	stuck_close_pair(&pair);
	*ret_is_short = now_ns() - before_ns < LONGER_MS * NS_PER_MS;
	return victim;
}

/* Those that begin while the tool watches: it knows since when, shows them at each look, and no longer than they last.
 */
static void check_live(struct run *run, const char *storage)
{
	struct tool *tool = &run->tools[run->tool_count++];
	struct stuck_scene scene;
	struct stuck_victim brief;
	struct shown first, last;
	uint64_t left_ns;
	bool is_brief;

	stuck_open_wire(&scene);
	stuck_populate(storage);
	tool_start(tool,
		   (const char *const[]){"--stuck", STATES, "--longer", "400ms", "--interval", "50ms", storage,
					 scene.namespaces, NULL},
		   -1);
	scene.idle.listener = wire_listen(&test_wire);
	brief = play_short(&scene, &is_brief);
	close(scene.idle.listener);
	stuck_play(&scene);
	for (size_t i = 0; i < VICTIMS; i++) {
		struct shown row = wait_for_row(tool, &scene.victims[i], 0);

		expect_known(&scene.victims[i], &row);
		require(row.pid == getpid() || (row.pid < 0 && !kernel_has_socket_storage()) ||
				!strcmp(storage, "--storage=hash"),
			"%s: owned by %d", scene.victims[i].state, row.pid);
	}
	abort_socket(scene.half_closed.server);
	left_ns = now_ns();
	scene.half_closed.server = -1;
	/* Two more looks, of which at least the second one began after that. */
	wait_for_row(tool, &scene.victims[ESTABLISHED_END],
		     wait_for_row(tool, &scene.victims[ESTABLISHED_END], left_ns).time_ns);
	tool_stop(tool, SIGTERM);
	require(!tool_exit_code(tool), "it ended with %d", tool_exit_code(tool));
	require(find_rows(tool, &scene.victims[CLOSE_WAIT_END], &first, &last), "it was there before");
	require(last.time_ns <= left_ns + CLOCK_NS, "shown %llu us after it was gone",
		(unsigned long long)(last.time_ns - left_ns) / 1000);
	require(!is_brief || !find_rows(tool, &brief, &first, &last), "shown, although it lasted %llu us only",
		(unsigned long long)(brief.after_ns - brief.before_ns) / 1000);
	scene.half_closed.server = socket(AF_INET, SOCK_STREAM, 0);
	stuck_leave(&scene);
	wire_close(&test_wire);
}

static void test_live_storage(void **state)
{
	if (!kernel_has_socket_storage())
		skip_because("no socket storage before Linux 5.12");
	check_live(*state, "--storage=socket");
}

static void test_live_hash(void **state)
{
	check_live(*state, "--storage=hash");
}

/*
 * Those that are older: no since, and a time that is never longer than the truth. What the socket itself tells is more
 * than that the tool has watched it, but for states that close() enters, and where what is lost is sent again.
 */
static void expect_found(const struct tool *tool, const struct stuck_victim *victim, const struct shown *row)
{
	uint64_t watched_ns = row->time_ns - tool->start_ns;
	bool is_told = !victim->began_here && strcmp(victim->state, "CLOSING");

	print_message("%-11s %7.1f ms at least, %7.1f ms in truth, watched for at most %.1f ms\n", victim->state,
		      (double)row->age_ns / NS_PER_MS, (double)(row->time_ns - victim->before_ns) / NS_PER_MS,
		      (double)watched_ns / NS_PER_MS);
	require(!row->since_ns, "%s: since when cannot be known", victim->state);
	require(row->age_ns >= LONGER_MS * NS_PER_MS, "%s: shown too early", victim->state);
	require(row->age_ns <= row->time_ns - victim->before_ns + CLOCK_NS, "%s: that is more than the truth",
		victim->state);
	require(!is_told || row->age_ns > watched_ns, "%s: the socket itself tells more", victim->state);
	require(!victim->began_here || row->age_ns <= watched_ns, "%s: more than anybody has watched it",
		victim->state);
}

static void check_old(struct run *run, const char *storage)
{
	struct tool *tool = &run->tools[run->tool_count++];
	struct stuck_scene scene;

	stuck_open_wire(&scene);
	stuck_populate(storage);
	stuck_play(&scene);
	sleep_ms(OLD_MS);
	tool_start(tool,
		   (const char *const[]){"--stuck", STATES, "--longer", "400ms", "--once", storage, scene.namespaces,
					 NULL},
		   -1);
	tool_wait(tool, 20);
	require(tool_exit_code(tool) == 1, "some are stuck, and it ended with %d: %s", tool_exit_code(tool),
		tool_errors(tool));
	for (size_t i = 0; i < VICTIMS; i++) {
		struct shown first, last;
		size_t count = find_rows(tool, &scene.victims[i], &first, &last);

		require(count == 1, "%zu rows of the one in %s", count, scene.victims[i].state);
		expect_found(tool, &scene.victims[i], &first);
	}
	stuck_leave(&scene);
	wire_close(&test_wire);
}

static void test_old_storage(void **state)
{
	if (!kernel_has_socket_storage())
		skip_because("no socket storage before Linux 5.12");
	check_old(*state, "--storage=socket");
}

static void test_old_hash(void **state)
{
	check_old(*state, "--storage=hash");
}

/* --once waits for one that may be old enough, until it has left the state, or there is no more time. */
static void test_undecided(void **state)
{
	struct run *run = *state;
	struct tool *impatient = &run->tools[run->tool_count++], *patient = &run->tools[run->tool_count++];
	struct shown first, last;
	struct stuck_scene scene;

	stuck_open_wire(&scene);
	stuck_populate("--storage=auto");
	stuck_play(&scene);
	tool_start(impatient,
		   (const char *const[]){"--stuck", "LAST_ACK", "--longer", "60s", "--once", "-d", "0.2",
					 scene.namespaces, NULL},
		   -1);
	tool_wait(impatient, 20);
	require(tool_exit_code(impatient) == 3, "nobody can tell, and it ended with %d", tool_exit_code(impatient));
	require(find_rows(impatient, &scene.victims[LAST_ACK_END], &first, &last) == 1 && !first.since_ns,
		"the one in question is not shown");
	require(strstr(tool_errors(impatient), "of 1 connection since when"), "stderr does not name it: %s",
		tool_errors(impatient));

	tool_start(patient,
		   (const char *const[]){"--stuck", "LAST_ACK", "--longer", "60s", "--once", scene.namespaces, NULL},
		   -1);
	sleep_ms(300);
	require(patient->pid && !kill(patient->pid, 0), "it has not waited");
	abort_socket(scene.closed.server);
	scene.closed.server = socket(AF_INET, SOCK_STREAM, 0);
	tool_wait(patient, 20);
	require(tool_exit_code(patient) == 0, "none is left, and it ended with %d", tool_exit_code(patient));
	require(!find_rows(patient, &scene.victims[LAST_ACK_END], &first, &last), "it was not stuck, and is shown");
	stuck_leave(&scene);
	wire_close(&test_wire);
}

/* As if the programs had been skipped when it entered the state: the socket's storage is given back what it had. */
static void test_entered_unseen(void **state)
{
	struct run *run = *state;
	struct tool *tool = &run->tools[run->tool_count++];
	struct bpf_objects objects;
	struct wire_pair pair;
	struct stuck_victim victim;
	struct stuck_scene scene;
	struct shown row;
	uint8_t memory[256];
	uint64_t before_ns;
	int map;

	if (!kernel_has_socket_storage())
		skip_because("no socket storage before Linux 5.12");
	stuck_open_wire(&scene);
	tool_start(tool,
		   (const char *const[]){"--stuck", "CLOSE_WAIT", "--longer", "400ms", "--interval", "50ms", "--strict",
					 scene.namespaces, NULL},
		   -1);
	bpf_objects_of(tool->pid, &objects);
	map = bpf_objects_open_map(&objects, "conn_storage");
	pair = wire_pair_open(&test_wire);
	require(!bpf_map_lookup_elem(map, &pair.server, memory), "the tool does not remember this socket");
	before_ns = now_ns();
	stuck_half_close(&pair);
	victim = stuck_enter("CLOSE_WAIT", pair.server, local_port(pair.client), before_ns);
	require(!bpf_map_update_elem(map, &pair.server, memory, BPF_ANY), "the storage cannot be written");
	row = wait_for_row(tool, &victim, now_ns());
	require(!row.since_ns, "nobody has seen since when");
	require(row.age_ns <= row.time_ns - victim.before_ns + CLOCK_NS, "that is more than the truth");
	tool_stop(tool, SIGTERM);
	require(strstr(tool_errors(tool), "; 1 gaps between a socket's states\n"), "no gap: %s", tool_errors(tool));
	require(tool_exit_code(tool) == 3, "it ended with %d", tool_exit_code(tool));
	close(map);
	stuck_close_pair(&pair);
	close(pair.listener);
	wire_close(&test_wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_live_storage, wire_teardown),
		cmocka_unit_test_teardown(test_live_hash, wire_teardown),
		cmocka_unit_test_teardown(test_old_storage, wire_teardown),
		cmocka_unit_test_teardown(test_old_hash, wire_teardown),
		cmocka_unit_test_teardown(test_undecided, wire_teardown),
		cmocka_unit_test_teardown(test_entered_unseen, wire_teardown),
	};

	return cmocka_run_group_tests_name("stuck", tests, run_group_setup, run_group_teardown);
}

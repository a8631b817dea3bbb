/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that stay in a state: one in each state there is, before and after the start of the tool. The wire drops
 * the packets that would end the state. The test records when each state was entered.
 */
#include <bpf/bpf.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/bpf_objects.h"
#include "lib/helper.h"
#include "lib/machine.h"
#include "lib/run.h"
#include "lib/stuck_rows.h"
#include "lib/stuck_scene.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "lib/wire_pair.h"

#define LONGER_MS 400
#define LOOK_MS   50
#define OLD_MS    700
#define NOBODY    65534

/* The rounding of wall times, and the drift of the clocks in a second. */
#define CLOCK_NS (5 * NS_PER_MS)

/* The tool's way to scan the sockets. */
struct way {
	const char *storage;
	const char *refused; /* as struct tool */
	const char *said;    /* with -v */
};

static const struct way by_storage = {"--storage=socket", NULL, "iter/bpf_sk_storage_map scans"};
static const struct way by_tcp = {"--storage=socket", "stuck_storage", "iter/tcp in each network namespace scans"};
static const struct way by_hash = {"--storage=hash", NULL, "iter/tcp in each network namespace scans"};

/* Skips the test where it is not to be had. */
static void need_way(const struct way *way)
{
	if (way != &by_hash)
		need_machine("socket_storage");
	need_machine(way == &by_storage ? "iter/bpf_sk_storage_map" : "iter/tcp");
	if (way->refused)
		need_machine("seccomp_notify");
}

/* The same, for connections that are older than the tool. */
static void need_older(const struct way *way)
{
	need_way(way);
	if (way != &by_hash)
		need_machine("iter/task_file");
}

static void start(struct tool *tool, const struct way *way, const char *const *args)
{
	const char *all[TOOL_MAX_ARGS] = {way->storage};

	for (size_t count = 1; *args && count < TOOL_MAX_ARGS - 1; args++)
		all[count++] = *args;
	tool->refused = way->refused;
	tool_start(tool, all, -1);
	require(strstr(tool_errors(tool), way->said), "not said: \"%s\": %s", way->said, tool_errors(tool));
}

/* Two namespaces with a wire between them, where the tool finds them. */
static void open_scene(struct stuck_scene *scene, const struct way *way)
{
	stuck_open_wire(scene);
	if (way != &by_storage)
		stuck_populate();
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void expect_known(const struct stuck_victim *victim, const struct stuck_row *row)
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

/* States that begin while the tool watches: it knows since when, shows them at each scan, and no longer than they last.
 */
static void check_live(struct run *run, const struct way *way)
{
	struct tool *tool = run_base_add(&run->base);
	struct stuck_scene scene;
	struct stuck_victim brief;
	struct stuck_row first, last;
	uint64_t left_ns;
	bool is_brief;

	need_way(way);
	open_scene(&scene, way);
	start(tool, way,
	      (const char *const[]){"--stuck", STATES, "--longer", "400ms", "--interval", "50ms", scene.namespaces,
				    NULL});
	scene.idle.listener = wire_listen(&test_wire);
	brief = play_short(&scene, &is_brief);
	close(scene.idle.listener);
	stuck_play(&scene);
	for (size_t i = 0; i < VICTIMS; i++) {
		struct stuck_row row = stuck_wait_for_row(tool, &scene.victims[i], 0);

		expect_known(&scene.victims[i], &row);
		require(row.pid == getpid() || way == &by_hash, "%s: owned by %d (%s), not by %d",
			scene.victims[i].state, row.pid, row.owner, getpid());
	}
	abort_socket(scene.half_closed.server);
	left_ns = now_ns();
	scene.half_closed.server = -1;
	/* Two more scans, of which at least the second one began after that. */
	stuck_wait_for_row(tool, &scene.victims[ESTABLISHED_END],
			   stuck_wait_for_row(tool, &scene.victims[ESTABLISHED_END], left_ns).time_ns);
	tool_stop(tool, SIGTERM);
	tool_expect_success(tool);
	require(stuck_find_rows(tool, &scene.victims[CLOSE_WAIT_END], &first, &last), "it was there before");
	require(last.time_ns <= left_ns + CLOCK_NS, "shown %llu us after it was gone",
		(unsigned long long)(last.time_ns - left_ns) / 1000);
	require(!is_brief || !stuck_find_rows(tool, &brief, &first, &last), "shown, although it lasted %llu us only",
		(unsigned long long)(brief.after_ns - brief.before_ns) / 1000);
	scene.half_closed.server = socket(AF_INET, SOCK_STREAM, 0);
	stuck_leave(&scene);
	wire_close(&test_wire);
}

/*
 * Older states: no since, and a time that is never longer than the truth. The time from the socket itself is longer
 * than that the tool has watched it, but for states that close() enters, and where what is lost is sent again.
 */
static void expect_found(const struct tool *tool, const struct stuck_victim *victim, const struct stuck_row *row)
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

static void check_old(struct run *run, const struct way *way)
{
	struct tool *tool = run_base_add(&run->base);
	struct stuck_scene scene;

	need_older(way);
	open_scene(&scene, way);
	stuck_play(&scene);
	sleep_ms(OLD_MS);
	start(tool, way,
	      (const char *const[]){"--stuck", STATES, "--longer", "400ms", "--once", scene.namespaces, NULL});
	tool_wait(tool, 20);
	require(tool_exit_code(tool) == 1, "some are stuck, and it ended with %d: %s", tool_exit_code(tool),
		tool_errors(tool));
	for (size_t i = 0; i < VICTIMS; i++) {
		struct stuck_row first, last;
		size_t count = stuck_find_rows(tool, &scene.victims[i], &first, &last);

		require(count == 1, "%zu rows of the one in %s", count, scene.victims[i].state);
		expect_found(tool, &scene.victims[i], &first);
		require(first.pid == getpid() || way == &by_hash, "%s: owned by %d", scene.victims[i].state, first.pid);
	}
	stuck_leave(&scene);
	wire_close(&test_wire);
}

/* --once waits for one that may be old enough, until it has left the state, or there is no more time. */
static void check_undecided(struct run *run, const struct way *way)
{
	struct tool *impatient = run_base_add(&run->base), *patient = run_base_add(&run->base);
	struct stuck_row first, last;
	struct stuck_scene scene;

	need_older(way);
	open_scene(&scene, way);
	stuck_play(&scene);
	start(impatient, way,
	      (const char *const[]){"--stuck", "LAST_ACK", "--longer", "60s", "--once", "-d", "0.2", scene.namespaces,
				    NULL});
	tool_wait(impatient, 20);
	require(tool_exit_code(impatient) == 3, "nobody can tell, and it ended with %d", tool_exit_code(impatient));
	require(stuck_find_rows(impatient, &scene.victims[LAST_ACK_END], &first, &last) == 1 && !first.since_ns,
		"the one in question is not shown");
	require(strstr(tool_errors(impatient), "ended too early: the time in the state is unknown for 1 connection\n"),
		"stderr does not name it: %s", tool_errors(impatient));

	start(patient, way,
	      (const char *const[]){"--stuck", "LAST_ACK", "--longer", "60s", "--once", scene.namespaces, NULL});
	sleep_ms(300);
	require(!process_has_ended(&patient->process), "it has not waited");
	abort_socket(scene.closed.server);
	scene.closed.server = socket(AF_INET, SOCK_STREAM, 0);
	tool_wait(patient, 20);
	require(tool_exit_code(patient) == 0, "none is left, and it ended with %d", tool_exit_code(patient));
	require(!stuck_find_rows(patient, &scene.victims[LAST_ACK_END], &first, &last),
		"it was not stuck, and is shown");
	stuck_leave(&scene);
	wire_close(&test_wire);
}

/* As if the programs had been skipped when it entered the state: the socket's storage is given back what it had. */
static void check_entered_unseen(struct run *run, const struct way *way)
{
	struct tool *tool = run_base_add(&run->base);
	struct bpf_objects objects;
	struct wire_pair pair;
	struct stuck_victim victim;
	struct stuck_scene scene;
	struct stuck_row row;
	uint8_t memory[256];
	uint64_t before_ns;
	int map;

	need_way(way);
	open_scene(&scene, way);
	start(tool, way,
	      (const char *const[]){"--stuck", "CLOSE_WAIT", "--longer", "400ms", "--interval", "50ms", "--strict",
				    scene.namespaces, NULL});
	bpf_objects_of(tool->process.pid, &objects);
	map = bpf_objects_open_map(&objects, "conn_storage");
	pair = wire_pair_open(&test_wire);
	require(!bpf_map_lookup_elem(map, &pair.server, memory), "the tool does not remember this socket");
	before_ns = now_ns();
	stuck_half_close(&pair);
	victim = stuck_enter("CLOSE_WAIT", pair.server, local_port(pair.client), before_ns);
	require(!bpf_map_update_elem(map, &pair.server, memory, BPF_ANY), "the storage cannot be written");
	row = stuck_wait_for_row(tool, &victim, now_ns());
	require(!row.since_ns, "nobody has seen since when");
	require(row.age_ns <= row.time_ns - victim.before_ns + CLOCK_NS, "that is more than the truth");
	tool_stop(tool, SIGTERM);
	require(strstr(tool_errors(tool), " 1 gap between the states of a socket\n"), "no gap: %s", tool_errors(tool));
	require(tool_exit_code(tool) == 3, "it ended with %d", tool_exit_code(tool));
	close(map);
	stuck_close_pair(&pair);
	close(pair.listener);
	wire_close(&test_wire);
}

/* In a network namespace of its own, where only a tool with CAP_SYS_PTRACE finds it. */
static void hidden_process(int channel, void *context)
{
	(void)context;
	require(!unshare(CLONE_NEWNET) && !setresuid(NOBODY, NOBODY, NOBODY), "no process of another user");
	channel_send(channel, 0, -1);
	channel_receive(channel, NULL);
}

/* The exit status of a tool that is to say whether any connection of the scene is in CLOSE_WAIT. None is. */
static int ask_once(struct run *run, const struct way *way, const struct stuck_scene *scene, struct tool **ret_tool)
{
	struct tool *tool = run_base_add(&run->base);

	start(tool, way,
	      (const char *const[]){"--stuck", "CLOSE_WAIT", "--longer", "400ms", "--once", scene->namespaces, NULL});
	tool_wait(tool, 20);
	*ret_tool = tool;
	return tool_exit_code(tool);
}

/*
 * A tool that cannot look into each network namespace does not answer that none is stuck. A capability that the test
 * drops stays away: these tests are the last ones.
 */
static void check_hidden(struct run *run, const struct way *way)
{
	struct stuck_scene scene;
	struct tool *tool;

	need_older(way);
	stuck_open_wire(&scene);
	stuck_populate();
	channel_receive(helper_start("tv-hidden", hidden_process, NULL).channel, NULL);
	if (prctl(PR_CAPBSET_READ, CAP_SYS_PTRACE) == 1)
		require(ask_once(run, way, &scene, &tool) == 0, "with CAP_SYS_PTRACE: %s", tool_errors(tool));
	require(!prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE), "CAP_SYS_PTRACE stays");
	require(ask_once(run, way, &scene, &tool) == 3, "without it, \"none\" is an answer: %s", tool_errors(tool));
	require(strstr(tool_errors(tool), "cannot read the network namespace of "), "the reason is not said: %s",
		tool_errors(tool));
	wire_close(&test_wire);
}

#define WAY_TEST(what, way)                                                                                            \
	static void test_##what##_by_##way(void **state)                                                               \
	{                                                                                                              \
		check_##what(*state, &by_##way);                                                                       \
	}

WAY_TEST(live, storage)
WAY_TEST(live, tcp)
WAY_TEST(live, hash)
WAY_TEST(old, storage)
WAY_TEST(old, tcp)
WAY_TEST(old, hash)
WAY_TEST(undecided, storage)
WAY_TEST(undecided, tcp)
WAY_TEST(undecided, hash)
WAY_TEST(entered_unseen, storage)
WAY_TEST(entered_unseen, tcp)
WAY_TEST(hidden, storage)
WAY_TEST(hidden, tcp)
WAY_TEST(hidden, hash)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_live_by_storage, wire_teardown),
		cmocka_unit_test_teardown(test_live_by_tcp, wire_teardown),
		cmocka_unit_test_teardown(test_live_by_hash, wire_teardown),
		cmocka_unit_test_teardown(test_old_by_storage, wire_teardown),
		cmocka_unit_test_teardown(test_old_by_tcp, wire_teardown),
		cmocka_unit_test_teardown(test_old_by_hash, wire_teardown),
		cmocka_unit_test_teardown(test_undecided_by_storage, wire_teardown),
		cmocka_unit_test_teardown(test_undecided_by_tcp, wire_teardown),
		cmocka_unit_test_teardown(test_undecided_by_hash, wire_teardown),
		cmocka_unit_test_teardown(test_entered_unseen_by_storage, wire_teardown),
		cmocka_unit_test_teardown(test_entered_unseen_by_tcp, wire_teardown),
		cmocka_unit_test_teardown(test_hidden_by_storage, wire_teardown),
		cmocka_unit_test_teardown(test_hidden_by_tcp, wire_teardown),
		cmocka_unit_test_teardown(test_hidden_by_hash, wire_teardown),
	};

	return cmocka_run_group_tests_name("stuck", tests, run_group_setup, run_group_teardown);
}

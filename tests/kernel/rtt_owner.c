/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcprtt --by pid, comm and cgroup: the client has the client's samples, and the server has the server's. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cgroup.h"
#include "lib/helper.h"
#include "lib/machine.h"
#include "lib/require.h"
#include "lib/rtt_run.h"
#include "lib/rtt_traffic.h"
#include "lib/test.h"

#define EXCHANGES 200

struct scene {
	int listener;
	uint16_t port;
	char client_comm[16], server_comm[16];
	struct helper client, server;
};

/* Each step waits for a word through the channel: connect, exchange, close. Each tells when it is connected. */
static void server_process(int channel, void *context)
{
	const struct scene *scene = context;
	int fd;

	channel_receive(channel, NULL);
	fd = accept_from(scene->listener);
	channel_send(channel, 0, -1);
	for (int i = 0; i < EXCHANGES; i++) {
		receive_byte(fd);
		send_byte(fd);
	}
	receive_end(fd);
	close(fd);
}

/* Gets a connection that another process has accepted. */
static void heir_process(int channel, void *context)
{
	int fd;

	(void)context;
	channel_receive(channel, &fd);
	for (int i = 0; i < EXCHANGES; i++) {
		receive_byte(fd);
		send_byte(fd);
	}
	receive_end(fd);
	close(fd);
}

static void client_process(int channel, void *context)
{
	const struct scene *scene = context;
	int fd;

	channel_receive(channel, NULL);
	fd = connect_to(IPV4, scene->port);
	channel_send(channel, 0, -1);
	channel_receive(channel, NULL);
	for (int i = 0; i < EXCHANGES; i++) {
		send_byte(fd);
		receive_byte(fd);
	}
	close(fd);
}

/* The server's process listens, too. */
static void listening_process(int channel, void *context)
{
	struct scene *scene = context;

	require(!listen(scene->listener, 4), "cannot listen");
	channel_send(channel, 0, -1);
	server_process(channel, scene);
}

/* With a client whose connect() is seen, and a server, which is known by its listener or by its descriptors. */
static void set_scene(struct rtt_run *run, struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->listener = rtt_run_watch_new_port(run, IPV4, &scene->port);
	snprintf(scene->client_comm, sizeof(scene->client_comm), "rttc%d", getpid());
	snprintf(scene->server_comm, sizeof(scene->server_comm), "rtts%d", getpid());
}

static void begin(struct scene *scene)
{
	scene->server = helper_start(scene->server_comm, listening_process, scene);
	scene->client = helper_start(scene->client_comm, client_process, scene);
	channel_receive(scene->server.channel, NULL);
	close(scene->listener); /* the server alone has it */
}

/* Before it is accepted, no process has a descriptor of the server's socket. */
static void make_connection(struct scene *scene)
{
	channel_send(scene->server.channel, 0, -1);
	channel_send(scene->client.channel, 0, -1);
	channel_receive(scene->client.channel, NULL);
	channel_receive(scene->server.channel, NULL);
}

static void exchange_and_end(struct scene *scene)
{
	channel_send(scene->client.channel, 0, -1);
	helper_wait(&scene->client);
	helper_wait(&scene->server);
	settle(&scene->port, 1);
}

static bool comm_of(const struct rtt_probe *probe, const void *context, char key[256])
{
	const struct scene *scene = context;

	if (!rtt_has_port(probe, &scene->port))
		return false;
	strcpy(key, probe->tuple.lport == scene->port ? scene->server_comm : scene->client_comm);
	return true;
}

static bool pid_of(const struct rtt_probe *probe, const void *context, char key[256])
{
	const struct scene *scene = context;

	if (!rtt_has_port(probe, &scene->port))
		return false;
	sprintf(key, "%d", probe->tuple.lport == scene->port ? scene->server.pid : scene->client.pid);
	return true;
}

static bool server_pid_of(const struct rtt_probe *probe, const void *context, char key[256])
{
	const struct scene *scene = context;

	return rtt_has_lport(probe, &scene->port) && pid_of(probe, context, key);
}

static bool comm_and_rport_of(const struct rtt_probe *probe, const void *context, char key[256])
{
	if (!comm_of(probe, context, key))
		return false;
	sprintf(key + strlen(key), ",%u", probe->tuple.rport);
	return true;
}

static void test_owners(void **state)
{
	struct rtt_run *run = *state;
	struct scene scene;
	size_t comm, pid, both;

	set_scene(run, &scene);
	comm = rtt_run_start(run, ARGS("--by", "comm"));
	pid = rtt_run_start(run, ARGS("--by", "pid"));
	both = rtt_run_start(run, ARGS("--by", "comm,rport"));
	begin(&scene);
	make_connection(&scene);
	exchange_and_end(&scene);
	rtt_run_stop(run);
	rtt_run_check_groups(run, comm, comm_of, &scene, true);
	rtt_run_check_groups(run, pid, pid_of, &scene, true);
	rtt_run_check_groups(run, both, comm_and_rport_of, &scene, true);
}

/* Both sockets are older than the tool. */
static void test_there_before_the_tool(void **state)
{
	struct rtt_run *run = *state;
	struct scene scene;
	size_t comm, pid;

	need_machine("iter/task_file");
	set_scene(run, &scene);
	begin(&scene);
	make_connection(&scene);
	comm = rtt_run_start(run, ARGS("--by", "comm"));
	pid = rtt_run_start(run, ARGS("--by", "pid"));
	exchange_and_end(&scene);
	rtt_run_stop(run);
	rtt_run_check_groups(run, comm, comm_of, &scene, true);
	rtt_run_check_groups(run, pid, pid_of, &scene, true);
}

/* Only the listener is. */
static void test_listener_before_the_tool(void **state)
{
	struct rtt_run *run = *state;
	struct scene scene;
	size_t comm;

	need_machine("iter/task_file");
	set_scene(run, &scene);
	begin(&scene);
	comm = rtt_run_start(run, ARGS("--by", "comm"));
	make_connection(&scene);
	exchange_and_end(&scene);
	rtt_run_stop(run);
	rtt_run_check_groups(run, comm, comm_of, &scene, true);
}

/* This process listens, and lives; the server accepts, or gets what this process accepted. Returns the tool. */
static size_t play_master(struct rtt_run *run, struct scene *scene, const char *hook, bool accepts)
{
	size_t tool;
	int fd;

	set_scene(run, scene);
	tool = rtt_run_start(run, ARGS("--accept", hook, "-p", rtt_port_text(scene->port), "--by", "pid"));
	require(!listen(scene->listener, 4), "cannot listen");
	scene->server = helper_start(scene->server_comm, accepts ? server_process : heir_process, scene);
	scene->client = helper_start(scene->client_comm, client_process, scene);
	if (accepts) {
		make_connection(scene);
	} else {
		channel_send(scene->client.channel, 0, -1);
		fd = accept_from(scene->listener);
		channel_receive(scene->client.channel, NULL);
		channel_send(scene->server.channel, 0, fd);
		close(fd);
	}
	close(scene->listener);
	exchange_and_end(scene);
	rtt_run_stop(run);
	return tool;
}

static void check_master(struct rtt_run *run, const char *hook, bool accepts)
{
	struct scene scene;
	size_t tool = play_master(run, &scene, hook, accepts);

	rtt_run_check_groups(run, tool, server_pid_of, &scene, false);
}

static void test_worker(void **state)
{
	check_master(*state, "auto", true);
}

static void test_worker_kretprobe(void **state)
{
	need_machine("kretprobe");
	check_master(*state, "kretprobe", true);
}

static void test_worker_receive(void **state)
{
	check_master(*state, "receive", true);
}

/* A sample before its first read may be the acceptor's. */
static void test_heir(void **state)
{
	struct rtt_run *run = *state;
	const struct rtt_report *heir;
	struct scene scene;
	size_t tool = play_master(run, &scene, "auto", false);
	char key[16];

	rtt_run_read(run, tool);
	snprintf(key, sizeof(key), "%d", scene.server.pid);
	heir = rtt_reports_find(&run->reports, key);
	require(heir && heir->count > EXCHANGES / 2, "%" PRIu64 " samples of %d exchanges are the heir's",
		heir ? heir->count : 0, EXCHANGES);
}

static void test_heir_receive(void **state)
{
	check_master(*state, "receive", false);
}

/* A name is bytes that its owner chose. */
static void test_strange_name(void **state)
{
	struct rtt_run *run = *state;
	struct scene scene;
	const struct rtt_report *client;
	size_t comm;

	set_scene(run, &scene);
	snprintf(scene.client_comm, sizeof(scene.client_comm), "a,\"\\\t\x1b[2J%d", getpid() % 10000);
	comm = rtt_run_start(run, ARGS("--by", "comm"));
	begin(&scene);
	make_connection(&scene);
	exchange_and_end(&scene);
	rtt_run_stop(run);
	rtt_run_check_groups(run, comm, comm_of, &scene, true);
	client = rtt_reports_find(&run->reports, scene.client_comm);
	require(client && client->count, "no samples of the client");
}

/* ---- cgroup ---- */

static struct cgroup cgroups[2]; /* the server's, the client's */

/* Also after a failure. */
static int remove_cgroups(void **state)
{
	rtt_run_teardown(state);
	for (size_t i = 0; i < 2; i++)
		cgroup_remove(&cgroups[i]);
	return 0;
}

static void check_cgroup(struct rtt_run *run, const struct cgroup *cgroup, rtt_match_fn *match, uint16_t port)
{
	struct rtt_expected expected;
	const struct rtt_report *report;
	char number[32];

	snprintf(number, sizeof(number), "%" PRIu64, cgroup->id);
	report = rtt_reports_find(&run->reports, number);
	require(report, "none of %zu groups is called %s; the first is %s", run->reports.count, number,
		run->reports.count ? run->reports.items[0].key : "missing");
	rtt_expect(&run->log, match, &port, false, 0, &expected);
	rtt_check_report(&expected, report, run->lost);
	rtt_expected_free(&expected);
}

static void test_cgroup(void **state)
{
	struct rtt_run *run = *state;
	struct scene scene;
	size_t tool;

	cgroup_make(&cgroups[0], NULL, "server");
	cgroup_make(&cgroups[1], NULL, "client");
	set_scene(run, &scene);
	tool = rtt_run_start(run, ARGS("--by", "cgroup"));
	begin(&scene);
	cgroup_move(&cgroups[0], scene.server.pid);
	cgroup_move(&cgroups[1], scene.client.pid);
	make_connection(&scene);
	exchange_and_end(&scene);
	rtt_run_stop(run);
	rtt_run_read(run, tool);
	check_cgroup(run, &cgroups[1], rtt_has_rport, scene.port);
}

/* Seeded: the sockets are older than the tool. */
static void test_cgroup_there_before(void **state)
{
	struct rtt_run *run = *state;
	struct scene scene;
	size_t tool;

	cgroup_make(&cgroups[0], NULL, "server");
	cgroup_make(&cgroups[1], NULL, "client");
	need_machine("iter/task_file");
	set_scene(run, &scene);
	begin(&scene);
	cgroup_move(&cgroups[0], scene.server.pid);
	cgroup_move(&cgroups[1], scene.client.pid);
	make_connection(&scene);
	tool = rtt_run_start(run, ARGS("--by", "cgroup"));
	exchange_and_end(&scene);
	rtt_run_stop(run);
	rtt_run_read(run, tool);
	check_cgroup(run, &cgroups[0], rtt_has_lport, scene.port);
	check_cgroup(run, &cgroups[1], rtt_has_rport, scene.port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rtt_test(test_owners),
		rtt_test(test_there_before_the_tool),
		rtt_test(test_listener_before_the_tool),
		rtt_test(test_worker),
		rtt_test(test_worker_kretprobe),
		rtt_test(test_worker_receive),
		rtt_test(test_heir),
		rtt_test(test_heir_receive),
		rtt_test(test_strange_name),
		cmocka_unit_test_teardown(test_cgroup, remove_cgroups),
		cmocka_unit_test_teardown(test_cgroup_there_before, remove_cgroups),
	};

	return cmocka_run_group_tests_name("rtt_owner", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

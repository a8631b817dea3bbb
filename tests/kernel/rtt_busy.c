/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcprtt by owner, with traffic that does not pause for the start: tcprtt finds the owner of an older connection while
 * it starts.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/helper.h"
#include "lib/machine.h"
#include "lib/require.h"
#include "lib/rtt_run.h"
#include "lib/rtt_traffic.h"
#include "lib/test.h"

#define DESCRIPTORS 20000
#define LATER       500

struct scene {
	int listener;
	uint16_t port;
	char client_comm[16], server_comm[16];
	struct helper client, server;
};

static void set_scene(struct rtt_run *run, struct scene *scene)
{
	need_machine("socket_storage");
	need_machine("iter/task_file");
	memset(scene, 0, sizeof(*scene));
	scene->listener = rtt_run_watch_new_port(run, IPV4, &scene->port);
	snprintf(scene->client_comm, sizeof(scene->client_comm), "rttc%d", getpid());
	snprintf(scene->server_comm, sizeof(scene->server_comm), "rtts%d", getpid());
}

static void echo_process(int channel, void *context)
{
	struct scene *scene = context;
	char byte;
	int fd;

	require(!listen(scene->listener, 4), "cannot listen");
	channel_send(channel, 0, -1);
	fd = accept_from(scene->listener);
	while (recv(fd, &byte, 1, 0) == 1)
		send_byte(fd);
	close(fd);
}

/* Exchanges until it is told to stop, and then still LATER times. */
static void busy_process(int channel, void *context)
{
	const struct scene *scene = context;
	int fd = connect_to(IPV4, scene->port), word, left = LATER;

	channel_send(channel, 0, -1);
	while (left) {
		send_byte(fd);
		receive_byte(fd);
		usleep(50);
		if (left < LATER || recv(channel, &word, sizeof(word), MSG_DONTWAIT) == sizeof(word))
			left--;
	}
	close(fd);
}

/* As many descriptors as it may have: the tool comes to them first, and they take it some time. */
static void holding_process(int channel, void *context)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), count = 0;
	const struct scene *scene = context;
	struct rlimit limit;

	close(scene->listener);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (count < DESCRIPTORS && dup(null) >= 0)
		count++;
	channel_send(channel, count, -1);
	channel_receive(channel, NULL);
}

static uint64_t count_server_samples(const struct rtt_log *log, uint16_t port, uint64_t since_ns, uint64_t until_ns)
{
	uint64_t count = 0;

	for (size_t i = 0; i < log->count; i++)
		count += rtt_has_lport(&log->items[i], &port) && log->items[i].time_ns >= since_ns &&
			 log->items[i].time_ns < until_ns && !log->items[i].hideable;
	return count;
}

/*
 * Segments come between the attachment and the seeding, when nobody knows whose the connection is: those are in "-",
 * and all later ones with their owner.
 */
static void check_busy(struct rtt_run *run, const char *by, const char *server, struct scene *scene,
		       const struct tool *tool, size_t index)
{
	uint64_t early = count_server_samples(&run->log, scene->port, tool->start_ns, tool->tracing_ns);
	uint64_t late = count_server_samples(&run->log, scene->port, tool->tracing_ns, tool->stop_ns);
	const struct rtt_report *known, *unknown;

	rtt_run_read(run, index);
	known = rtt_reports_find(&run->reports, server);
	unknown = rtt_reports_find(&run->reports, "-");
	print_message("--by %s: %" PRIu64 " samples of the server, %" PRIu64 " of nobody; the witness saw %" PRIu64
		      " while the tool started and %" PRIu64 " later\n",
		      by, known ? known->count : 0, unknown ? unknown->count : 0, early, late);
	require(late >= LATER, "the witness saw nothing");
	require(known && known->count + run->lost >= late, "--by %s: %s has not all later samples", by, server);
	require(!known->unknown && (!unknown || unknown->unknown), "--by %s: \"unknown\" is wrong", by);
	require(!unknown || unknown->count <= early, "--by %s: later samples have no owner", by);
}

static void test_busy_while_it_starts(void **state)
{
	struct rtt_run *run = *state;
	struct scene scene;
	struct helper holder;
	size_t comm, pid, rtt;
	char number[16];

	set_scene(run, &scene);
	holder = helper_start("holder", holding_process, &scene);
	print_message("beside a table of %d descriptors\n", channel_receive(holder.channel, NULL));
	scene.server = helper_start(scene.server_comm, echo_process, &scene);
	channel_receive(scene.server.channel, NULL);
	scene.client = helper_start(scene.client_comm, busy_process, &scene);
	channel_receive(scene.client.channel, NULL);
	close(scene.listener);
	comm = rtt_run_start(run, ARGS("-p", rtt_port_text(scene.port), "--by", "comm"));
	pid = rtt_run_start(run, ARGS("-p", rtt_port_text(scene.port), "--by", "pid"));
	rtt = rtt_run_start(run, ARGS("-p", rtt_port_text(scene.port), "--by", "comm", "--sample", "rtt"));
	channel_send(scene.client.channel, 0, -1);
	helper_wait(&scene.client);
	helper_wait(&scene.server);
	settle(&scene.port, 1);
	channel_send(holder.channel, 0, -1);
	helper_wait(&holder);
	rtt_run_stop(run);
	snprintf(number, sizeof(number), "%d", scene.server.pid);
	check_busy(run, "comm", scene.server_comm, &scene, &run->base.tools[comm], comm);
	check_busy(run, "pid", number, &scene, &run->base.tools[pid], pid);
	rtt_run_read(run, rtt);
	require(rtt_reports_find(&run->reports, scene.server_comm), "--sample rtt: all samples are nobody's");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rtt_test(test_busy_while_it_starts),
	};

	return cmocka_run_group_tests_name("rtt_busy", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

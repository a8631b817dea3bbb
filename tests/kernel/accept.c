/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The owner of an accepted connection whose process only reads, while the other side ends the connection. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/helper.h"
#include "lib/kernel.h"
#include "lib/machine.h"
#include "lib/owners.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

struct scene {
	int listener;
	uint16_t port;
	char port_text[8];
	struct helper reader;
};

/* Accepts one connection, reads a byte, and closes it only when the other side has. */
static void worker_process(int channel, void *context)
{
	const struct scene *scene = context;
	int fd = accept_once(scene->listener); /* the tools may come while it waits */

	require(fd >= 0, "no connection came");
	receive_byte(fd);
	channel_send(channel, 0, -1);
	receive_end(fd);
	sleep_ms(10);
	close(fd);
}

/* Accepts one connection and looks only whether the other side has closed it, which is no read of data. */
static void sleeper_process(int channel, void *context)
{
	const struct scene *scene = context;
	int fd = accept_once(scene->listener);

	require(fd >= 0, "no connection came");
	receive_end(fd);
	channel_send(channel, 0, -1);
	close(fd);
}

/* Gets a connection that this process has accepted. */
static void heir_process(int channel, void *context)
{
	int fd;

	(void)context;
	channel_receive(channel, &fd);
	receive_byte(fd);
	channel_send(channel, 0, -1);
	receive_end(fd);
	sleep_ms(10);
	close(fd);
}

/* The client speaks, waits until it was heard, and leaves first. */
static void speak_and_leave(struct scene *scene, int client)
{
	send_byte(client);
	channel_receive(scene->reader.channel, NULL);
	close(client);
	helper_wait(&scene->reader);
}

static void play_worker(struct run *run, struct scene *scene, const char *const *args)
{
	run_start(run, args);
	scene->listener = listen_on(IPV4, &scene->port);
	scene->reader = helper_start("tv-worker", worker_process, scene);
	speak_and_leave(scene, connect_to(IPV4, scene->port));
	close(scene->listener);
}

static void expect_reader(struct run *run, const struct scene *scene, const char *owner, const char *comm)
{
	const struct row *row = rows_find(&run->rows, scene->port, "ESTABLISHED", "CLOSE_WAIT", NULL);

	owners_expect(run, row, "a connection that is only read", owner, scene->reader.pid, comm);
}

static void test_accepted(void **state)
{
	struct run *run = *state;
	struct scene scene;

	play_worker(run, &scene, NULL);
	owners_check(run, &scene.port, 1);
	expect_reader(run, &scene, owners_of_accepted(), "tv-worker");
	owners_expect_side(run, scene.port, true, getpid(), scene.reader.pid);
}

static void test_accepted_hash(void **state)
{
	struct run *run = *state;
	struct scene scene;

	play_worker(run, &scene, (const char *const[]){"--storage", "hash", NULL});
	settle(&scene.port, 1);
	run_stop(run);
	run_account(run, 0, NULL); /* no cookies there, and children do not inherit their listener's owner */
	expect_reader(run, &scene, owners_of_accepted(), "tv-worker");
}

/* Also where a better way to see an accept() is at hand. */
static void test_receive(void **state)
{
	struct run *run = *state;
	struct scene scene;

	play_worker(run, &scene, (const char *const[]){"--accept", "receive", NULL});
	owners_check(run, &scene.port, 1);
	expect_reader(run, &scene, "use", "tv-worker");
}

/* Where fexit would do, too. */
static void test_kretprobe(void **state)
{
	struct run *run = *state;
	struct scene scene;

	need_machine("kretprobe");
	play_worker(run, &scene, (const char *const[]){"--accept", "kretprobe", NULL});
	owners_check(run, &scene.port, 1);
	expect_reader(run, &scene, "accept", "tv-worker");
	if (!kernel_is_at_least(6, 7))
		require(strstr(tool_errors(&run->base.tools[0]),
			       "this kernel does not count the accepts that it misses"),
			"no word of what is not counted: %s", tool_errors(&run->base.tools[0]));
}

/* Without an accept hook an accepted connection has its listener's owner. */
static void test_nothing(void **state)
{
	struct run *run = *state;
	struct scene scene;
	const struct row *row;

	need_machine("socket_storage");
	play_worker(run, &scene, (const char *const[]){"--accept", "none", NULL});
	owners_check(run, &scene.port, 1);
	row = rows_find(&run->rows, scene.port, "ESTABLISHED", "CLOSE_WAIT", NULL);
	/* The FIN came while the reader held the socket's lock: then the kernel handles it in the reader's context. */
	if (row && !strcmp(row->owner, "use") && row->pid == scene.reader.pid)
		return;
	owners_expect(run, row, "a connection that is only read", "listener", getpid(), own_comm());
}

/* Accepted here, read there: the one who reads is using it. */
static void test_passed_on(void **state)
{
	struct run *run = *state;
	struct scene scene;
	int client, server;

	run_start(run, (const char *const[]){"--accept", "receive", NULL});
	scene.reader = helper_start("tv-heir", heir_process, NULL);
	scene.listener = listen_on(IPV4, &scene.port);
	client = connect_to(IPV4, scene.port);
	server = accept_from(scene.listener);
	channel_send(scene.reader.channel, 0, server);
	close(server);
	speak_and_leave(&scene, client);
	close(scene.listener);
	owners_check(run, &scene.port, 1);
	expect_reader(run, &scene, "use", "tv-heir");
}

/* Returns when the process sleeps in that system call. */
static void await_call(pid_t pid, long call)
{
	char path[32], line[256];
	long number = -1;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	for (int i = 0; number != call && i < 1000; i++) {
		FILE *file = fopen(path, "r");

		require(file, "cannot open %s", path);
		/* "running", or the number of the system call that it sleeps in */
		number = fgets(line, sizeof(line), file) && sscanf(line, "%ld", &number) == 1 ? number : -1;
		fclose(file);
		sleep_ms(10);
	}
	require(number == call, "process %d does not come to system call %ld", pid, call);
}

/* A worker that has been in accept() since before the tools came: one shows all, the other one ends with 3 for it. */
static void play_under_way(struct run *run, struct scene *scene, const char *hook, helper_fn *worker)
{
	need_machine("iter/task_file");
	scene->listener = listen_on(IPV4, &scene->port);
	snprintf(scene->port_text, sizeof(scene->port_text), "%u", scene->port);
	scene->reader = helper_start("tv-worker", worker, scene);
	await_call(scene->reader.pid, SYS_accept4);
	run_start(run, (const char *const[]){"--accept", hook, NULL});
	run_start_another(run, (const char *const[]){"--accept", hook, "--strict", "-L", scene->port_text, NULL});
}

static void check_counted(struct run *run, struct scene *scene)
{
	int client = connect_to(IPV4, scene->port);

	/* Before that it may hold the lock of the socket, which shows who uses it. */
	await_call(scene->reader.pid, SYS_recvfrom);
	close(client);
	channel_receive(scene->reader.channel, NULL);
	helper_wait(&scene->reader);
	close(scene->listener);
	owners_check(run, &scene->port, 1);
	require(strstr(tool_errors(&run->base.tools[0]), "1 accept was missed: "), "not counted: %s",
		tool_errors(&run->base.tools[0]));
	require(tool_exit_code(&run->base.tools[1]) == 3, "exit status %d with --strict",
		tool_exit_code(&run->base.tools[1]));
	owners_expect(run, rows_find(&run->rows, scene->port, "ESTABLISHED", "CLOSE_WAIT", NULL),
		      "a connection whose accept() was missed", "listener", getpid(), own_comm());
}

static void test_under_way_fexit(void **state)
{
	struct scene scene;

	need_machine("fexit");
	play_under_way(*state, &scene, "fexit", sleeper_process);
	check_counted(*state, &scene);
}

static void test_under_way_kretprobe(void **state)
{
	struct scene scene;

	need_machine("kretprobe");
	play_under_way(*state, &scene, "kretprobe", sleeper_process);
	check_counted(*state, &scene);
}

/* The first read tells. */
static void test_under_way_receive(void **state)
{
	struct run *run = *state;
	struct scene scene;

	play_under_way(run, &scene, "receive", worker_process);
	speak_and_leave(&scene, connect_to(IPV4, scene.port));
	close(scene.listener);
	owners_check(run, &scene.port, 1);
	expect_reader(run, &scene, "use", "tv-worker");
	require(!strstr(tool_errors(&run->base.tools[0]), "missed: "), "counted: %s", tool_errors(&run->base.tools[0]));
}

/* Listens, gives the listener away, and ends. */
static void first_process(int channel, void *context)
{
	struct scene *scene = context;
	int listener = listen_on(IPV4, &scene->port);

	channel_send(channel, scene->port, listener);
}

/* Accepts one connection, which ends when the process does. */
static void hasty_process(int channel, void *context)
{
	(void)channel;
	accept_from(((struct scene *)context)->listener);
}

/*
 * The owner of a listener has ended, and so has who accepted from it before the connection had another transition: the
 * next connection has no owner.
 */
static void play_gone(struct run *run, const char *hook)
{
	struct helper first, hasty;
	struct scene scene;
	const struct row *row;
	int client;

	need_machine(hook);
	run_start(run, (const char *const[]){"--accept", hook, NULL});
	first = helper_start("tv-first", first_process, &scene);
	scene.port = (uint16_t)channel_receive(first.channel, &scene.listener);
	helper_wait(&first);
	client = connect_to(IPV4, scene.port);
	hasty = helper_start("tv-hasty", hasty_process, &scene);
	helper_wait(&hasty);
	receive_end(client);
	close(client);
	client = connect_to(IPV4, scene.port);
	close(accept_from(scene.listener));
	receive_end(client);
	close(client);
	close(scene.listener);
	owners_check(run, &scene.port, 1);
	row = rows_find(&run->rows, scene.port, "LISTEN", "SYN_RECV", NULL);
	row = row ? rows_find(&run->rows, scene.port, "LISTEN", "SYN_RECV", row + 1) : NULL;
	require(row || run->losses.lost || run->pairing.hidden, "no second connection");
	require(!row || row->pid == -1, "the second connection is pid %d's (%s), which has ended", row->pid,
		row->owner);
}

static void test_gone_fexit(void **state)
{
	play_gone(*state, "fexit");
}

static void test_gone_kretprobe(void **state)
{
	play_gone(*state, "kretprobe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_accepted),          measured_test(test_accepted_hash),
		measured_test(test_receive),           measured_test(test_kretprobe),
		measured_test(test_nothing),           measured_test(test_passed_on),
		measured_test(test_under_way_fexit),   measured_test(test_under_way_kretprobe),
		measured_test(test_under_way_receive), measured_test(test_gone_fexit),
		measured_test(test_gone_kretprobe),
	};

	return cmocka_run_group_tests_name("accept", tests, run_group_setup, run_group_teardown);
}

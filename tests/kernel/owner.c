/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* PID and COMM are those of the process that owns the socket, whichever process was running at the transition. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/helper.h"
#include "lib/kernel.h"
#include "lib/owners.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

/* Data that the helpers of a test share: filled in before they start. */
struct scene {
	int listener;
	uint16_t port;
};

static void client_process(int channel, void *context)
{
	const struct scene *scene = context;
	int fd;

	channel_receive(channel, NULL);
	fd = connect_to(IPV4, scene->port);
	send_byte(fd);
	receive_end(fd);
	close(fd);
}

static void worker_process(int channel, void *context)
{
	const struct scene *scene = context;
	int fd;

	channel_receive(channel, NULL);
	fd = accept_from(scene->listener);
	receive_byte(fd);
	sleep_ms(10);
	close(fd);
}

/* listen(), then a child process that accepts: the classic server. */
static void master_process(int channel, void *context)
{
	struct scene *scene = context;
	struct helper worker;

	scene->listener = listen_on(IPV4, &scene->port);
	worker = helper_start("tv-worker", worker_process, scene);
	channel_send(channel, scene->port, -1);
	channel_send(channel, worker.pid, -1);
	channel_send(worker.channel, 0, -1);
	channel_receive(channel, NULL);
	helper_wait(&worker);
	close(scene->listener);
}

static void test_fork_and_accept(void **state)
{
	struct run *run = *state;
	struct scene scene = {.listener = -1};
	struct helper master, client;
	const struct row *row;
	pid_t worker;

	run_start(run, NULL);
	master = helper_start("tv-master", master_process, &scene);
	scene.port = (uint16_t)channel_receive(master.channel, NULL);
	worker = channel_receive(master.channel, NULL);
	client = helper_start("tv-client", client_process, &scene);
	channel_send(client.channel, 0, -1);
	helper_wait(&client);
	channel_send(master.channel, 0, -1);
	helper_wait(&master);
	owners_check(run, &scene.port, 1);

	row = rows_find(&run->rows, scene.port, "CLOSE", "LISTEN", NULL);
	owners_expect(run, row, "the listener", "listen", master.pid, "tv-master");
	row = rows_find(&run->rows, scene.port, "LISTEN", "SYN_RECV", NULL);
	if (kernel_has_socket_storage())
		owners_expect(run, row, "the new connection", "listener", master.pid, "tv-master");
	row = rows_find(&run->rows, scene.port, "ESTABLISHED", "FIN_WAIT1", NULL);
	owners_expect(run, row, "the worker's close()", owners_of_accepted(), worker, "tv-worker");
	row = rows_find(&run->rows, scene.port, "FIN_WAIT2", "CLOSE", NULL);
	owners_expect(run, row, "the end after the worker's close()", owners_of_accepted(), worker, "tv-worker");
	row = rows_find(&run->rows, scene.port, "CLOSE", "SYN_SENT", NULL);
	owners_expect(run, row, "connect()", "connect", client.pid, "tv-client");
	owners_expect_side(run, scene.port, true, master.pid, worker);
	owners_expect_side(run, scene.port, false, client.pid, client.pid);
}

/* Gets a connection from another process and closes it. */
static void heir_process(int channel, void *context)
{
	int fd;

	(void)context;
	channel_receive(channel, &fd);
	channel_receive(channel, NULL);
	close(fd);
	channel_send(channel, 0, -1);
}

static void test_descriptor_passed_on(void **state)
{
	struct run *run = *state;
	struct scene scene;
	struct helper heir;
	const struct row *row;
	int client, server;

	run_start(run, NULL);
	heir = helper_start("tv-heir", heir_process,
			    NULL); /* before there is anything that it could inherit by fork() */
	scene.listener = listen_on(IPV4, &scene.port);
	client = connect_to(IPV4, scene.port);
	server = accept_from(scene.listener);
	channel_send(heir.channel, 0, client);
	close(client);
	channel_send(heir.channel, 0, -1); /* now the heir has the last descriptor */
	channel_receive(heir.channel, NULL);
	receive_end(server);
	close(server);
	close(scene.listener);
	helper_wait(&heir);
	owners_check(run, &scene.port, 1);

	row = rows_find(&run->rows, scene.port, "CLOSE", "SYN_SENT", NULL);
	owners_expect(run, row, "connect()", "connect", getpid(), own_comm());
	row = rows_find(&run->rows, scene.port, "ESTABLISHED", "FIN_WAIT1", NULL);
	owners_expect(run, row, "the heir's close()", "use", heir.pid, "tv-heir");
	row = rows_find(&run->rows, scene.port, "FIN_WAIT2", "CLOSE", NULL);
	owners_expect(run, row, "the end of the heir's connection", "use", heir.pid, "tv-heir");
	owners_expect_side(run, scene.port, false, getpid(), heir.pid);
	owners_expect_side(run, scene.port, true, getpid(), getpid());
}

static void server_process(int channel, void *context)
{
	struct scene *scene = context;
	int fd;

	scene->listener = listen_on(IPV4, &scene->port);
	channel_send(channel, scene->port, -1);
	fd = accept_from(scene->listener);
	receive_byte(fd);
	close(fd);
	close(scene->listener);
}

/* The client's packets run through the server's socket and the reverse, in softirqs of either: a name is not mixed up.
 */
static void test_bystanders(void **state)
{
	enum {
		ROUNDS = 20
	};
	struct run *run = *state;
	uint16_t ports[ROUNDS];
	pid_t servers[ROUNDS], clients[ROUNDS];

	run_start(run, NULL);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct scene scene = {.listener = -1};
		struct helper server = helper_start("tv-server", server_process, &scene), client;

		scene.port = ports[i] = (uint16_t)channel_receive(server.channel, NULL);
		client = helper_start("tv-client", client_process, &scene);
		channel_send(client.channel, 0, -1);
		servers[i] = server.pid;
		clients[i] = client.pid;
		helper_wait(&client);
		helper_wait(&server);
	}
	owners_check(run, ports, ROUNDS);
	for (size_t i = 0; i < ROUNDS; i++) {
		owners_expect_side(run, ports[i], true, servers[i], servers[i]);
		owners_expect_side(run, ports[i], false, clients[i], clients[i]);
	}
}

/* Names with bytes that JSON, CSV and terminals have reasons to fear. */
static void test_hostile_names(void **state)
{
	static const char *const names[] = {"q\"uo\\te,'{}",      "\x1b[2J\x07\x7f\x01\n\r\t",
					    "\xff\xfe\xc0\x80ok", "caf\xc3\xa9 \xe2\x80\xae",
					    "ab\xf0\x9f\x98",     " "};
	/* U+FFFD for each byte of an invalid sequence, everything else as it is. */
	static const char *const shown[] = {"q\"uo\\te,'{}",
					    "\x1b[2J\x07\x7f\x01\n\r\t",
					    "\ufffd\ufffd\ufffd\ufffdok",
					    "caf\xc3\xa9 \xe2\x80\xae",
					    "ab\ufffd\ufffd\ufffd",
					    " "};
	enum {
		NAMES = sizeof(names) / sizeof(*names)
	};
	struct run *run = *state;
	uint16_t ports[NAMES];
	pid_t pids[NAMES];

	run_start(run, NULL);
	for (size_t i = 0; i < NAMES; i++) {
		struct scene scene = {.listener = -1};
		struct helper client;
		int server;

		scene.listener = listen_on(IPV4, &scene.port);
		ports[i] = scene.port;
		client = helper_start(names[i], client_process, &scene);
		pids[i] = client.pid;
		channel_send(client.channel, 0, -1);
		server = accept_from(scene.listener);
		receive_byte(server);
		close(server);
		close(scene.listener);
		helper_wait(&client);
	}
	owners_check(run, ports, NAMES);
	for (size_t i = 0; i < NAMES; i++)
		owners_expect(run, rows_find(&run->rows, ports[i], "CLOSE", "SYN_SENT", NULL), "a hostile name",
			      "connect", pids[i], shown[i]);
}

/* A process with two listeners, whose threads call listen() at the same moment. */
struct listeners {
	int fds[2];
	uint16_t ports[2];
	atomic_int threads;
};

static void *thread_that_listens(void *context)
{
	struct listeners *listeners = context;
	int number = atomic_fetch_add(&listeners->threads, 1);

	while (atomic_load(&listeners->threads) < 2)
		;
	require(!listen(listeners->fds[number], 4), "cannot listen");
	return NULL;
}

static void listeners_process(int channel, void *context)
{
	struct listeners listeners = {0};
	pthread_t threads[2];

	(void)context;
	for (size_t i = 0; i < 2; i++)
		listeners.fds[i] = reserve_port(IPV4, &listeners.ports[i]);
	for (size_t i = 0; i < 2; i++)
		require(!pthread_create(&threads[i], NULL, thread_that_listens, &listeners), "no thread");
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < 2; i++)
		channel_send(channel, listeners.ports[i], -1);
	for (size_t i = 0; i < 2; i++) {
		int fd = accept_from(listeners.fds[i]);

		receive_end(fd);
		close(fd);
	}
}

static void test_threads_that_listen(void **state)
{
	enum {
		ROUNDS = 50
	};
	struct run *run = *state;
	uint16_t ports[2 * ROUNDS];
	pid_t pids[ROUNDS];

	run_start(run, NULL);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct helper server = helper_start("tv-server", listeners_process, NULL);

		pids[i] = server.pid;
		for (size_t j = 2 * i; j < 2 * i + 2; j++)
			ports[j] = (uint16_t)channel_receive(server.channel, NULL);
		for (size_t j = 2 * i; j < 2 * i + 2; j++)
			close(connect_to(IPV4, ports[j]));
		helper_wait(&server);
	}
	owners_check(run, ports, 2 * ROUNDS);
	for (size_t i = 0; i < 2 * ROUNDS; i++) {
		const struct row *row = rows_find(&run->rows, ports[i], "LISTEN", "SYN_RECV", NULL);
		/* Before 6.15 the row waits for the next transition, and the server may have accepted by then. */
		const char *owner = row && strcmp(row->owner, "listener") ? owners_of_accepted() : "listener";

		if (kernel_has_socket_storage())
			owners_expect(run, row, "a new connection", owner, pids[i / 2], "tv-server");
	}
}

static void *thread_of_client(void *context)
{
	const struct scene *scene = context;
	int fd;

	prctl(PR_SET_NAME, "tv-thread");
	fd = connect_to(IPV4, scene->port);
	send_byte(fd);
	close(fd);
	return NULL;
}

static void threaded_process(int channel, void *context)
{
	pthread_t thread;

	channel_receive(channel, NULL);
	require(!pthread_create(&thread, NULL, thread_of_client, context), "no thread");
	pthread_join(thread, NULL);
}

/* A process has one number and one name: not the thread's. */
static void test_threads(void **state)
{
	struct run *run = *state;
	struct scene scene = {.listener = -1};
	struct helper client;
	const struct row *row;
	int server;

	run_start(run, NULL);
	scene.listener = listen_on(IPV4, &scene.port);
	client = helper_start("tv-process", threaded_process, &scene);
	channel_send(client.channel, 0, -1);
	server = accept_from(scene.listener);
	receive_byte(server);
	receive_end(server);
	helper_wait(&client);
	close(server);
	close(scene.listener);
	owners_check(run, &scene.port, 1);
	owners_expect_side(run, scene.port, false, client.pid, client.pid);
	row = rows_find(&run->rows, scene.port, "CLOSE", "SYN_SENT", NULL);
	owners_expect(run, row, "a thread's connect()", "connect", client.pid, "tv-process");
	row = rows_find(&run->rows, scene.port, "ESTABLISHED", "FIN_WAIT1", NULL);
	owners_expect(run, row, "a thread's close()", "connect", client.pid, "tv-process");
}

/* A process that connected and exited: its sockets end without it, under its name. */
static void exiting_process(int channel, void *context)
{
	const struct scene *scene = context;

	channel_receive(channel, NULL);
	send_byte(connect_to(IPV4, scene->port));
	_exit(0);
}

static void test_owner_has_exited(void **state)
{
	struct run *run = *state;
	struct scene scene;
	struct helper client;
	int server;

	run_start(run, NULL);
	scene.listener = listen_on(IPV4, &scene.port);
	client = helper_start("tv-gone", exiting_process, &scene);
	channel_send(client.channel, 0, -1);
	helper_wait(&client);
	server = accept_from(scene.listener);
	receive_byte(server);
	receive_end(server);
	close(server);
	close(scene.listener);
	owners_check(run, &scene.port, 1);
	owners_expect_side(run, scene.port, false, client.pid, client.pid);
	owners_expect(run, rows_find(&run->rows, scene.port, "CLOSE", "SYN_SENT", NULL), "connect()", "connect",
		      client.pid, "tv-gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_fork_and_accept),
		measured_test(test_descriptor_passed_on),
		measured_test(test_bystanders),
		measured_test(test_hostile_names),
		measured_test(test_threads),
		measured_test(test_owner_has_exited),
		measured_test(test_threads_that_listen),
	};

	return cmocka_run_group_tests_name("owner", tests, run_group_setup, run_group_teardown);
}

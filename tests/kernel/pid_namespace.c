/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A tool in a pid namespace shows the pids that processes have there. */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "lib/helper.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

/* The first process of the namespace: when it ends, all others do. */
static void init_process(int channel, void *context)
{
	(void)context;
	channel_receive(channel, NULL);
}

static void client_process(int channel, void *context)
{
	int fd;

	(void)context;
	channel_send(channel, getpid(), -1);
	fd = connect_to(IPV4, (uint16_t)channel_receive(channel, NULL));
	send_byte(fd);
	channel_receive(channel, NULL);
	close(fd);
}

struct client {
	struct helper helper;
	int number; /* as it calls itself */
};

static struct client client_start(const char *comm)
{
	struct client client = {.helper = helper_start(comm, client_process, NULL)};

	client.number = channel_receive(client.helper.channel, NULL);
	return client;
}

/* Its whole connection. */
static void client_run(struct client *client, uint16_t port, int listener)
{
	int server;

	channel_send(client->helper.channel, port, -1);
	server = accept_from(listener);
	receive_byte(server);
	channel_send(client->helper.channel, 0, -1);
	receive_end(server);
	close(server);
	helper_wait(&client->helper);
}

static void expect_client(const struct run *run, uint16_t port, const char *comm, int pid, int pid_host)
{
	size_t seen = 0;

	for (const struct row *row = run->rows.items, *end = row + run->rows.count; row < end; row++) {
		if (row->change.tuple.rport != port || strcmp(row->comm, comm) != 0)
			continue;
		seen++;
		require(row->pid == pid && row->pid_host == pid_host, "pid %d, pid_host %d, not %d and %d: %s",
			row->pid, row->pid_host, pid, pid_host, change_text(&row->change));
	}
	require(seen || run->losses.lost || run->pairing.hidden, "no row of %s", comm);
}

/* Later children of this process are in a namespace of their own. Returns the way back. */
static int enter_namespace(struct helper *init)
{
	int home = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

	require(home >= 0 && !unshare(CLONE_NEWPID), "no pid namespace");
	*init = helper_start("tv-init", init_process, NULL);
	return home;
}

static void check(void **state, const char *const *args, bool of_host)
{
	struct run *run = *state;
	struct client inside, outside;
	struct helper init;
	uint16_t port;
	int listener, home = enter_namespace(&init);

	run_start(run, args);
	inside = client_start("tv-inside");
	require(!setns(home, CLONE_NEWPID), "no way back");
	close(home);
	outside = client_start("tv-outside");
	require(inside.number != inside.helper.pid && outside.number == outside.helper.pid, "not in the namespaces");
	listener = listen_on(IPV4, &port); /* now, as a helper would inherit it */
	client_run(&inside, port, listener);
	client_run(&outside, port, listener);
	close(listener);
	settle(&port, 1);
	run_stop(run);
	channel_send(init.channel, 0, -1);
	helper_wait(&init);
	run_account(run, 0, NULL);
	expect_client(run, port, "tv-inside", of_host ? inside.helper.pid : inside.number, -1);
	expect_client(run, port, "tv-outside", of_host ? outside.number : -1, of_host ? -1 : outside.number);
}

static void test_own_numbers(void **state)
{
	check(state, NULL, false);
}

static void test_own_numbers_hash(void **state)
{
	check(state, ARGS("--storage", "hash"), false);
}

static void test_own_numbers_at_the_classic_tracepoint(void **state)
{
	check(state, ARGS("--hook", "tracepoint"), false);
}

static void test_numbers_of_the_host(void **state)
{
	check(state, ARGS("--pid-namespace", "host"), true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_own_numbers),
		measured_test(test_own_numbers_hash),
		measured_test(test_own_numbers_at_the_classic_tracepoint),
		measured_test(test_numbers_of_the_host),
	};

	return cmocka_run_group_tests_name("pid_namespace", tests, run_group_setup, run_group_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cgroup_id is the number of a cgroup v2 in user space: the inode number of the cgroup's directory. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cgroup.h"
#include "lib/helper.h"
#include "lib/kernel.h"
#include "lib/machine.h"
#include "lib/owners.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

static struct cgroup servers, clients;

static int leave(void **state)
{
	int error = run_teardown(state); /* ends the processes that are in them */

	cgroup_remove(&servers);
	cgroup_remove(&clients);
	return error;
}

static void server_process(int channel, void *context)
{
	uint16_t port;
	int listener, fd;

	(void)context;
	cgroup_join(&servers);
	listener = listen_on(IPV4, &port);
	channel_send(channel, port, -1);
	fd = accept_from(listener);
	receive_byte(fd);
	channel_send(channel, 0, -1);
	receive_end(fd);
	close(fd);
	close(listener);
}

static void client_process(int channel, void *context)
{
	const uint16_t *port = context;
	int fd;

	cgroup_join(&clients);
	fd = connect_to(IPV4, *port);
	send_byte(fd);
	channel_send(channel, 0, -1);
	channel_receive(channel, NULL);
	close(fd);
}

struct pair {
	struct helper server, client;
	uint16_t port;
};

/*
 * Two processes, each in a cgroup of its own, with a connection that is the server's beyond doubt: while accept()
 * writes that down, a row on another CPU has no owner.
 */
static void pair_begin(struct pair *pair)
{
	pair->server = helper_start("tv-server", server_process, NULL);
	pair->port = (uint16_t)channel_receive(pair->server.channel, NULL);
	pair->client = helper_start("tv-client", client_process, &pair->port);
	channel_receive(pair->client.channel, NULL);
	channel_receive(pair->server.channel, NULL);
}

static void pair_end(struct pair *pair)
{
	channel_send(pair->client.channel, 0, -1);
	helper_wait(&pair->client);
	helper_wait(&pair->server);
}

static void make_cgroups(void)
{
	cgroup_make(&servers, NULL, "servers");
	cgroup_make(&clients, NULL, "clients");
	print_message("cgroups %llu and %llu: %s, %s\n", (unsigned long long)servers.id, (unsigned long long)clients.id,
		      servers.path, clients.path);
}

/* In every way in which the owner is learnt, the cgroup is known, too. */
static void expect_cgroups(const struct run *run, const struct pair *pair, bool owners_may_be_unknown)
{
	size_t seen = 0;

	for (const struct row *row = run->rows.items, *end = row + run->rows.count; row < end; row++) {
		bool server = row->change.tuple.lport == pair->port;
		const struct cgroup *cgroup = server ? &servers : &clients;
		pid_t pid = server ? pair->server.pid : pair->client.pid;

		if (!tuple_has_port(&row->change.tuple, &pair->port, 1))
			continue;
		if (row->pid < 0 && owners_may_be_unknown) {
			require(!row->cgroup_id, "a cgroup of nobody: %s", change_text(&row->change));
			continue;
		}
		seen++;
		require(row->pid == pid, "pid is %d, not %d: %s", row->pid, pid, change_text(&row->change));
		require(row->cgroup_id == cgroup->id, "owner by \"%s\": cgroup_id is %llu, the inode of %s is %llu: %s",
			row->owner, (unsigned long long)row->cgroup_id, cgroup->path, (unsigned long long)cgroup->id,
			change_text(&row->change));
	}
	require(seen || run->losses.lost || run->pairing.hidden, "no row of the test's own connection has an owner");
}

static void check_new_connection(void **state, const char *const *args)
{
	struct run *run = *state;
	struct pair pair;

	make_cgroups();
	run_start(run, args);
	pair_begin(&pair);
	pair_end(&pair);
	settle(&pair.port, 1);
	run_stop(run);
	run_account(run, 0, NULL);
	expect_cgroups(run, &pair, args || !kernel_has_socket_storage());
}

static void test_connection(void **state)
{
	check_new_connection(state, NULL);
}

static void test_connection_hash(void **state)
{
	check_new_connection(state, (const char *const[]){"--storage", "hash", NULL});
}

static void test_connection_at_the_classic_tracepoint(void **state)
{
	check_new_connection(state, (const char *const[]){"--hook", "tracepoint", NULL});
}

/* Found by its descriptor, in the context of the tool, which is in neither cgroup. */
static void test_older_connection(void **state)
{
	struct run *run = *state;
	struct pair pair;
	const struct row *row;

	need_machine("socket_storage");
	need_machine("iter/task_file");
	make_cgroups();
	pair_begin(&pair);
	run_start(run, NULL);
	pair_end(&pair);
	settle(&pair.port, 1);
	run_stop(run);
	run_account(run, 0, NULL);
	expect_cgroups(run, &pair, false);
	row = rows_find(&run->rows, pair.port, "LISTEN", "CLOSE", NULL);
	owners_expect(run, row, "an old listener", "seed", pair.server.pid, "tv-server");
}

/* As systemd does for a restart: the same name, another cgroup. A process is in it at once. */
static void test_made_again(void **state)
{
	struct run *run = *state;
	struct pair pair;
	struct rows rows;
	size_t seen = 0;
	uint64_t earlier;

	make_cgroups();
	earlier = clients.id;
	run_start(run, NULL);
	run_start_another(run, ARGS("--cgroup", clients.path));
	cgroup_remove(&clients);
	cgroup_make(&clients, NULL, "clients");
	require(clients.id != earlier, "the kernel gave a cgroup the id of an earlier one");
	pair_begin(&pair);
	pair_end(&pair);
	settle(&pair.port, 1);
	run_stop(run);
	run_account(run, 0, NULL);
	rows_read(run_base_tool(&run->base, 1)->out, &rows);
	for (size_t i = 0; i < rows.count; i++) {
		require(rows.items[i].cgroup_id == clients.id, "a row of another cgroup");
		seen++;
	}
	rows_free(&rows);
	/* SYN_SENT and what follows, as far as this machine shows it */
	require(seen >= 4 || run->losses.lost || run->pairing.hidden, "%zu rows of the cgroup that was made again",
		seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_connection, leave),
		cmocka_unit_test_teardown(test_connection_hash, leave),
		cmocka_unit_test_teardown(test_connection_at_the_classic_tracepoint, leave),
		cmocka_unit_test_teardown(test_older_connection, leave),
		cmocka_unit_test_teardown(test_made_again, leave),
	};

	return cmocka_run_group_tests_name("cgroup", tests, run_group_setup, run_group_teardown);
}

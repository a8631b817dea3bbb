/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets that are older than the tool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/guest.h"
#include "lib/helper.h"
#include "lib/machine.h"
#include "lib/netns.h"
#include "lib/owners.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

/* The first row of each does not know how long that state has lasted. */
static void test_first_rows(void **state)
{
	struct run *run = *state;
	uint16_t ports[FLAVOURS];
	int listeners[FLAVOURS], clients[FLAVOURS], servers[FLAVOURS];
	struct expectation expectation = {.ports = ports,
					  .port_count = FLAVOURS,
					  .pid = getpid(),
					  .comm = own_comm(),
					  .owners_may_be_unknown = true,
					  .owners_may_be_found_early = true};

	for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++) {
		listeners[flavour] = listen_on(flavour, &ports[flavour]);
		clients[flavour] = connect_to(flavour, ports[flavour]);
		servers[flavour] = accept_from(listeners[flavour]);
	}
	run_start(run, NULL);
	for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++) {
		close(clients[flavour]);
		receive_end(servers[flavour]);
		close(servers[flavour]);
		/* A new connection of an old listener. */
		clients[flavour] = connect_to(flavour, ports[flavour]);
		servers[flavour] = accept_from(listeners[flavour]);
		close(servers[flavour]);
		receive_end(clients[flavour]);
		close(clients[flavour]);
		close(listeners[flavour]);
	}
	settle(ports, FLAVOURS);
	run_stop(run);
	run_check(run, 0, &expectation);
}

struct scene {
	int listener;
	uint16_t port;
};

/* Listens, accepts one connection before the tool is there and one after, and closes both when told to. */
static void old_server_process(int channel, void *context)
{
	struct scene *scene = context;
	int old, new;

	scene->listener = listen_on(IPV4, &scene->port);
	channel_send(channel, scene->port, -1);
	old = accept_from(scene->listener);
	receive_byte(old);
	channel_send(channel, 0, -1);
	new = accept_from(scene->listener);
	receive_byte(new);
	receive_end(new);
	receive_end(old);
	close(new);
	close(old);
	close(scene->listener);
}

static void need_older_sockets(void)
{
	need_machine("socket_storage");
	need_machine("iter/task_file");
	need_machine("iter/tcp");
}

/*
 * A descriptor shows the owner of a socket that is older than the tool, and of a connection that an old listener
 * accepts. Only socket storage can be filled in that way.
 */
static void test_owners(void **state)
{
	struct run *run = *state;
	struct scene scene = {.listener = -1};
	struct helper server;
	const struct row *row;
	int old, new;

	need_older_sockets();
	server = helper_start("tv-old", old_server_process, &scene);
	scene.port = (uint16_t)channel_receive(server.channel, NULL);
	old = connect_to(IPV4, scene.port);
	send_byte(old);
	channel_receive(server.channel, NULL);
	run_start(run, NULL);
	new = connect_to(IPV4, scene.port);
	send_byte(new);
	close(new);
	close(old);
	helper_wait(&server);
	owners_check(run, &scene.port, 1);
	owners_expect_side(run, scene.port, true, server.pid, server.pid);
	owners_expect_side(run, scene.port, false, getpid(), getpid());
	row = rows_find(&run->rows, scene.port, "LISTEN", "SYN_RECV", NULL);
	owners_expect(run, row, "a child of an old listener", "listener", server.pid, "tv-old");
	row = rows_find(&run->rows, scene.port, "LISTEN", "CLOSE", NULL);
	owners_expect(run, row, "an old listener", "seed", server.pid, "tv-old");
}

#define FILL_BYTES (4 << 20)

/*
 * In a network namespace of its own: a connection that nobody has accepted, and an orphan, closed with more unsent data
 * than the other side has room for. The rest when told to.
 */
static void rest_process(int channel, void *context)
{
	struct netns netns;
	const char *why_not = netns_enter(&netns);
	int listener, waiting, writer, reader, accepted;
	char *data = allocate(FILL_BYTES);
	uint16_t port;

	(void)context;
	require(!why_not, "%s", why_not);
	memset(data, 'x', FILL_BYTES);
	listener = listen_on(IPV4, &port);
	writer = connect_to(IPV4, port);
	reader = accept_from(listener);
	require(send(writer, data, FILL_BYTES, MSG_DONTWAIT) > 0, "nothing can be sent");
	channel_send(channel, local_port(writer), -1);
	close(writer);
	waiting = connect_to(IPV4, port);
	channel_send(channel, local_port(waiting), -1);
	channel_receive(channel, NULL);

	while (recv(reader, data, FILL_BYTES, 0) > 0)
		;
	close(reader);
	close(waiting);
	accepted = accept_from(listener);
	receive_end(accepted);
	close(accepted);
	close(listener);
}

/* No duration, but how long the socket has been watched; its owner as said, -1 for none. */
static void expect_found(struct run *run, const char *what, const struct row *row, uint64_t least_ns, pid_t pid)
{
	require(row, "%s: there is no row", what);
	require(row->pid == pid, "%s: it belongs to %d (%s), not %d", what, row->pid, row->owner, pid);
	require(!row->has_duration && row->has_at_least, "%s: not found at the start: line %llu", what,
		(unsigned long long)row->line);
	require(row->at_least_us * 1000 >= (double)least_ns, "%s: watched for %.3f us only", what, row->at_least_us);
	require(row->at_least_us < (double)(now_ns() - run->base.tools[0].start_ns) / 1000,
		"%s: watched since before the start", what);
}

/* The same connection seen from its other end. */
static const struct row *other_end(const struct rows *rows, uint16_t rport, const char *oldstate)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->items[i];

		if (row->change.tuple.rport == rport && row->change.oldstate == state_number(oldstate))
			return row;
	}
	return NULL;
}

/* Sockets that no process has a descriptor of, in another network namespace. */
static void test_sockets_without_files(void **state)
{
	struct run *run = *state;
	struct helper rest;
	const struct row *row;
	uint16_t orphan, waiting;

	need_older_sockets();
	rest = helper_start("tv-rest", rest_process, NULL);
	orphan = (uint16_t)channel_receive(rest.channel, NULL);
	waiting = (uint16_t)channel_receive(rest.channel, NULL);
	run_start(run, NULL);
	sleep_ms(50);
	channel_send(rest.channel, 0, -1);
	helper_wait(&rest);
	run_stop(run);
	run_account(run, 0, NULL);
	row = other_end(&run->rows, waiting, "ESTABLISHED");
	expect_found(run, "a connection that waits to be accepted", row, 50 * NS_PER_MS, rest.pid);
	owners_expect(run, row, "a connection that waits to be accepted", "listener", rest.pid, "tv-rest");
	expect_found(run, "an orphan", rows_find(&run->rows, orphan, "FIN_WAIT1", "FIN_WAIT2", NULL), 50 * NS_PER_MS,
		     -1);
}

#define BUSY_STARTS 15
#define FEW_STARTS  3
#define FEW_AFTER_S 10

static size_t busy_sockets(void)
{
	return is_guest() ? 1000 : 8000;
}

/* Turns its sockets into listeners and back, against the order in which a scan of its descriptors finds them. */
static void busy_process(int channel, void *context)
{
	const size_t sockets = busy_sockets();
	int *fds = allocate(sockets * sizeof(*fds));
	struct netns netns;
	const char *why_not = netns_enter(&netns);

	(void)context;
	require(!why_not, "%s", why_not);
	allow_descriptors(sockets);
	for (size_t i = 0; i < sockets; i++)
		fds[i] = client_socket(IPV4);
	channel_send(channel, 0, -1);
	for (;;) {
		for (size_t i = sockets; i-- > 0;)
			require(listen(fds[i], 1) == 0, "listen() fails");
		for (size_t i = sockets; i-- > 0;)
			shutdown(fds[i], SHUT_RD);
	}
}

static int by_socket_and_line(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->change.skaddr != y->change.skaddr)
		return x->change.skaddr < y->change.skaddr ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* The scan and the program that records may both be the first to remember a socket. */
static void test_starts_while_sockets_are_busy(void **state)
{
	struct run *run = *state;
	struct helper busy;
	int starts = is_guest() ? FEW_STARTS : BUSY_STARTS; /* on a slow machine fewer */
	uint64_t begin_ns;

	need_older_sockets();
	busy = helper_start("tv-busy", busy_process, NULL);
	channel_receive(busy.channel, NULL);
	begin_ns = now_ns();
	for (int start = 0; start < starts; start++) {
		struct tool *tool = run_base_add(&run->base);
		struct rows rows;

		/* A row that is lost would make its neighbours look like twins. */
		process_resume(busy.pid);
		tool_start(tool, (const char *const[]){"--buffer-size", "64M", NULL}, -1);
		sleep_ms(30);
		/* It rests while its rows are read, which takes far longer than to make them. */
		process_pause(busy.pid);
		tool_stop(tool, SIGTERM);
		rows_read(tool->out, &rows);
		qsort(rows.items, rows.count, sizeof(*rows.items), by_socket_and_line);
		for (size_t i = 1; i < rows.count; i++)
			require(rows.items[i].change.skaddr != rows.items[i - 1].change.skaddr ||
					rows.items[i].pid != busy.pid ||
					rows.items[i].change.oldstate != rows.items[i - 1].change.oldstate,
				"printed twice: %s, lines %llu and %llu", change_text(&rows.items[i].change),
				(unsigned long long)rows.items[i - 1].line, (unsigned long long)rows.items[i].line);
		rows_free(&rows);
		tool_drop(tool);
		run->base.tool_count = 0;
		if (now_ns() - begin_ns > FEW_AFTER_S * NS_PER_SEC)
			starts = FEW_STARTS;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_first_rows),
		measured_test(test_owners),
		measured_test(test_sockets_without_files),
		measured_test(test_starts_while_sockets_are_busy),
	};

	return cmocka_run_group_tests_name("older", tests, run_group_setup, run_group_teardown);
}

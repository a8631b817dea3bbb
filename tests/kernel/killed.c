/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets that another process closes: `ss -K`, which is SOCK_DESTROY over netlink. tcp_abort() locks a socket in the
 * context of that process, as the owner does when it uses the socket. The owner stays the same.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/helper.h"
#include "lib/kernel.h"
#include "lib/netlink.h"
#include "lib/owners.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

/* 0 or a negative errno. A `remote` of 0 is for a listener. */
static int destroy(uint16_t local, uint16_t remote)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = AF_INET,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = ~0U,
		.id = {.idiag_sport = htons(local),
		       .idiag_dport = htons(remote),
		       .idiag_src = {htonl(INADDR_LOOPBACK)},
		       .idiag_dst = {remote ? htonl(INADDR_LOOPBACK) : 0},
		       .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}},
	};
	struct netlink_message message;

	netlink_begin(&message, SOCK_DESTROY, 0);
	netlink_put(&message, &request, sizeof(request));
	return netlink_ask(NETLINK_SOCK_DIAG, &message, NULL);
}

/* Kills what it is told to, as two ports, and says how that went. */
static void killer_process(int channel, void *context)
{
	(void)context;
	for (;;) {
		int local = channel_receive(channel, NULL), remote = channel_receive(channel, NULL);

		if (local < 0)
			return;
		channel_send(channel, destroy((uint16_t)local, (uint16_t)remote), -1);
	}
}

static void skip_without_destroy(void)
{
	uint16_t port;
	int listener = listen_on(IPV4, &port), error = destroy(port, 0);

	close(listener);
	if (error == -EOPNOTSUPP)
		skip_because("this kernel closes no socket for others (CONFIG_INET_DIAG_DESTROY)");
	require(!error, "SOCK_DESTROY: %s", strerror(-error));
}

static void kill_socket(const struct helper *killer, uint16_t local, uint16_t remote)
{
	int error;

	channel_send(killer->channel, local, -1);
	channel_send(killer->channel, remote, -1);
	error = channel_receive(killer->channel, NULL);
	require(!error, "SOCK_DESTROY of port %u: %s", local, strerror(-error));
}

static void end_killer(struct helper *killer)
{
	channel_send(killer->channel, -1, -1);
	channel_send(killer->channel, -1, -1);
	helper_wait(killer);
}

static void expect_killed(const struct run *run, uint16_t port, const char *oldstate, const char *owner, pid_t pid,
			  const char *comm)
{
	const struct row *row = rows_find(&run->rows, port, oldstate, "CLOSE", NULL);

	owners_expect(run, row, "a socket that was killed", owner, pid, comm);
}

static void expect_no_row_of(const struct run *run, pid_t pid)
{
	for (size_t i = 0; i < run->rows.count; i++)
		require(run->rows.items[i].pid != pid, "the killer is taken for an owner: %s",
			change_text(&run->rows.items[i].change));
}

/* Data that the helpers of a test share: filled in before they start. */
struct scene {
	uint16_t port;
	bool half_closed; /* the client says that it will send no more, before it is killed */
};

static void client_process(int channel, void *context)
{
	const struct scene *scene = context;
	int fd;

	channel_receive(channel, NULL);
	fd = connect_to(IPV4, scene->port);
	send_byte(fd);
	channel_receive(channel, NULL); /* accepted: a segment that arrives meanwhile may have no owner yet */
	if (scene->half_closed) {
		require(!shutdown(fd, SHUT_WR), "no shutdown");
		wait_for_state(fd, "FIN_WAIT2");
	}
	channel_send(channel, local_port(fd), -1);
	channel_receive(channel, NULL);
	close(fd);
}

static void kill_connection(void **state, const char *const *args, bool half_closed, const char *last_state)
{
	struct run *run = *state;
	struct scene scene = {.half_closed = half_closed};
	struct helper client, killer;
	uint16_t client_port;
	int listener, server;

	skip_without_destroy();
	run_start(run, args);
	killer = helper_start("tv-killer", killer_process, NULL); /* before there is anything to inherit */
	listener = listen_on(IPV4, &scene.port);
	client = helper_start("tv-client", client_process, &scene);
	channel_send(client.channel, 0, -1);
	server = accept_from(listener);
	receive_byte(server);
	channel_send(client.channel, 0, -1);
	client_port = (uint16_t)channel_receive(client.channel, NULL);
	kill_socket(&killer, client_port, scene.port);
	if (half_closed)
		receive_end(server);
	else
		receive_reset(server);
	channel_send(client.channel, 0, -1);
	helper_wait(&client);
	close(server);
	close(listener);
	end_killer(&killer);
	settle(&scene.port, 1);
	run_stop(run);
	run_account(run, 0, NULL);
	tool_expect_success(&run->base.tools[0]);
	expect_killed(run, client_port, last_state, "connect", client.pid, "tv-client");
	owners_expect_side(run, scene.port, false, client.pid, client.pid);
	owners_expect_side(run, scene.port, true, getpid(), args ? -1 : getpid());
	expect_no_row_of(run, killer.pid);
}

static void test_connection(void **state)
{
	kill_connection(state, NULL, false, "ESTABLISHED");
}

static void test_half_closed_connection(void **state)
{
	kill_connection(state, NULL, true, "FIN_WAIT2");
}

static void test_connection_hash(void **state)
{
	kill_connection(state, (const char *const[]){"--storage", "hash", NULL}, false, "ESTABLISHED");
}

/* Listens and accepts one connection; the next one it leaves waiting. */
static void server_process(int channel, void *context)
{
	uint16_t port;
	int listener = listen_on(IPV4, &port), accepted;

	(void)context;
	channel_send(channel, port, -1);
	accepted = accept_from(listener);
	receive_byte(accepted);
	channel_send(channel, 0, -1);
	await_connection(listener);
	channel_send(channel, 0, -1);
	channel_receive(channel, NULL);
	receive_end(accepted);
	close(accepted);
	close(listener);
}

/* A listener, and with it the connection that it has not handed out yet. */
static void kill_listener(void **state, const char *const *args)
{
	struct run *run = *state;
	struct helper server, killer;
	uint16_t port, waiting_port;
	int first, waiting;

	skip_without_destroy();
	run_start(run, args);
	killer = helper_start("tv-killer", killer_process, NULL);
	server = helper_start("tv-server", server_process, NULL);
	port = (uint16_t)channel_receive(server.channel, NULL);
	first = connect_to(IPV4, port);
	send_byte(first);
	channel_receive(server.channel, NULL);
	waiting = connect_to(IPV4, port);
	waiting_port = local_port(waiting);
	channel_receive(server.channel, NULL);
	kill_socket(&killer, port, 0);
	receive_reset(waiting);
	close(waiting);
	close(first);
	channel_send(server.channel, 0, -1);
	helper_wait(&server);
	end_killer(&killer);
	settle(&port, 1);
	run_stop(run);
	run_account(run, 0, NULL);
	tool_expect_success(&run->base.tools[0]);
	expect_no_row_of(run, killer.pid);
	expect_killed(run, port, "LISTEN", "listen", server.pid, "tv-server");
	if (args || !kernel_has_socket_storage())
		return; /* children do not inherit from the hash */
	owners_expect_side(run, port, true, server.pid, server.pid);
	owners_expect_side(run, port, false, getpid(), getpid());
	for (const struct row *row = run->rows.items, *end = row + run->rows.count; row < end; row++)
		if (row->change.tuple.lport == port && row->change.tuple.rport == waiting_port)
			owners_expect(run, row, "a connection that waited to be accepted", "listener", server.pid,
				      "tv-server");
}

static void test_listener(void **state)
{
	kill_listener(state, NULL);
}

static void test_listener_hash(void **state)
{
	kill_listener(state, (const char *const[]){"--storage", "hash", NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_connection),      measured_test(test_half_closed_connection),
		measured_test(test_connection_hash), measured_test(test_listener),
		measured_test(test_listener_hash),
	};

	return cmocka_run_group_tests_name("killed", tests, run_group_setup, run_group_teardown);
}

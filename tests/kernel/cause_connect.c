/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why connections end: connect() that fails on this host in SYN_SENT, and sockets that another process ends (ss -K). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/destroy.h"
#include "lib/ends.h"
#include "lib/netns.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

#define CLIENT_PORT 40000

static struct netns netns = {.home = -1};

static int leave(void **state)
{
	netns_leave(&netns);
	return run_teardown(state);
}

/* `client` is a socket that is not connected yet. */
static struct loopback_pair open_pair(struct run *run, enum flavour flavour, int client)
{
	struct loopback_pair pair = {.client = client};
	int error;

	run_start(run, NULL);
	pair.listener = listen_on(flavour, &pair.port);
	error = connect_socket(client, flavour, pair.port);
	require(!error, "cannot connect: %s", strerror(-error));
	pair.server = accept_from(pair.listener);
	return pair;
}

static void connect_in_vain(int fd, enum flavour flavour, uint16_t port)
{
	int error = connect_socket(fd, flavour, port);

	require(error == -EADDRNOTAVAIL, "connected or otherwise: %d", error);
}

static void enter_netns(void)
{
	const char *why = netns_enter(&netns);

	if (why)
		skip_because("%s", why);
}

/* In a namespace with one port, which is taken. Trying again does not make it another cause. */
static void check_no_port_left(struct run *run, enum flavour flavour)
{
	struct loopback_pair pair;
	int second;

	enter_netns();
	netns_set_port_range(CLIENT_PORT, CLIENT_PORT);
	pair = open_pair(run, flavour, client_socket(flavour));
	second = client_socket(flavour);
	connect_in_vain(second, flavour, pair.port);
	connect_in_vain(second, flavour, pair.port);
	close(second);
	ends_close_loopback(&pair);
	ends_check(run, pair.port,
		   ENDS({ENDS_CLIENT, "SYN_SENT", "no-port"}, {ENDS_CLIENT, "SYN_SENT", "no-port"},
			{ENDS_CLIENT, "FIN_WAIT2", "time-wait"}, {ENDS_SERVER, "LAST_ACK", "fin-remote"},
			{ENDS_LISTENER, "LISTEN", "closed"}));
}

static void test_no_port_left(void **state)
{
	check_no_port_left(*state, IPV4);
}

static void test_no_port_left_v6(void **state)
{
	check_no_port_left(*state, IPV6);
}

/* Two sockets on one local port, and the second one's connection would be the first one's. */
static void check_address_in_use(struct run *run, enum flavour flavour)
{
	struct loopback_pair pair;
	int second;

	enter_netns();
	pair = open_pair(run, flavour, client_socket_at(flavour, CLIENT_PORT));
	second = client_socket_at(flavour, CLIENT_PORT);
	connect_in_vain(second, flavour, pair.port);
	close(second);
	ends_close_loopback(&pair);
	ends_check(run, pair.port,
		   ENDS({ENDS_CLIENT, "SYN_SENT", "address-in-use"}, {ENDS_CLIENT, "FIN_WAIT2", "time-wait"},
			{ENDS_SERVER, "LAST_ACK", "fin-remote"}, {ENDS_LISTENER, "LISTEN", "closed"}));
}

static void test_address_in_use(void **state)
{
	check_address_in_use(*state, IPV4);
}

static void test_address_in_use_v6(void **state)
{
	check_address_in_use(*state, IPV6);
}

static void destroy(uint16_t local, uint16_t remote)
{
	int error = destroy_connection(local, remote);

	if (error == -EOPNOTSUPP || error == -EPROTONOSUPPORT || error == -ENOENT)
		skip_because("no SOCK_DESTROY (CONFIG_INET_DIAG_DESTROY): %s", strerror(-error));
	require(!error, "cannot destroy: %s", strerror(-error));
}

static void test_destroyed(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = open_pair(run, IPV4, client_socket(IPV4));

	destroy(local_port(pair.client), pair.port);
	receive_reset(pair.server);
	close(pair.server);
	close(pair.client);
	close(pair.listener);
	ends_check(run, pair.port,
		   ENDS({ENDS_CLIENT, "ESTABLISHED", "aborted"}, {ENDS_SERVER, "ESTABLISHED", "reset-received"},
			{ENDS_LISTENER, "LISTEN", "closed"}));
}

static void test_destroyed_in_close_wait(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = open_pair(run, IPV4, client_socket(IPV4));

	shutdown(pair.server, SHUT_WR);
	receive_end(pair.client);
	wait_for_state(pair.server, "FIN_WAIT2");
	destroy(local_port(pair.client), pair.port);
	wait_for_state(pair.server, "CLOSE");
	close(pair.server);
	close(pair.client);
	close(pair.listener);
	ends_check(run, pair.port,
		   ENDS({ENDS_CLIENT, "CLOSE_WAIT", "aborted"}, {ENDS_SERVER, "FIN_WAIT2", "reset-received"},
			{ENDS_LISTENER, "LISTEN", "closed"}));
}

/* The kernel closes a listener twice. The second time, CLOSE -> CLOSE, ends nothing. */
static void test_destroyed_listener(void **state)
{
	struct run *run = *state;
	uint16_t port;
	int listener;

	run_start(run, NULL);
	listener = listen_at(IPV4, 0);
	port = local_port(listener);
	destroy(port, 0);
	wait_for_state(listener, "CLOSE");
	close(listener);
	ends_check(run, port, ENDS({ENDS_LISTENER, "LISTEN", "closed"}, {ENDS_LISTENER, "CLOSE", ""}));
}

#define cause_test(function) cmocka_unit_test_teardown(function, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cause_test(test_no_port_left),       cause_test(test_no_port_left_v6),
		cause_test(test_address_in_use),     cause_test(test_address_in_use_v6),
		cause_test(test_destroyed),          cause_test(test_destroyed_in_close_wait),
		cause_test(test_destroyed_listener),
	};

	return cmocka_run_group_tests_name("cause_connect", tests, run_group_setup, run_group_teardown);
}

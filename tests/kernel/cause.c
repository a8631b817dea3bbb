/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a connection ended, over loopback: by FINs, or before there was one. cause_reset.c has what applications do to
 * each other besides, cause_wire.c and cause_timeout.c what takes more than loopback.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ends.h"
#include "lib/netns.h"
#include "lib/require.h"
#include "lib/rtt_traffic.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

static struct netns netns = {.home = -1};

static int leave(void **state)
{
	netns_leave(&netns);
	return run_teardown(state);
}

/* The client gets the server's FIN while its socket is still open: the move into TIME_WAIT. */
static void test_fin_while_open(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	shutdown(pair.client, SHUT_WR);
	receive_end(pair.server);
	wait_for_state(pair.client, "FIN_WAIT2");
	close(pair.server);
	receive_end(pair.client);
	close(pair.client);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "time-wait"},
			    (struct end){ENDS_SERVER, "LAST_ACK", "fin-remote"});
}

/* In a namespace that has no room for mini-sockets none is made, of which the socket knows nothing: docs/accuracy.md.
 */
static void test_no_mini_sockets(void **state)
{
	struct run *run = *state;
	const char *why = netns_enter(&netns);
	struct loopback_pair pair;

	if (why)
		skip_because("%s", why);
	rtt_set_ipv4("tcp_max_tw_buckets", "0");
	pair = ends_open_loopback(run);
	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.client, "FIN_WAIT2");
	close(pair.client);
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "fin-wait2-orphan"},
			    (struct end){ENDS_SERVER, "LAST_ACK", "reset-received"});
}

/* The server first: the causes change sides. */
static void test_server_first(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	shutdown(pair.server, SHUT_WR);
	receive_end(pair.client);
	wait_for_state(pair.server, "FIN_WAIT2");
	close(pair.client);
	receive_end(pair.server);
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "LAST_ACK", "fin-remote"},
			    (struct end){ENDS_SERVER, "FIN_WAIT2", "time-wait"});
}

/* Closed in FIN_WAIT2: __tcp_close() itself makes the mini-socket. */
static void test_orphan(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.client, "FIN_WAIT2");
	close(pair.client);
	sleep_ms(20);
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "fin-wait2-orphan"},
			    (struct end){ENDS_SERVER, "LAST_ACK", "fin-remote"});
}

/* Closed in ESTABLISHED: the ACK of the FIN makes it, in a softirq. */
static void test_orphan_at_once(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);
	int yes = 1;

	setsockopt(pair.server, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof(yes)); /* before its own FIN */
	close(pair.client);
	receive_end(pair.server);
	sleep_ms(60);
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "fin-wait2-orphan"},
			    (struct end){ENDS_SERVER, "LAST_ACK", "fin-remote"});
}

static void test_refused(void **state)
{
	struct run *run = *state;
	uint16_t port;
	int reserved, client, error;

	run_start(run, NULL);
	reserved = reserve_port(IPV4, &port);
	client = client_socket(IPV4);
	error = connect_socket(client, IPV4, port);
	require(error == -ECONNREFUSED, "connected or otherwise: %d", error);
	close(client);
	close(reserved);
	ends_check(run, port, ENDS({ENDS_CLIENT, "SYN_SENT", "refused"}));
}

/* In a namespace with one port, which is taken. */
static void test_no_port_left(void **state)
{
	struct run *run = *state;
	const char *why;
	struct loopback_pair pair;
	int second, error;

	why = netns_enter(&netns);
	if (why)
		skip_because("%s", why);
	netns_set_port_range(40000, 40000);
	pair = ends_open_loopback(run);
	second = client_socket(IPV4);
	error = connect_socket(second, IPV4, pair.port);
	require(error == -EADDRNOTAVAIL, "connected or otherwise: %d", error);
	close(second);
	shutdown(pair.client, SHUT_WR);
	receive_end(pair.server);
	wait_for_state(pair.client, "FIN_WAIT2");
	close(pair.server);
	receive_end(pair.client);
	close(pair.client);
	close(pair.listener);
	settle(&pair.port, 1);
	ends_check(run, pair.port,
		   ENDS({ENDS_CLIENT, "SYN_SENT", "local-error"}, {ENDS_CLIENT, "FIN_WAIT2", "time-wait"},
			{ENDS_SERVER, "LAST_ACK", "fin-remote"}, {ENDS_LISTENER, "LISTEN", "closed"}));
}

/* Two that nobody accepted, of which one has already got a FIN. */
static void test_listener_closed(void **state)
{
	struct run *run = *state;
	int listener, clients[2];
	uint16_t port;

	run_start(run, NULL);
	listener = listen_on(IPV4, &port);
	for (size_t i = 0; i < 2; i++)
		clients[i] = connect_to(IPV4, port);
	send_byte(clients[1]);
	shutdown(clients[1], SHUT_WR);
	wait_for_state(clients[1], "FIN_WAIT2");
	close(listener);
	for (size_t i = 0; i < 2; i++) {
		wait_for_state(clients[i], "CLOSE");
		close(clients[i]);
	}
	ends_check(run, port,
		   ENDS({ENDS_LISTENER, "LISTEN", "closed"}, {ENDS_SERVER, "ESTABLISHED", "listener-closed"},
			{ENDS_SERVER, "CLOSE_WAIT", "listener-closed"}, {ENDS_CLIENT, "ESTABLISHED", "reset-received"},
			{ENDS_CLIENT, "FIN_WAIT2", "reset-received"}));
}

/* shutdown() of a listener is its end, too. */
static void test_listener_shut_down(void **state)
{
	struct run *run = *state;
	uint16_t port;
	int listener;

	run_start(run, NULL);
	listener = listen_on(IPV4, &port);
	shutdown(listener, SHUT_RD);
	close(listener);
	ends_check(run, port, ENDS({ENDS_LISTENER, "LISTEN", "closed"}));
}

/* Not here: "out-of-memory" (cause_memory.c), and "fin-local" and "fin-both", which connections end by. */
#define cause_test(function) cmocka_unit_test_teardown(function, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cause_test(test_fin_while_open), cause_test(test_no_mini_sockets), cause_test(test_server_first),
		cause_test(test_orphan),         cause_test(test_orphan_at_once),  cause_test(test_refused),
		cause_test(test_no_port_left),   cause_test(test_listener_closed), cause_test(test_listener_shut_down),
	};

	return cmocka_run_group_tests_name("cause", tests, run_group_setup, run_group_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why connections end, over loopback: effects of applications on each other. cause_connect.c has connect() that fails
 * on this host, cause_listener.c connections in the accept queue, and cause_repair.c CRIU. cause_wire.c and
 * cause_timeout.c need more than loopback.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
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

static void set_linger2(int fd, int seconds)
{
	require(!setsockopt(fd, IPPROTO_TCP, TCP_LINGER2, &seconds, sizeof(seconds)), "no TCP_LINGER2");
}

/* TCP_LINGER2 < 0: a reset instead of a wait for the FIN. */
static void test_reset_sent_by_close(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.client, "FIN_WAIT2");
	set_linger2(pair.client, -1);
	close(pair.client);
	wait_for_state(pair.server, "CLOSE");
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "reset-sent"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "reset-received"});
}

/* The same, but the ACK of the FIN finds an orphan. */
static void test_reset_sent_by_ack(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	set_linger2(pair.client, -1);
	close(pair.client);
	wait_for_state(pair.server, "CLOSE");
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "reset-sent"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "reset-received"});
}

static void test_linger_zero(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	abort_socket(pair.client);
	receive_reset(pair.server);
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "ESTABLISHED", "aborted"},
			    (struct end){ENDS_SERVER, "ESTABLISHED", "reset-received"});
}

/* A reset in FIN_WAIT2, from CLOSE_WAIT. */
static void test_reset_in_fin_wait(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.client, "FIN_WAIT2");
	abort_socket(pair.server);
	wait_for_state(pair.client, "CLOSE");
	close(pair.client);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "reset-received"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "aborted"});
}

/* The reverse. */
static void test_reset_in_close_wait(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.client, "FIN_WAIT2");
	abort_socket(pair.client);
	wait_for_state(pair.server, "CLOSE");
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "aborted"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "reset-received"});
}

/* Data for a closed socket is answered with a reset. */
static void test_data_for_nobody(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.client, "FIN_WAIT2");
	close(pair.client);
	send_byte(pair.server);
	wait_for_state(pair.server, "CLOSE");
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "fin-wait2-orphan"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "reset-received"});
}

static void test_disconnected(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	send_byte(pair.server); /* unread, but that is not why */
	sleep_ms(1);
	require(!disconnect_socket(pair.client), "cannot disconnect");
	receive_reset(pair.server);
	close(pair.server);
	close(pair.client);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "ESTABLISHED", "aborted"},
			    (struct end){ENDS_SERVER, "ESTABLISHED", "reset-received"});
}

static void test_unread(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	send_byte(pair.client);
	await_byte(pair.server);
	close(pair.server);
	receive_reset(pair.client);
	close(pair.client);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "ESTABLISHED", "reset-received"},
			    (struct end){ENDS_SERVER, "ESTABLISHED", "unread-data"});
}

/* A look at the data (MSG_PEEK) leaves them unread. */
static void test_unread_but_seen(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);
	char byte;

	send_byte(pair.client);
	await_byte(pair.server);
	require(recv(pair.server, &byte, 1, MSG_PEEK) == 1, "nothing to be seen");
	close(pair.server);
	receive_reset(pair.client);
	close(pair.client);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "ESTABLISHED", "reset-received"},
			    (struct end){ENDS_SERVER, "ESTABLISHED", "unread-data"});
}

/* The FIN behind the data takes a sequence number, too, and is nothing to be read. */
static void test_unread_before_fin(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	send_byte(pair.client);
	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.server, "CLOSE_WAIT");
	wait_for_state(pair.client, "FIN_WAIT2"); /* the ACK may be a delayed one */
	linger_zero(pair.server);                 /* __tcp_close() looks for unread data first */
	close(pair.server);
	wait_for_state(pair.client, "CLOSE");
	close(pair.client);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "reset-received"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "unread-data"});
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

/*
 * Not here: "out-of-memory". The limits (net.ipv4.tcp_max_orphans, net.ipv4.tcp_mem) are the whole machine's, there are
 * none of a namespace's, and to reach them would take other people's connections along. tests/unit/core/cause.c has it.
 * "fin-local" and "fin-both" are of connections, not of transitions.
 */
#define cause_test(function) cmocka_unit_test_teardown(function, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cause_test(test_fin_while_open),
		cause_test(test_no_mini_sockets),
		cause_test(test_server_first),
		cause_test(test_orphan),
		cause_test(test_orphan_at_once),
		cause_test(test_reset_sent_by_close),
		cause_test(test_reset_sent_by_ack),
		cause_test(test_linger_zero),
		cause_test(test_reset_in_fin_wait),
		cause_test(test_reset_in_close_wait),
		cause_test(test_data_for_nobody),
		cause_test(test_disconnected),
		cause_test(test_unread),
		cause_test(test_unread_before_fin),
		cause_test(test_unread_but_seen),
		cause_test(test_refused),
	};

	return cmocka_run_group_tests_name("cause", tests, run_group_setup, run_group_teardown);
}

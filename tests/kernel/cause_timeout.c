/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why connections end: timers that expire after the wire was cut. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ends.h"
#include "lib/require.h"
#include "lib/rtt_traffic.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "lib/wire_pair.h"

/* Until none of the client's sockets is there any more, orphans included. */
static void wait_for_orphans(void)
{
	uint16_t port = WIRE_SERVER_PORT;

	wire_enter(&test_wire, WIRE_LEFT);
	settle(&port, 1);
	wire_leave(&test_wire);
}

static void test_timeout_connect(void **state)
{
	struct run *run = *state;
	int client;

	wire_start(run);
	client = wire_connect(&test_wire);
	set_option(client, IPPROTO_TCP, TCP_SYNCNT, 1);
	wait_for_state(client, "CLOSE");
	close(client);
	ends_check(run, WIRE_SERVER_PORT, ENDS({ENDS_CLIENT, "SYN_SENT", "timeout-connect"}));
}

/* Whatever limit it was that it ran into. */
static void test_timeout_connect_by_user(void **state)
{
	struct run *run = *state;
	int client;

	wire_start(run);
	client = wire_connect(&test_wire);
	set_option(client, IPPROTO_TCP, TCP_USER_TIMEOUT, 300);
	wait_for_state(client, "CLOSE");
	close(client);
	ends_check(run, WIRE_SERVER_PORT, ENDS({ENDS_CLIENT, "SYN_SENT", "timeout-connect"}));
}

static void test_timeout_retransmission(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = wire_start_pair(run);

	wire_set_ipv4(&test_wire, WIRE_LEFT, "tcp_retries2", "1");
	send_byte(pair.client); /* never carried */
	ends_check_cut(run, &pair, "timeout-retransmission");
}

/* Nobody waits for it any more. */
static void test_timeout_of_orphan(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = wire_start_pair(run);

	wire_set_ipv4(&test_wire, WIRE_LEFT, "tcp_orphan_retries", "1");
	close(pair.client);
	wait_for_orphans();
	abort_socket(pair.server);
	close(pair.listener);
	ends_check(run, WIRE_SERVER_PORT,
		   ENDS({ENDS_CLIENT, "FIN_WAIT1", "timeout-retransmission"}, {ENDS_SERVER, "ESTABLISHED", "aborted"},
			{ENDS_LISTENER, "LISTEN", "closed"}));
}

static void test_timeout_user(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = wire_start_pair(run);

	set_option(pair.client, IPPROTO_TCP, TCP_USER_TIMEOUT, 300);
	send_byte(pair.client);
	ends_check_cut(run, &pair, "timeout-user");
}

static void keep_alive(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

static void test_timeout_keepalive(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = wire_start_pair(run);

	keep_alive(pair.client);
	ends_check_cut(run, &pair, "timeout-keepalive");
}

static void test_timeout_user_of_keepalive(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = wire_start_pair(run);

	keep_alive(pair.client);
	set_option(pair.client, IPPROTO_TCP, TCP_KEEPCNT, 100);
	set_option(pair.client, IPPROTO_TCP, TCP_USER_TIMEOUT, 1200);
	ends_check_cut(run, &pair, "timeout-user");
}

/* The server does not read: its window fills up, and what is left can but ask for room. */
static void fill_window(const struct wire_pair *pair)
{
	static const char data[65536];
	unsigned int refusals = 0;

	set_option(pair->client, SOL_SOCKET, SO_SNDBUF, 1 << 18);
	while (refusals < 3) {
		ssize_t sent = send(pair->client, data, sizeof(data), MSG_NOSIGNAL);

		require(sent > 0 || errno == EAGAIN, "cannot send");
		refusals = sent > 0 ? 0 : refusals + 1;
		wire_carry(&test_wire);
	}
	require(!rtt_info(pair->client).tcpi_unacked && rtt_info(pair->client).tcpi_notsent_bytes,
		"it is not for lack of room that nothing is sent");
}

static void test_timeout_probe(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = wire_start_pair(run);

	wire_set_ipv4(&test_wire, WIRE_LEFT, "tcp_retries2", "1");
	fill_window(&pair);
	ends_check_pair(run, &pair, (struct end){ENDS_CLIENT, "ESTABLISHED", "timeout-probe"},
			(struct end){ENDS_SERVER, "ESTABLISHED", "unread-data"});
}

/* Every probe is answered, but no room comes of it. */
static void test_timeout_user_of_window(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = wire_start_pair(run);

	wire_set_ipv4(&test_wire, WIRE_RIGHT, "tcp_invalid_ratelimit", "0");
	fill_window(&pair);
	set_option(pair.client, IPPROTO_TCP, TCP_USER_TIMEOUT, 600);
	wire_carry_until(&test_wire, pair.client, POLLHUP);
	ends_check_pair(run, &pair, (struct end){ENDS_CLIENT, "ESTABLISHED", "timeout-user"},
			(struct end){ENDS_SERVER, "ESTABLISHED", "unread-data"});
}

/* The server has less room than it had promised: it closes its window over data that was already sent. */
static void test_timeout_of_shrunk_window(void **state)
{
	static const char data[65536];
	struct run *run = *state;
	struct wire_pair pair;

	if (access("/proc/sys/net/ipv4/tcp_rto_max_ms", W_OK))
		skip_because("no net.ipv4.tcp_rto_max_ms: it would take four minutes");
	wire_start(run);
	wire_set_ipv4(&test_wire, WIRE_LEFT, "tcp_rto_max_ms", "1000");
	pair = wire_pair_open(&test_wire);
	set_option(pair.server, SOL_SOCKET, SO_RCVBUF, 4096);
	require(send(pair.client, data, sizeof(data), MSG_NOSIGNAL) > 0, "cannot send");
	wire_carry(&test_wire);
	require(rtt_info(pair.client).tcpi_unacked && !rtt_info(pair.client).tcpi_snd_wnd, "the window is not closed");
	ends_check_pair(run, &pair, (struct end){ENDS_CLIENT, "ESTABLISHED", "timeout-retransmission"},
			(struct end){ENDS_SERVER, "ESTABLISHED", "unread-data"});
}

/* Not here: "timeout", an ETIMEDOUT of a connection that waits for nothing, for which 6.18 has no timer. */
#define cause_test(function) cmocka_unit_test_teardown(function, wire_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cause_test(test_timeout_connect),
		cause_test(test_timeout_connect_by_user),
		cause_test(test_timeout_retransmission),
		cause_test(test_timeout_of_orphan),
		cause_test(test_timeout_user),
		cause_test(test_timeout_keepalive),
		cause_test(test_timeout_user_of_keepalive),
		cause_test(test_timeout_probe),
		cause_test(test_timeout_user_of_window),
		cause_test(test_timeout_of_shrunk_window),
	};

	return cmocka_run_group_tests_name("cause_timeout", tests, run_group_setup, run_group_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Handshakes that can be measured only in part: SYN cookies, TCP_DEFER_ACCEPT, TCP fast open (docs/accuracy.md). */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/handshake.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "lib/wire_pair.h"

/* net.ipv4.tcp_fastopen: client and server, without a cookie. */
#define FASTOPEN "519"

/* Whatever the server answers to a SYN, the ACK of it comes so much later. */
#define PAUSE_MS 100

static void make_cookie_connection(struct run *run, const char *timestamps)
{
	struct wire_pair pair;

	wire_start(run);
	wire_set_ipv4(&test_wire, WIRE_RIGHT, "tcp_syncookies", "2"); /* always */
	wire_set_ipv4(&test_wire, WIRE_LEFT, "tcp_timestamps", timestamps);
	pair.listener = wire_listen(&test_wire);
	pair.client = wire_connect(&test_wire);
	wire_pass(&test_wire, WIRE_LEFT);
	wire_pass(&test_wire, WIRE_RIGHT);
	sleep_ms(PAUSE_MS);
	wire_pair_establish(&test_wire, &pair);
	handshake_end(run, &pair);
	handshake_expect(run, WIRE_LEFT, true, 0);
}

/* The server has forgotten when it sent what. */
static void test_cookie(void **state)
{
	make_cookie_connection(*state, "0");
	handshake_expect(*state, WIRE_RIGHT, false, 0);
}

/*
 * The client's timestamp tells, in whole milliseconds. But its last six bits are what the server had to remember of the
 * SYN's options, which makes it up to 64 ms too long (cookie_init_timestamp()).
 */
static void test_cookie_with_timestamps(void **state)
{
	struct run *run = *state;
	const struct row *row;

	make_cookie_connection(run, "1");
	handshake_expect(run, WIRE_RIGHT, true, 0);
	handshake_expect_ms(run, WIRE_RIGHT, PAUSE_MS - 1, PAUSE_MS + 64 + HANDSHAKE_SLACK_MS);
	row = handshake_find(run, WIRE_RIGHT);
	require(!row || !((uint64_t)(row->duration_us * 1000 + 0.5) % NS_PER_MS), "%.3f us are not whole milliseconds",
		row->duration_us);
}

/* The ACK is only noted; the socket is made when data comes, and its handshake ended with those. */
static void check_defer_accept(struct run *run, unsigned int think_ms)
{
	struct wire_pair pair;
	int seconds = 10;

	wire_start(run);
	pair.listener = wire_listen(&test_wire);
	require(!setsockopt(pair.listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds)),
		"no TCP_DEFER_ACCEPT");
	pair.client = wire_connect(&test_wire);
	wire_carry_until(&test_wire, pair.client, POLLOUT);
	wire_carry(&test_wire);
	sleep_ms(think_ms);
	send_byte(pair.client);
	wire_pair_establish(&test_wire, &pair);
	handshake_end(run, &pair);
	handshake_expect(run, WIRE_LEFT, true, 0);
	handshake_expect(run, WIRE_RIGHT, true, 0);
	handshake_expect_ms(run, WIRE_LEFT, 0, HANDSHAKE_SLACK_MS);
	handshake_expect_ms(run, WIRE_RIGHT, think_ms, think_ms + HANDSHAKE_SLACK_MS);
}

static void test_defer_accept(void **state)
{
	check_defer_accept(*state, 2 * PAUSE_MS);
}

/* Longer than a SYN-ACK waits for its ACK: which has come, so it is not sent again. */
static void test_defer_accept_long(void **state)
{
	check_defer_accept(*state, 2 * HANDSHAKE_RETRY_MS);
}

/* The SYN has data with it, for which the server makes a socket at once. */
static struct wire_pair connect_fast(struct run *run)
{
	struct sockaddr_in address = wire_address(WIRE_RIGHT, WIRE_SERVER_PORT);
	struct wire_pair pair;
	int queue = 4;
	ssize_t sent;

	wire_start(run);
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++)
		wire_set_ipv4(&test_wire, end, "tcp_fastopen", FASTOPEN);
	pair.listener = wire_listen(&test_wire);
	if (setsockopt(pair.listener, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue)))
		skip_because("no TCP_FASTOPEN");
	pair.client = wire_socket(&test_wire, WIRE_LEFT, SOCK_NONBLOCK);
	sent = sendto(pair.client, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&address, sizeof(address));
	require(sent == 1, "nothing goes with the SYN: %s", strerror(errno));
	wire_pass(&test_wire, WIRE_LEFT);
	wire_pass(&test_wire, WIRE_RIGHT);
	require(poll(&(struct pollfd){.fd = pair.listener, .events = POLLIN}, 1, 0) == 1, "it was no fast open");
	sleep_ms(PAUSE_MS);
	return pair;
}

static void end_fast(struct run *run, const struct wire_pair *pair)
{
	wait_for_state(pair->client, "ESTABLISHED");
	wait_for_state(pair->server, "ESTABLISHED");
	receive_byte(pair->server);
	handshake_end(run, pair);
	handshake_expect(run, WIRE_LEFT, true, 0);
	handshake_expect_ms(run, WIRE_LEFT, 0, HANDSHAKE_SLACK_MS);
}

/* Accepted before the ACK: SYN_RECV is the socket's own, and so is its time. */
static void test_fast_open(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = connect_fast(run);

	pair.server = accept_from(pair.listener);
	wire_carry(&test_wire);
	end_fast(run, &pair);
	handshake_expect(run, WIRE_RIGHT, true, 0);
	handshake_expect_ms(run, WIRE_RIGHT, PAUSE_MS, PAUSE_MS + HANDSHAKE_SLACK_MS);
}

/* Even if the SYN-ACK was sent again. */
static void test_fast_open_lost_ack(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = connect_fast(run);

	pair.server = accept_from(pair.listener);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_pass(&test_wire, WIRE_RIGHT);
	wire_carry(&test_wire);
	end_fast(run, &pair);
	handshake_expect(run, WIRE_RIGHT, true, 1);
	handshake_expect_ms(run, WIRE_RIGHT, HANDSHAKE_RETRY_MS * 0.95, 2 * HANDSHAKE_RETRY_MS);
}

/* Accepted after the ACK: as any other, the SYN-ACK's round trip. */
static void test_fast_open_accepted_later(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = connect_fast(run);

	wire_carry(&test_wire);
	pair.server = accept_from(pair.listener);
	end_fast(run, &pair);
	handshake_expect(run, WIRE_RIGHT, true, 0);
	handshake_expect_ms(run, WIRE_RIGHT, PAUSE_MS, PAUSE_MS + HANDSHAKE_SLACK_MS);
}

static void test_fast_open_accepted_later_lost_ack(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = connect_fast(run);

	wire_lose(&test_wire, WIRE_LEFT);
	wire_pass(&test_wire, WIRE_RIGHT);
	wire_carry(&test_wire);
	pair.server = accept_from(pair.listener);
	end_fast(run, &pair);
	handshake_expect(run, WIRE_RIGHT, false, 1);
}

#define handshake_test(function) cmocka_unit_test_teardown(function, wire_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		handshake_test(test_cookie),
		handshake_test(test_cookie_with_timestamps),
		handshake_test(test_defer_accept),
		handshake_test(test_defer_accept_long),
		handshake_test(test_fast_open),
		handshake_test(test_fast_open_lost_ack),
		handshake_test(test_fast_open_accepted_later),
		handshake_test(test_fast_open_accepted_later_lost_ack),
	};

	return cmocka_run_group_tests_name("handshake_odd", tests, run_group_setup, run_group_teardown);
}

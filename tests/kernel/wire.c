/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cases that loopback does not reliably produce: FINs that cross, a SYN without an answer, two network namespaces. */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "lib/wire_pair.h"

#define SERVER_PORT WIRE_SERVER_PORT
#define CLIENT_PORT 7744

static struct wire wire = {{-1, -1}, {-1, -1}, {0, 0}, -1};

static int close_wire(void **state)
{
	wire_close(&wire);
	return run_teardown(state);
}

static void open_wire(void)
{
	const char *why = wire_open(&wire);

	if (why)
		skip_because("%s", why);
}

static void bind_to(int fd, enum wire_end end, uint16_t port)
{
	struct sockaddr_in address = wire_address(end, port);

	require(!bind(fd, (const struct sockaddr *)&address, sizeof(address)), "cannot bind");
}

static void expect_wire_rows(struct run *run)
{
	const uint16_t port = SERVER_PORT;
	struct expectation expectation = {.ports = &port, .port_count = 1, .pid = getpid(), .comm = own_comm()};

	run_check(run, 0, &expectation);
	/* The client lives on the left and everything else on the right. */
	for (size_t i = 0; i < run->rows.count; i++) {
		const struct row *row = &run->rows.items[i];
		enum wire_end end = row->change.tuple.rport == SERVER_PORT ? WIRE_LEFT : WIRE_RIGHT;

		if (tuple_has_port(&row->change.tuple, &port, 1))
			require(row->netns == wire.netns[end], "line %llu: netns is %llu, not %llu: %s",
				(unsigned long long)row->line, (unsigned long long)row->netns,
				(unsigned long long)wire.netns[end], change_text(&row->change));
	}
}

static void test_simultaneous_close(void **state)
{
	static const char *const lives[] = {"CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 CLOSING CLOSE",
					    "LISTEN SYN_RECV ESTABLISHED FIN_WAIT1 CLOSING CLOSE", "CLOSE LISTEN CLOSE",
					    NULL};
	struct run *run = *state;
	struct wire_pair connection;

	open_wire();
	run_start(run, NULL);
	connection = wire_pair_open(&wire);
	/* Both FINs wait in the devices' queues: each side has sent its own before it gets the other's. */
	shutdown(connection.client, SHUT_WR);
	shutdown(connection.server, SHUT_WR);
	sleep_ms(30);
	wire_carry(&wire);
	receive_end(connection.client);
	receive_end(connection.server);
	close(connection.client);
	close(connection.server);
	close(connection.listener);
	wire_carry(&wire);
	run_stop(run);
	expect_wire_rows(run);
	expect_lives(&run->pairing, SERVER_PORT, lives);
}

/* Both connect to each other at the same time: one connection, no listener (RFC 9293, section 3.5). */
static void test_simultaneous_open(void **state)
{
	static const char *const lives[] = {"CLOSE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE",
					    "CLOSE SYN_SENT SYN_RECV ESTABLISHED CLOSE_WAIT LAST_ACK CLOSE", NULL};
	const uint16_t ports[WIRE_ENDS] = {CLIENT_PORT, SERVER_PORT};
	struct run *run = *state;
	int ends[WIRE_ENDS];

	open_wire();
	run_start(run, NULL);
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++) {
		struct sockaddr_in other = wire_address(!end, ports[!end]);

		ends[end] = wire_socket(&wire, end, SOCK_NONBLOCK);
		bind_to(ends[end], end, ports[end]);
		require(connect(ends[end], (const struct sockaddr *)&other, sizeof(other)) && errno == EINPROGRESS,
			"connect() did not wait for the wire");
	}
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++)
		wire_carry_until(&wire, ends[end], POLLOUT);
	wire_carry(&wire);
	close(ends[WIRE_LEFT]);
	wire_carry(&wire);
	receive_end(ends[WIRE_RIGHT]);
	close(ends[WIRE_RIGHT]);
	wire_carry(&wire);
	run_stop(run);
	expect_wire_rows(run);
	expect_lives(&run->pairing, SERVER_PORT, lives);
}

/* Nothing is carried: connect() gives up by itself, and SYN_SENT lasted as long as it took. */
static void test_syn_timeout(void **state)
{
	static const char *const lives[] = {"CLOSE SYN_SENT CLOSE", NULL};
	struct sockaddr_in address = wire_address(WIRE_RIGHT, SERVER_PORT);
	struct run *run = *state;
	const struct row *row;
	double took_us, tolerance_us;
	uint64_t begin;
	int once = 1, client, error;

	open_wire();
	run_start(run, NULL);
	client = wire_socket(&wire, WIRE_LEFT, 0);
	setsockopt(client, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof(once));
	begin = now_ns();
	error = connect(client, (const struct sockaddr *)&address, sizeof(address)) ? errno : 0;
	took_us = (double)(now_ns() - begin) / 1000;
	require(error == ETIMEDOUT, "connect() into the void ended with %s", strerror(error));
	close(client);
	run_stop(run);
	expect_wire_rows(run);
	expect_lives(&run->pairing, SERVER_PORT, lives);

	row = rows_find(&run->rows, SERVER_PORT, "SYN_SENT", "CLOSE", NULL);
	if (!row)
		return; /* accounted for as hidden or lost */
	tolerance_us = took_us * 0.05 > 100000 ? took_us * 0.05 : 100000;
	require(row->has_duration && row->duration_us <= took_us && row->duration_us > took_us - tolerance_us,
		"SYN_SENT lasted %.3f us, connect() took %.3f us", row->duration_us, took_us);
}

/* close() while the ACK of the FIN is under way: LAST_ACK -> LAST_ACK does not begin LAST_ACK anew. */
static void test_last_ack_twice(void **state)
{
	static const char *const lives[] = {"CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE",
					    "LISTEN SYN_RECV ESTABLISHED CLOSE_WAIT LAST_ACK CLOSE",
					    "CLOSE LISTEN CLOSE", NULL};
	struct run *run = *state;
	struct wire_pair connection;
	const struct row *itself, *end;

	open_wire();
	run_start(run, NULL);
	connection = wire_pair_open(&wire);
	close(connection.client);
	wire_carry(&wire);
	shutdown(connection.server, SHUT_WR);
	sleep_ms(50);
	close(connection.server);
	sleep_ms(50);
	wire_carry(&wire);
	close(connection.listener);
	run_stop(run);
	expect_wire_rows(run);
	expect_lives(&run->pairing, SERVER_PORT, lives);

	itself = rows_find(&run->rows, SERVER_PORT, "LAST_ACK", "LAST_ACK", NULL);
	end = rows_find(&run->rows, SERVER_PORT, "LAST_ACK", "CLOSE", NULL);
	if (run->losses.lost || run->pairing.hidden)
		return;
	require(itself && end, "no LAST_ACK -> LAST_ACK");
	require(itself->duration_us >= 49950 && end->duration_us >= 99950, "LAST_ACK of %.3f us and then %.3f us",
		itself->duration_us, end->duration_us);
}

/* The server's side goes away without a word: FIN_WAIT1 of an orphan ends by a timer. */
static void test_fin_timeout(void **state)
{
	struct run *run = *state;
	struct wire_pair connection;
	unsigned int timeout_ms = 1000;

	open_wire();
	run_start(run, NULL);
	connection = wire_pair_open(&wire);
	setsockopt(connection.client, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
	send_byte(connection.client); /* never carried */
	shutdown(connection.client, SHUT_WR);
	require(poll(&(struct pollfd){.fd = connection.client, .events = POLLHUP}, 1, 10000) == 1, "no timeout");
	close(connection.client);
	linger_zero(connection.server);
	close(connection.server);
	close(connection.listener);
	run_stop(run);
	expect_wire_rows(run);
	expect_lives(&run->pairing, SERVER_PORT,
		     (const char *const[]){"CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 CLOSE",
					   "LISTEN SYN_RECV ESTABLISHED CLOSE", "CLOSE LISTEN CLOSE", NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_simultaneous_close, close_wire),
		cmocka_unit_test_teardown(test_simultaneous_open, close_wire),
		cmocka_unit_test_teardown(test_last_ack_twice, close_wire),
		cmocka_unit_test_teardown(test_syn_timeout, close_wire),
		cmocka_unit_test_teardown(test_fin_timeout, close_wire),
	};

	return cmocka_run_group_tests_name("wire", tests, run_group_setup, run_group_teardown);
}

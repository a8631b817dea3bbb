/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcprtt --sample min and handshake: one sample for each connection, with the value of TCP_INFO. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/require.h"
#include "lib/rtt_sides.h"
#include "lib/test.h"
#include "lib/wire.h"

#define CONNECTIONS 5

static struct wire wire = {.namespaces = {-1, -1}, .devices = {-1, -1}, .home = -1};

static int leave(void **state)
{
	wire_close(&wire);
	return rtt_run_teardown(state);
}

/* One sample for each of the values, in its slot. */
static void check_values(struct rtt_run *run, size_t tool, const uint32_t *values, size_t count, const char *what)
{
	const struct rtt_report *report = rtt_report_of(run, tool);
	uint64_t slots[SLOT_COUNT] = {0};

	for (size_t i = 0; i < count; i++) {
		slots[rtt_slot(values[i], false)]++;
		print_message("%s%u us%s", i ? ", " : "", values[i], i == count - 1 ? "\n" : "");
	}
	require(report->count == count, "%s: %" PRIu64 " samples, not %zu", what, report->count, count);
	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++)
		require(report->slots[slot] == slots[slot], "%s: slot %u holds %" PRIu64 ", not %" PRIu64, what, slot,
			report->slots[slot], slots[slot]);
	require(!run->unmeasured, "%s: %" PRIu64 " unmeasured", what, run->unmeasured);
}

/* An abort, because the FIN's measurement could still lower it after TCP_INFO. */
static void test_min(void **state)
{
	struct rtt_run *run = *state;
	uint32_t clients[CONNECTIONS], servers[CONNECTIONS];
	struct rtt_pair pairs[CONNECTIONS];
	struct rtt_sides tools;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);

	tools = rtt_start_both(run, "min", port);
	for (unsigned int i = 0; i < CONNECTIONS; i++) {
		pairs[i] = i ? rtt_pair_open_again(IPV4, &pairs[0]) : rtt_pair_open_on(IPV4, keeper, port);
		rtt_exchange(&pairs[i], 10 * i, 1);
		rtt_pair_settle(&pairs[i]);
		clients[i] = rtt_info(pairs[i].client).tcpi_min_rtt;
		servers[i] = rtt_info(pairs[i].server).tcpi_min_rtt;
	}
	for (size_t i = CONNECTIONS; i-- > 0;)
		rtt_pair_reset(&pairs[i]);
	rtt_run_stop(run);
	check_values(run, tools.client, clients, CONNECTIONS, "clients");
	check_values(run, tools.server, servers, CONNECTIONS, "servers");
}

/* However it ends, and not for what never was a connection. */
static void test_min_once_per_connection(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_sides tools;
	struct rtt_pair pair;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port), refused;

	tools = rtt_start_both(run, "min", port);
	refused = client_socket(IPV4);
	require(connect_socket(refused, IPV4, port) == -ECONNREFUSED, "not refused");
	close(refused);
	pair = rtt_pair_open_on(IPV4, keeper, port);
	for (unsigned int i = 0; i < CONNECTIONS; i++) {
		struct rtt_pair more = rtt_pair_open_again(IPV4, &pair);

		rtt_exchange(&more, 3, 0);
		if (i == 0)
			rtt_pair_reset(&more);
		else
			rtt_pair_close(&more);
	}
	rtt_pair_close(&pair);
	rtt_run_stop(run);
	rtt_check_count(run, tools.client, CONNECTIONS + 1, 0, "clients");
	rtt_check_count(run, tools.server, CONNECTIONS + 1, 0, "servers");
}

/* Before anything else is sent the smoothed value is the handshake's. */
static void check_handshake(void **state, enum flavour flavour)
{
	struct rtt_run *run = *state;
	uint32_t clients[CONNECTIONS], servers[CONNECTIONS];
	struct rtt_pair pairs[CONNECTIONS];
	struct rtt_sides tools;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, flavour, &port), refused;

	tools = rtt_start_both(run, "handshake", port);
	refused = client_socket(flavour);
	require(connect_socket(refused, flavour, port) == -ECONNREFUSED, "not refused");
	close(refused);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		pairs[i] = i ? rtt_pair_open_again(flavour, &pairs[0]) : rtt_pair_open_on(flavour, keeper, port);
		clients[i] = rtt_info(pairs[i].client).tcpi_rtt;
		servers[i] = rtt_info(pairs[i].server).tcpi_rtt;
		rtt_exchange(&pairs[i], 10, 1);
	}
	for (size_t i = CONNECTIONS; i-- > 0;)
		rtt_pair_close(&pairs[i]);
	rtt_run_stop(run);
	check_values(run, tools.client, clients, CONNECTIONS, "clients");
	check_values(run, tools.server, servers, CONNECTIONS, "servers");
}

static void test_handshake(void **state)
{
	check_handshake(state, IPV4);
}

static void test_handshake_ipv6(void **state)
{
	check_handshake(state, IPV6);
}

static void test_handshake_mapped(void **state)
{
	check_handshake(state, MAPPED_TO_IPV4);
}

/* One socket, three connections: each has a handshake, measurements and an end of its own. */
static void test_socket_connected_again(void **state)
{
	struct rtt_run *run = *state;
	struct rtt_sides rtt, min, handshake;
	uint64_t again = 0;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port), client = client_socket(IPV4);

	require(!listen(keeper, 4), "cannot listen");
	rtt = rtt_start_both(run, "rtt", port);
	min = rtt_start_both(run, "min", port);
	handshake = rtt_start_both(run, "handshake", port);
	for (int i = 0; i < 3; i++) {
		struct rtt_pair pair = {.client = client, .port = port};

		require(!connect_socket(client, IPV4, port), "cannot connect");
		pair.server = accept_from(keeper);
		rtt_exchange(&pair, 5, 0);
		rtt_pair_settle(&pair);
		again += rtt_retransmitted(&pair);
		require(!disconnect_socket(client), "cannot disconnect"); /* sends a reset */
		receive_reset(pair.server);
		close(pair.server);
	}
	close(client);
	close(keeper);
	settle(&port, 1);
	rtt_run_stop(run);
	rtt_check_count(run, rtt.client, 3 * (1 + 5), again, "rtt of clients");
	rtt_check_count(run, rtt.server, 3 * 5, again, "rtt of servers");
	rtt_check_count(run, min.client, 3, 0, "min of clients");
	rtt_check_count(run, min.server, 3, 0, "min of servers");
	rtt_check_count(run, handshake.client, 3, 0, "handshake of clients");
	rtt_check_count(run, handshake.server, 3, 0, "handshake of servers");
}

/* Grouping goes with every kind of sample. */
static void test_groups_of_each_kind(void **state)
{
	static const char *const kinds[] = {"rtt", "min", "handshake"};
	static const uint64_t counts[] = {10 + 1, 1, 1};
	struct rtt_run *run = *state;
	struct rtt_pair pair, other;
	uint16_t port;
	char ports[2][8];
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);

	for (size_t i = 0; i < 3; i++)
		rtt_run_start(run, ARGS("--sample", kinds[i], "-p", rtt_port_text(port), "--by", "rport"));
	pair = rtt_pair_open_on(IPV4, keeper, port);
	other = rtt_pair_open_again(IPV4, &pair);
	snprintf(ports[0], sizeof(ports[0]), "%u", pair.client_port);
	snprintf(ports[1], sizeof(ports[1]), "%u", other.client_port);
	rtt_exchange(&other, 10, 0);
	rtt_exchange(&pair, 10, 0);
	rtt_pair_close(&other);
	rtt_pair_close(&pair);
	rtt_run_stop(run);
	for (size_t i = 0; i < 3; i++) {
		rtt_run_read(run, i);
		require(run->reports.count == 2, "--sample %s: %zu groups", kinds[i], run->reports.count);
		for (size_t j = 0; j < 2; j++) {
			const struct rtt_report *report = rtt_reports_find(&run->reports, ports[j]);

			require(report && !strcmp(report->sample, kinds[i]) && !strcmp(report->by, "rport"),
				"--sample %s: no group %s", kinds[i], ports[j]);
			require(report->count == counts[i] || rtt_may_lack(run),
				"--sample %s: %" PRIu64 " samples of %s, not %" PRIu64, kinds[i], report->count,
				ports[j], counts[i]);
		}
	}
}

static void set_in(enum wire_end end, const char *name, const char *value)
{
	require(!setns(wire.namespaces[end], CLONE_NEWNET), "cannot enter the namespace");
	rtt_set_ipv4(name, value);
	require(!setns(wire.home, CLONE_NEWNET), "cannot come home");
}

/* The next IPv4 packet from there: IPv6 looks for its neighbours, too. */
static size_t next_packet(enum wire_end from, char packet[4096])
{
	struct pollfd ready = {.fd = wire.devices[from], .events = POLLIN};
	ssize_t length;

	do {
		require(poll(&ready, 1, 10000) == 1, "no packet came");
		length = read(wire.devices[from], packet, 4096);
	} while (length > 0 && packet[0] >> 4 != 4);
	require(length > 0, "cannot take a packet");
	return (size_t)length;
}

static void drop_one(enum wire_end from)
{
	char packet[4096];

	next_packet(from, packet);
}

static void carry_one(enum wire_end from)
{
	char packet[4096];
	size_t length = next_packet(from, packet);

	require(write(wire.devices[!from], packet, length) == (ssize_t)length, "cannot carry a packet");
}

/*
 * The SYN-ACK is lost and sent again, and there are no time stamps: when the ACK comes the server does not know which
 * one it answers (Karn's algorithm). It has no round-trip time until it has sent data.
 */
static void test_retransmitted_handshake(void **state)
{
	struct rtt_run *run = *state;
	struct sockaddr_in address = wire_address(WIRE_RIGHT, 6750);
	const char *why = wire_open(&wire);
	const uint16_t port = 6750;
	struct rtt_expected expected;
	size_t srtt, min, handshake, client_handshake;
	int listener, client, server;

	if (why)
		skip_because("%s", why);
	set_in(WIRE_LEFT, "tcp_timestamps", "0");
	set_in(WIRE_RIGHT, "tcp_timestamps", "0");
	rtt_run_watch(run, port, port);
	srtt = rtt_run_start(run, ARGS("-p", "6750"));
	min = rtt_run_start(run, ARGS("--sample", "min", "-p", "6750"));
	handshake = rtt_run_start(run, ARGS("--sample", "handshake", "-p", "6750"));
	client_handshake = rtt_run_start(run, ARGS("--sample", "handshake", "-P", "6750"));

	listener = wire_socket(&wire, WIRE_RIGHT, 0);
	require(!bind(listener, (struct sockaddr *)&address, sizeof(address)) && !listen(listener, 4), "cannot listen");
	client = wire_socket(&wire, WIRE_LEFT, SOCK_NONBLOCK);
	require(connect(client, (struct sockaddr *)&address, sizeof(address)) && errno == EINPROGRESS,
		"connect() did not wait for the wire");
	carry_one(WIRE_LEFT);
	drop_one(WIRE_RIGHT);
	/* Now either side repeats itself, and both are answered. */
	wire_carry_until(&wire, client, POLLOUT);
	wire_carry_until(&wire, listener, POLLIN);
	server = accept_from(listener);
	wire_carry(&wire);
	for (int i = 0; i < 3; i++) {
		send_byte(client);
		wire_carry_until(&wire, server, POLLIN);
		receive_byte(server);
	}
	wire_carry(&wire);
	linger_zero(client);
	close(client);
	wire_carry(&wire);
	close(server);
	close(listener);
	rtt_run_stop(run);

	/* The client's three bytes, and what was repeated of the handshake. */
	rtt_expect(&run->log, rtt_has_lport, &port, false, 0, &expected);
	rtt_expected_free(&expected);
	require(!expected.count && expected.zeros >= 3, "the witness saw %" PRIu64 " samples, %" PRIu64 " zeros",
		expected.count, expected.zeros);
	rtt_check_unmeasured(run, srtt, expected.zeros - expected.hideable_zeros);
	rtt_check_unmeasured(run, min, 1);
	rtt_check_unmeasured(run, handshake, 1);
	rtt_report_of(run, client_handshake);
	require(run->reports.items[0].count + run->unmeasured == 1,
		"the client's handshake: %" PRIu64 " samples, %" PRIu64 " unmeasured", run->reports.items[0].count,
		run->unmeasured);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		rtt_test(test_min),
		rtt_test(test_min_once_per_connection),
		rtt_test(test_handshake),
		rtt_test(test_handshake_ipv6),
		rtt_test(test_handshake_mapped),
		rtt_test(test_socket_connected_again),
		rtt_test(test_groups_of_each_kind),
		cmocka_unit_test_teardown(test_retransmitted_handshake, leave),
	};

	return cmocka_run_group_tests_name("rtt_once", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

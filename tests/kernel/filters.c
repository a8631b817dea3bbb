/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* -4, -6, -L and -D: the whole life of each connection that matches, and no row of another one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/netns.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

/* In a namespace of its own a test may choose what no other test of this suite does. One server and one bound client
 * for each flavour. */
#define SERVER_PORT 7000
#define REFUSING    7100
#define BOUND_PORT  7500
#define CHOSEN_LOW  40000
#define CHOSEN_HIGH 40015
#define CHOSEN      "40000-40015"

struct range {
	uint16_t low, high; /* 0, 0: the end */
};

struct filter {
	const char *const *args;
	uint8_t ip_version; /* 0: both */
	struct range lports[4], rports[4];
	bool fallback; /* the arguments choose what knows less */
};

static struct netns netns = {.home = -1};

static int leave(void **state)
{
	netns_leave(&netns);
	return run_teardown(state);
}

static bool in_ranges(const struct range *ranges, uint16_t port)
{
	bool found = !ranges->high;

	for (; ranges->high; ranges++)
		found |= port >= ranges->low && port <= ranges->high;
	return found;
}

static bool begins_life(const struct change *change)
{
	return change->oldstate == state_number("CLOSE") ||
	       (change->oldstate == state_number("LISTEN") && change->newstate == state_number("SYN_RECV"));
}

/* The next event of the connection (not: of the socket) that log->events[index] belongs to; log->count at its end. */
static size_t next_of_life(const struct witness_log *log, size_t index)
{
	uint64_t skaddr = log->events[index].change.skaddr;

	for (size_t i = index + 1; i < log->count; i++)
		if (log->events[i].change.skaddr == skaddr)
			return begins_life(&log->events[i].change) ? log->count : i;
	return log->count;
}

/* By index of the log; what a connection's ports are is known at its end at the latest. */
static bool *choose_wanted(const struct witness_log *log, const struct filter *filter)
{
	bool *wanted = allocate(log->count), *decided = allocate(log->count);

	memset(decided, 0, log->count);
	for (size_t first = 0; first < log->count; first++) {
		uint16_t lport = 0, rport = 0;
		bool match;

		if (decided[first])
			continue;
		for (size_t i = first; i < log->count; i = next_of_life(log, i)) {
			const struct tuple *tuple = &log->events[i].change.tuple;

			lport = tuple->lport ? tuple->lport : lport;
			rport = tuple->rport ? tuple->rport : rport;
		}
		match = in_ranges(filter->lports, lport) && in_ranges(filter->rports, rport) &&
			(!filter->ip_version || filter->ip_version == log->events[first].change.tuple.ip_version);
		for (size_t i = first; i < log->count; i = next_of_life(log, i)) {
			decided[i] = true;
			wanted[i] = match;
		}
	}
	free(decided);
	return wanted;
}

static void connect_and_close(enum flavour flavour, int listener, int client, bool client_first)
{
	int error = connect_socket(client, flavour, local_port(listener)), server;

	require(!error, "cannot connect: %s", strerror(-error));
	server = accept_from(listener);
	if (client_first) {
		close(client);
		receive_end(server);
		close(server);
	} else {
		close(server);
		receive_end(client);
		close(client);
	}
}

static void make_traffic(void)
{
	const uint16_t ports[] = {SERVER_PORT, SERVER_PORT + 1, SERVER_PORT + 2, SERVER_PORT + 3, REFUSING};
	int client;

	for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++) {
		int listener = listen_at(flavour, SERVER_PORT + flavour);

		connect_and_close(flavour, listener, client_socket_at(flavour, BOUND_PORT + flavour), true);
		connect_and_close(flavour, listener, client_socket(flavour), false);
		connect_and_close(flavour, listener, client_socket(flavour), true);
		close(listener);
	}
	client = client_socket(IPV4);
	require(connect_socket(client, IPV4, REFUSING), "not refused");
	close(client);
	client = client_socket_at(IPV4, BOUND_PORT);
	require(connect_socket(client, IPV4, REFUSING), "not refused");
	close(client);
	settle(ports, sizeof(ports) / sizeof(*ports));
}

static void enter_namespace(void)
{
	const char *why = netns_enter(&netns);

	if (why)
		skip_because("%s", why);
	netns_set_port_range(CHOSEN_LOW, CHOSEN_HIGH);
}

static void check_filter(void **state, const struct filter *filter)
{
	static const uint16_t ports[] = {SERVER_PORT, SERVER_PORT + 1, SERVER_PORT + 2, SERVER_PORT + 3, REFUSING};
	struct run *run = *state;
	struct expectation expectation = {.ports = ports,
					  .port_count = sizeof(ports) / sizeof(*ports),
					  .pid = getpid(),
					  .comm = own_comm(),
					  .cookies_may_be_unknown = filter->fallback,
					  .owners_may_be_unknown = filter->fallback};
	bool *wanted;

	run_start(run, filter->args);
	enter_namespace();
	expectation.netns = filter->fallback ? 0 : netns.inode;
	make_traffic();
	netns_leave(&netns);
	run_stop(run);
	wanted = choose_wanted(&run->log, filter);
	expectation.wanted = wanted;
	run_check(run, 0, &expectation);
	free(wanted);
	/* A port that was asked for is a port that is shown, CLOSE -> SYN_SENT included. */
	for (size_t i = 0; i < run->rows.count; i++)
		require(in_ranges(filter->lports, run->rows.items[i].change.tuple.lport), "line %zu: %s", i + 1,
			change_text(&run->rows.items[i].change));
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_ipv4(void **state)
{
	check_filter(state, &(struct filter){.args = ARGS("-4"), .ip_version = 4});
}

static void test_ipv6(void **state)
{
	check_filter(state, &(struct filter){.args = ARGS("-6"), .ip_version = 6});
}

static void test_local_server_ports(void **state)
{
	check_filter(state,
		     &(struct filter){.args = ARGS("-L", "7000,7002-7003"), .lports = {{7000, 7000}, {7002, 7003}}});
}

static void test_local_bound_ports(void **state)
{
	check_filter(state,
		     &(struct filter){.args = ARGS("-L", "7500-7501,7503"), .lports = {{7500, 7501}, {7503, 7503}}});
}

/* CLOSE -> SYN_SENT does not know its port yet. */
static void test_local_chosen_ports(void **state)
{
	check_filter(state, &(struct filter){.args = ARGS("-L", CHOSEN), .lports = {{CHOSEN_LOW, CHOSEN_HIGH}}});
}

static void test_remote_server_ports(void **state)
{
	check_filter(state, &(struct filter){.args = ARGS("-D", "7001,7003,7100"),
					     .rports = {{7001, 7001}, {7003, 7003}, {7100, 7100}}});
}

static void test_remote_client_ports(void **state)
{
	check_filter(state, &(struct filter){.args = ARGS("-D", "7500-7502"), .rports = {{7500, 7502}}});
}

static void test_both_ports_of_servers(void **state)
{
	check_filter(state, &(struct filter){.args = ARGS("-L", "7000-7002", "-D", CHOSEN),
					     .lports = {{7000, 7002}},
					     .rports = {{CHOSEN_LOW, CHOSEN_HIGH}}});
}

static void test_both_ports_of_clients(void **state)
{
	check_filter(state, &(struct filter){.args = ARGS("-L", CHOSEN, "-D", "7000,7100"),
					     .lports = {{CHOSEN_LOW, CHOSEN_HIGH}},
					     .rports = {{7000, 7000}, {7100, 7100}}});
}

/* The dual-stack listener is IPv6, its children are not, and they know its owner all the same. */
static void test_ipv4_and_local_port(void **state)
{
	check_filter(state, &(struct filter){
				    .args = ARGS("-4", "-L", "7001-7002"), .ip_version = 4, .lports = {{7001, 7002}}});
}

static void test_ipv6_and_chosen_ports(void **state)
{
	check_filter(state, &(struct filter){.args = ARGS("-6", "-L", CHOSEN),
					     .ip_version = 6,
					     .lports = {{CHOSEN_LOW, CHOSEN_HIGH}}});
}

static void test_local_ports_without_socket_storage(void **state)
{
	check_filter(state, &(struct filter){.args = ARGS("-L", CHOSEN ",7000", "--storage", "hash"),
					     .lports = {{CHOSEN_LOW, CHOSEN_HIGH}, {7000, 7000}},
					     .fallback = true});
}

static void test_ports_at_the_classic_tracepoint(void **state)
{
	check_filter(state,
		     &(struct filter){.args = ARGS("-4", "-L", CHOSEN, "-D", "7000-7002", "--hook", "tracepoint"),
				      .ip_version = 4,
				      .lports = {{CHOSEN_LOW, CHOSEN_HIGH}},
				      .rports = {{7000, 7002}},
				      .fallback = true});
}

/*
 * One socket, three connections, of which the second is not asked for: the third does not take the end of the first for
 * the beginning of its CLOSE.
 */
static void test_socket_out_of_scope_for_a_while(void **state)
{
	static const uint16_t ports[] = {SERVER_PORT, SERVER_PORT + 1};
	static const struct filter filter = {.rports = {{SERVER_PORT, SERVER_PORT}}};
	struct run *run = *state;
	struct expectation expectation = {.ports = ports, .port_count = 2, .pid = getpid(), .comm = own_comm()};
	int listeners[2], client;
	bool *wanted;

	run_start(run, ARGS("-D", "7000"));
	enter_namespace();
	listeners[0] = listen_at(IPV4, ports[0]);
	listeners[1] = listen_at(IPV4, ports[1]);
	client = client_socket(IPV4);
	for (size_t i = 0; i < 3; i++) {
		int error = connect_socket(client, IPV4, ports[i % 2]);

		require(!error, "cannot connect: %s", strerror(-error));
		close(accept_from(listeners[i % 2]));
		receive_end(client);
		sleep_ms(20);
		require(!disconnect_socket(client), "cannot disconnect");
	}
	close(client);
	close(listeners[0]);
	close(listeners[1]);
	settle(ports, 2);
	netns_leave(&netns);
	run_stop(run);
	wanted = choose_wanted(&run->log, &filter);
	expectation.wanted = wanted;
	/* After a time out of scope nobody has to know, but who does shall be right. */
	expectation.durations_may_be_unknown = true;
	run_check(run, 0, &expectation);
	free(wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_ipv4, leave),
		cmocka_unit_test_teardown(test_ipv6, leave),
		cmocka_unit_test_teardown(test_local_server_ports, leave),
		cmocka_unit_test_teardown(test_local_bound_ports, leave),
		cmocka_unit_test_teardown(test_local_chosen_ports, leave),
		cmocka_unit_test_teardown(test_remote_server_ports, leave),
		cmocka_unit_test_teardown(test_remote_client_ports, leave),
		cmocka_unit_test_teardown(test_both_ports_of_servers, leave),
		cmocka_unit_test_teardown(test_both_ports_of_clients, leave),
		cmocka_unit_test_teardown(test_ipv4_and_local_port, leave),
		cmocka_unit_test_teardown(test_ipv6_and_chosen_ports, leave),
		cmocka_unit_test_teardown(test_local_ports_without_socket_storage, leave),
		cmocka_unit_test_teardown(test_ports_at_the_classic_tracepoint, leave),
		cmocka_unit_test_teardown(test_socket_out_of_scope_for_a_while, leave),
	};

	return cmocka_run_group_tests_name("filters", tests, run_group_setup, run_group_teardown);
}

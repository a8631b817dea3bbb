/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcprtt --by conn: a group is a connection, not its addresses and ports, and joins with the rows of tcpstates. Runs in
 * a network namespace of the test's own.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/kernel.h"
#include "lib/netns.h"
#include "lib/require.h"
#include "lib/rtt_report.h"
#include "lib/run_base.h"
#include "lib/traffic.h"

#define PORT        6771
#define PORT_TEXT   "6771"
#define LOCAL(port) "127.0.0.1:" port "->127.0.0.1:" PORT_TEXT

static struct netns netns = {.home = -1};
static struct run_base *base;
static int listener = -1;

/* Once in a test. */
static void enter(void)
{
	const char *why = netns.home < 0 ? netns_enter(&netns) : NULL;

	if (why)
		skip_because("%s", why);
	if (listener < 0)
		listener = listen_at(IPV4, PORT);
}

static int setup(void **state)
{
	int failed = run_base_group_setup(state);

	base = *state;
	return failed;
}

static int leave(void **state)
{
	run_base_teardown(state);
	if (listener >= 0)
		close(listener);
	listener = -1;
	netns_leave(&netns);
	return 0;
}

#define start(name, ...) (enter(), run_base_start(base, name, ARGS("-v", __VA_ARGS__)))

static void stop(void)
{
	run_base_stop(base);
	run_base_expect_success(base);
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	require(!getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) && cookie, "no cookie");
	return cookie;
}

static int connect_client(int client)
{
	int error = connect_socket(client, IPV4, PORT);

	require(!error, "cannot connect: %s", strerror(-error));
	return accept_from(listener);
}

/* A connection that leaves no TIME_WAIT: its ports are free then. Its client's cookie. */
static uint64_t play(uint16_t port, unsigned int times)
{
	int client = client_socket_at(IPV4, port), server = connect_client(client);
	uint64_t cookie = cookie_of(client);

	exchange_bytes(client, server, times);
	abort_socket(client);
	receive_reset(server);
	close(server);
	return cookie;
}

/* Two connections of one socket. */
static uint64_t play_twice(uint16_t port, unsigned int first, unsigned int second)
{
	int client = client_socket_at(IPV4, port), server = connect_client(client);
	uint64_t cookie = cookie_of(client);

	exchange_bytes(client, server, first);
	require(!disconnect_socket(client), "cannot disconnect");
	receive_reset(server);
	close(server);
	server = connect_client(client);
	exchange_bytes(client, server, second);
	abort_socket(client);
	receive_reset(server);
	close(server);
	return cookie;
}

static uint64_t check(const struct rtt_reports *reports, const char *key, uint64_t cookie, int64_t conn_seq)
{
	const struct rtt_report *report = rtt_reports_find(reports, key);

	require(report, "no group %s", key);
	require(report->cookie == cookie && report->conn_seq == conn_seq, "%s: cookie %" PRIu64 ", conn_seq %" PRId64,
		key, report->cookie, report->conn_seq);
	print_message("%s: %" PRIu64 " samples\n", key, report->count);
	return report->count;
}

/* The row that tells of the beginning of that connection. */
static void check_joined(const struct rtt_report *report, const struct rows *rows)
{
	size_t begun = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->items[i];

		begun += row->cookie == report->cookie && (int64_t)row->conn_seq == report->conn_seq &&
			 row->change.newstate == state_number("ESTABLISHED");
	}
	require(begun == 1, "%s has %zu connections of tcpstates", report->key, begun);
}

static const char *name_of(uint16_t port, uint64_t cookie)
{
	static char names[2][64];
	static int turn;
	char *name = names[turn = !turn];

	snprintf(name, sizeof(names[0]), "127.0.0.1:%u->127.0.0.1:" PORT_TEXT "#%" PRIu64, port, cookie);
	return name;
}

/* This machine may hide some segments from BPF. */
static void expect_more(uint64_t more, uint64_t less)
{
	require(more > less + 10, "samples of the one are counted for the other");
}

static void need_cookies(void)
{
	if (!kernel_has_socket_storage())
		skip_because("no cookies in tp_btf before Linux 5.12");
}

static void test_same_ports(void **state)
{
	struct tool *client, *server, *rtt, *states;
	struct rtt_reports reports;
	uint64_t first, second, alone;
	struct rows rows;

	(void)state;
	need_cookies();
	client = start("tcprtt", "--by", "conn", "-P", PORT_TEXT, "-o", "json");
	server = start("tcprtt", "--by", "conn", "-p", PORT_TEXT, "-o", "json");
	rtt = start("tcprtt", "--sample", "rtt", "--by", "conn", "-P", PORT_TEXT, "-o", "json");
	states = start("tcpstates", "-o", "json", "-D", PORT_TEXT);
	first = play(6801, 10);
	alone = play(6802, 10);
	second = play(6801, 40);
	stop();
	rtt_reports_read(client->out, &reports);
	require(reports.count == 3, "%zu groups", reports.count);
	expect_more(check(&reports, name_of(6801, second), second, 0), check(&reports, name_of(6801, first), first, 0));
	check(&reports, LOCAL("6802"), alone, 0);
	rows_read(states->out, &rows);
	for (size_t i = 0; i < reports.count; i++)
		check_joined(&reports.items[i], &rows);
	rows_free(&rows);
	free(reports.items);
	rtt_reports_read(server->out, &reports);
	require(reports.count == 3, "%zu groups of servers", reports.count);
	free(reports.items);
	rtt_reports_read(rtt->out, &reports);
	require(reports.count == 3, "--sample rtt: %zu groups", reports.count);
	check(&reports, name_of(6801, second), second, 0);
	free(reports.items);
}

static void test_same_socket(void **state)
{
	struct tool *client, *states;
	struct rtt_reports reports;
	struct rows rows;
	uint64_t cookie;
	char again[96];

	(void)state;
	need_cookies();
	client = start("tcprtt", "--by", "conn", "-P", PORT_TEXT, "-o", "json");
	states = start("tcpstates", "-o", "json", "-D", PORT_TEXT);
	cookie = play_twice(6803, 10, 40);
	stop();
	rtt_reports_read(client->out, &reports);
	require(reports.count == 2, "%zu groups", reports.count);
	snprintf(again, sizeof(again), "%s.1", name_of(6803, cookie));
	expect_more(check(&reports, again, cookie, 1), check(&reports, name_of(6803, cookie), cookie, 0));
	rows_read(states->out, &rows);
	for (size_t i = 0; i < reports.count; i++)
		check_joined(&reports.items[i], &rows);
	rows_free(&rows);
	free(reports.items);
}

/* One that was there before the tool has a cookie, too, though nobody had asked for it. */
static void test_older(void **state)
{
	struct rtt_reports reports;
	struct tool *tool;
	int client, server;

	(void)state;
	enter();
	client = client_socket_at(IPV4, 6804);
	server = connect_client(client);
	tool = start("tcprtt", "--by", "conn", "-P", PORT_TEXT, "-o", "json");
	exchange_bytes(client, server, 20);
	stop();
	rtt_reports_read(tool->out, &reports);
	require(reports.count == 1, "%zu groups", reports.count);
	check(&reports, LOCAL("6804"), kernel_has_socket_storage() ? cookie_of(client) : 0, 0);
	free(reports.items);
	close(client);
	close(server);
}

/* Where there is no socket storage, there is no cookie; then it is the addresses and ports that count. */
static void test_hash(void **state)
{
	struct tool *tool = start("tcprtt", "--by", "conn", "-P", PORT_TEXT, "-o", "json", "--storage", "hash");
	struct rtt_reports reports;

	(void)state;
	play(6805, 10);
	play(6805, 10);
	stop();
	rtt_reports_read(tool->out, &reports);
	require(reports.count == 1, "%zu groups", reports.count);
	check(&reports, LOCAL("6805"), 0, 0);
	free(reports.items);
}

#define test(function) cmocka_unit_test_teardown(function, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_same_ports),
		test(test_same_socket),
		test(test_older),
		test(test_hash),
	};

	return cmocka_run_group_tests_name("rtt_conn", tests, setup, run_base_group_teardown);
}

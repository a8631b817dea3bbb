/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Listeners: a scope without their connections, shared ports, network namespaces, and SYN cookies. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/listener.h"
#include "lib/listening.h"
#include "lib/netns.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "probe/probe.h"

#define BACKLOG 3

/* A listener is in scope, and its children are not: -6, an IPv6 listener, IPv4 children. They count all the same. */
static void test_children_out_of_scope(void **state)
{
	struct listener_table table = {};
	struct probe probe = PROBE_CLOSED;
	const struct listener_row *row;
	int listener, client, server;
	uint16_t port;

	(void)state;
	listener = listen_on(IPV4_TO_DUAL_STACK, &port);
	listening_open(port, '6', STORAGE_AUTO, &probe);
	assert_non_null(listening_walk(&probe, &table));
	client = listening_connect(listener, IPV4_TO_DUAL_STACK, port, 1);
	row = listening_walk(&probe, &table);
	assert_non_null(row);
	listening_check(row, 1, 0, 1, 1, LISTENER_FINE);
	server = accept_from(listener);
	row = listening_walk(&probe, &table);
	assert_non_null(row);
	listening_check(row, 0, 1, 0, 1, LISTENER_FINE);
	close(client);
	close(server);
	close(listener);
	settle(&port, 1);
	probe_close(&probe);
	listener_table_close(&table);
}

/* Another listener on the port of 127.0.0.1, which its listeners share. */
static int listen_beside(uint16_t port, int backlog)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	require(fd >= 0, "no socket");
	set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	require(!bind(fd, (struct sockaddr *)&address, sizeof(address)), "no bind: %s", strerror(errno));
	require(!listen(fd, backlog), "no listener");
	return fd;
}

/* Two sockets that listen on one port, and one on the same port in another network namespace: three rows. */
static void test_several(void **state)
{
	struct listener_table table = {};
	struct probe probe = PROBE_CLOSED;
	struct netns netns;
	int listeners[3];
	uint32_t limits = 0;
	const char *why;
	uint16_t port;

	(void)state;
	listeners[0] = reserve_port(IPV4, &port);
	set_option(listeners[0], SOL_SOCKET, SO_REUSEPORT, 1);
	listeners[1] = listen_beside(port, BACKLOG);
	require(!listen(listeners[0], BACKLOG + 1), "no listener");
	why = netns_enter(&netns);
	if (why)
		skip_because("%s", why);
	listeners[2] = listen_at(IPV4, port);
	require(!listen(listeners[2], BACKLOG + 2), "no listener");
	listening_open(port, 0, STORAGE_AUTO, &probe);
	listening_walk(&probe, &table);
	assert_int_equal(table.count, 3);
	for (size_t i = 0; i < table.count; i++) {
		const struct listener_record *now = &table.rows[i].now;

		listening_check_owner(&table.rows[i], OWNER_SEED);
		assert_int_equal(now->socket.lport, port);
		assert_true((now->socket.netns == netns.inode) == (now->limit == BACKLOG + 2));
		limits |= 1U << now->limit;
	}
	assert_int_equal(limits, 7U << BACKLOG);
	probe_close(&probe);
	listener_table_close(&table);
	close(listeners[2]);
	netns_leave(&netns);
	close(listeners[0]);
	close(listeners[1]);
}

static void write_syncookies(const char *value)
{
	int fd = open("/proc/sys/net/ipv4/tcp_syncookies", O_WRONLY | O_CLOEXEC);

	require(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value), "no tcp_syncookies");
	close(fd);
}

/* A SYN cookie for each SYN (2), in a network namespace of the test's own; then with SO_REUSEPORT. */
static void test_syn_cookies(void **state)
{
	struct listener_table table = {};
	struct probe probe = PROBE_CLOSED;
	const struct listener_row *row;
	int listener, client, server;
	struct netns netns;
	const char *why;
	uint16_t port;
	bool known;

	(void)state;
	why = netns_enter(&netns);
	if (why)
		skip_because("%s", why);
	if (access("/proc/sys/net/ipv4/tcp_syncookies", W_OK)) {
		netns_leave(&netns);
		skip_because("no net.ipv4.tcp_syncookies");
	}
	for (int shared = 0; shared < 2; shared++) {
		write_syncookies("2");
		listener = reserve_port(IPV4, &port);
		set_option(listener, SOL_SOCKET, SO_REUSEPORT, shared);
		require(!listen(listener, BACKLOG), "no listener");
		listening_open(port, 0, STORAGE_AUTO, &probe);
		row = listening_walk(&probe, &table);
		assert_non_null(row);
		assert_int_equal(row->now.syn_cookies, 2);
		assert_false(listener_uses_cookies(&row->now, &known));
		assert_true(known);
		client = listening_connect(listener, IPV4, port, 1);
		server = accept_from(listener);
		write_syncookies("0");
		row = listening_walk(&probe, &table);
		assert_non_null(row);
		listening_check(row, 1, 1, 1, 1, LISTENER_FINE);
		assert_int_equal(row->now.syn_cookies, 0);
		assert_true(listener_uses_cookies(&row->now, &known));
		assert_true(row->now.syn_cookie_age_ns < 20 * NS_PER_SEC);
		close(client);
		close(server);
		close(listener);
		probe_close(&probe);
		listener_table_close(&table);
	}
	netns_leave(&netns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_children_out_of_scope),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_syn_cookies),
	};

	return cmocka_run_group_tests_name("listener_places", tests, run_base_group_setup, run_base_group_teardown);
}

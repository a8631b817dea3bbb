/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Listeners (tcpstates --listeners): accept queues, accepts and drops between walks, owners, scope, network namespaces
 * and SYN cookies. The witness is the kernel: TCP_INFO and SO_MEMINFO of the listening socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/listener.h"
#include "core/scope.h"
#include "lib/machine.h"
#include "lib/netns.h"
#include "lib/process.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "os/clock.h"
#include "probe/probe.h"
#include "probe/snapshot.h"

#define BACKLOG 3
#define DROPS   5

static struct scope scope; /* too much for some stacks */

/* `family`: '4', '6', or 0 for both. */
static void open_probe(uint16_t port, char family, enum probe_storage storage, struct probe *ret)
{
	struct probe_wants wants = {
		.tool = "listeners",
		.emits = EMIT_LISTENERS,
		.scope = &scope,
		.owners = true,
		.uses_older_sockets = true,
		.storage = storage,
		.hash_size = 1024,
		.buffer_size = 1 << 16,
		.rings = 1,
	};
	struct parse_error unused;
	struct probe_error why;
	char text[8];

	if (storage == STORAGE_SOCKET)
		need_machine("socket_storage");
	snprintf(text, sizeof(text), "%u", port);
	memset(&scope, 0, sizeof(scope));
	require(!scope_add_ports(&scope, false, text, &unused), "no port");
	scope.settings.ip_version = family ? (uint8_t)(family - '0') : 0;
	require(!scope_complete(&scope, false, &unused), "no scope");
	require(!probe_open(&wants, ret, &why), "%s", why.text);
}

static void add(void *context, const struct listener_record *record)
{
	require(!listener_table_add(context, record), "no memory");
}

/* Walks. Returns the only listener, or NULL if there are others or none. */
static const struct listener_row *walk(struct probe *probe, struct listener_table *table)
{
	struct netns_omissions omissions;
	uint32_t unjudged;

	listener_table_begin(table);
	require(!listeners_take(probe, clock_monotonic_ns(), add, table, &unjudged, &omissions), "no walk");
	listener_table_end(table);
	assert_int_equal(unjudged, 0);
	return table->count == 1 ? &table->rows[0] : NULL;
}

static uint32_t drops_of(int listener)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t size = sizeof(memory);

	require(!getsockopt(listener, SOL_SOCKET, SO_MEMINFO, memory, &size), "no SO_MEMINFO");
	return memory[SK_MEMINFO_DROPS];
}

/* The kernel shows the accept queue of a listener in these members. */
static uint32_t backlog_of(int listener, uint32_t *ret_limit)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	require(!getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size), "no TCP_INFO");
	*ret_limit = info.tcpi_sacked;
	return info.tcpi_unacked;
}

/* Connects, and waits until so many are in the accept queue. */
static int connect_until(int listener, enum flavour flavour, uint16_t port, uint32_t backlog)
{
	int client = connect_to(flavour, port);
	uint64_t end_ns = now_ns() + 10 * NS_PER_SEC;
	uint32_t limit;

	while (backlog_of(listener, &limit) != backlog)
		require(now_ns() < end_ns, "not %u in the accept queue", backlog);
	return client;
}

static void check_kernel(const struct listener_row *row, int listener)
{
	uint32_t limit;

	assert_non_null(row);
	assert_int_equal(row->now.backlog, backlog_of(listener, &limit));
	assert_int_equal(row->now.limit, limit);
	assert_int_equal(row->now.drops, drops_of(listener));
}

static void check_counts(const struct listener_row *row, uint32_t queued, uint32_t accepted, uint32_t highest,
			 uint32_t highest_ever, enum listener_overflow overflow)
{
	assert_true(listener_counts(row));
	assert_int_equal(row->queued, queued);
	assert_int_equal(row->accepted, accepted);
	assert_int_equal(row->highest, highest);
	assert_int_equal(row->highest_ever, highest_ever);
	assert_int_equal(row->overflow, overflow);
}

static void check_owner(const struct listener_row *row, enum owner_source source)
{
	const struct owner *owner = &row->now.socket.owner;

	assert_int_equal(owner->source, source);
	assert_int_equal(owner->pid, getpid());
	assert_string_equal(owner->comm, own_comm());
}

/* The scene of a short queue: three come, a fourth fills it, all but one are accepted. */
static void play_queue(struct probe *probe, struct listener_table *table, int listener, uint16_t port)
{
	int clients[BACKLOG + 1], servers[BACKLOG];
	const struct listener_row *row;

	require(!listen(listener, BACKLOG), "no short queue");
	for (uint32_t i = 0; i < BACKLOG; i++)
		clients[i] = connect_until(listener, IPV4, port, i + 1);
	row = walk(probe, table);
	check_kernel(row, listener);
	assert_int_equal(row->now.limit, BACKLOG);
	check_counts(row, BACKLOG, 0, BACKLOG, BACKLOG, LISTENER_FINE);
	clients[BACKLOG] = connect_until(listener, IPV4, port, BACKLOG + 1);
	for (int i = 0; i < BACKLOG; i++)
		servers[i] = accept_from(listener);
	row = walk(probe, table);
	check_kernel(row, listener);
	assert_int_equal(row->now.backlog, 1);
	check_counts(row, 1, BACKLOG, BACKLOG + 1, BACKLOG + 1, LISTENER_FULL);
	row = walk(probe, table);
	check_counts(row, 0, 0, 1, BACKLOG + 1, LISTENER_FINE);
	for (int i = 0; i < BACKLOG; i++)
		close(servers[i]);
	for (int i = 0; i <= BACKLOG; i++)
		close(clients[i]);
}

static void play_new(enum probe_storage storage)
{
	struct listener_table table = {};
	const struct listener_row *row;
	struct probe probe = PROBE_CLOSED;
	int reserved, listener;
	uint16_t port;

	reserved = reserve_port(IPV4, &port);
	open_probe(port, 0, storage, &probe);
	assert_null(walk(&probe, &table));
	assert_int_equal(table.count, 0);
	close(reserved);
	listener = listen_at(IPV4, port);
	row = walk(&probe, &table);
	check_kernel(row, listener);
	check_counts(row, 0, 0, 0, 0, LISTENER_FINE);
	check_owner(row, OWNER_LISTEN);
	play_queue(&probe, &table, listener, port);
	close(listener);
	settle(&port, 1);
	assert_null(walk(&probe, &table));
	assert_int_equal(table.count, 0);
	probe_close(&probe);
	listener_table_close(&table);
}

static void test_new(void **state)
{
	(void)state;
	play_new(STORAGE_SOCKET);
}

static void test_new_in_hash(void **state)
{
	(void)state;
	play_new(STORAGE_HASH);
}

/* Nothing is known of the time before the first walk, except the drops. */
static void play_older(enum probe_storage storage)
{
	struct listener_table table = {};
	const struct listener_row *row;
	struct probe probe = PROBE_CLOSED;
	uint16_t port;
	int listener = listen_on(IPV4, &port), client = connect_until(listener, IPV4, port, 1);

	open_probe(port, 0, storage, &probe);
	row = walk(&probe, &table);
	check_kernel(row, listener);
	check_owner(row, OWNER_SEED);
	assert_false(listener_counts(row));
	assert_int_equal(row->highest_ever, 1);
	close(accept_from(listener));
	row = walk(&probe, &table);
	assert_non_null(row);
	check_counts(row, 0, 1, 0, 1, LISTENER_FINE);
	play_queue(&probe, &table, listener, port);
	close(client);
	close(listener);
	settle(&port, 1);
	probe_close(&probe);
	listener_table_close(&table);
}

static void test_older(void **state)
{
	(void)state;
	play_older(STORAGE_SOCKET);
}

static void test_older_in_hash(void **state)
{
	(void)state;
	play_older(STORAGE_HASH);
}

/* Drops until a moment before the walk, and after it; those before the start are past. */
static void test_overflow(void **state)
{
	struct listener_table table = {};
	const struct listener_row *row;
	struct probe probe = PROBE_CLOSED;
	int clients[8 * DROPS], count = 0;
	uint32_t before = 0;
	uint16_t port;
	int listener = listen_on(IPV4, &port);

	(void)state;
	require(!listen(listener, 0), "no short queue");
	for (int round = 0; round < 3; round++) {
		while (drops_of(listener) < before + DROPS) {
			require(count < 8 * DROPS, "%u drops only", drops_of(listener));
			clients[count] = client_socket(IPV4);
			require(!fcntl(clients[count], F_SETFL, O_NONBLOCK), "no O_NONBLOCK");
			connect_socket(clients[count++], IPV4, port);
		}
		if (!round)
			open_probe(port, 0, STORAGE_AUTO, &probe);
		row = walk(&probe, &table);
		check_kernel(row, listener);
		assert_int_equal(row->dropped, round ? row->now.drops - before : 0);
		assert_int_equal(row->overflow, round ? LISTENER_OVERFLOWED : LISTENER_FULL);
		before = row->now.drops;
	}
	/* Clients that were dropped try again, but not within a second. */
	for (int i = 0; i < count; i++)
		close(clients[i]);
	close(listener);
	settle(&port, 1);
	probe_close(&probe);
	listener_table_close(&table);
}

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
	open_probe(port, '6', STORAGE_AUTO, &probe);
	assert_non_null(walk(&probe, &table));
	client = connect_until(listener, IPV4_TO_DUAL_STACK, port, 1);
	row = walk(&probe, &table);
	assert_non_null(row);
	check_counts(row, 1, 0, 1, 1, LISTENER_FINE);
	server = accept_from(listener);
	row = walk(&probe, &table);
	assert_non_null(row);
	check_counts(row, 0, 1, 0, 1, LISTENER_FINE);
	close(client);
	close(server);
	close(listener);
	settle(&port, 1);
	probe_close(&probe);
	listener_table_close(&table);
}

/* Several sockets listen on one port: several rows. A row each for a namespace where the walk starts, and another. */
static void test_several(void **state)
{
	struct listener_table table = {};
	struct probe probe = PROBE_CLOSED;
	struct netns netns;
	int listeners[3];
	const char *why;
	uint16_t port;

	(void)state;
	listeners[0] = reserve_port(IPV4, &port);
	set_option(listeners[0], SOL_SOCKET, SO_REUSEPORT, 1);
	for (int i = 1; i < 2; i++) {
		struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

		listeners[i] = socket(AF_INET, SOCK_STREAM, 0);
		set_option(listeners[i], SOL_SOCKET, SO_REUSEPORT, 1);
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		require(!bind(listeners[i], (struct sockaddr *)&address, sizeof(address)), "no bind: %s",
			strerror(errno));
		require(!listen(listeners[i], BACKLOG), "no listener");
	}
	require(!listen(listeners[0], BACKLOG + 1), "no listener");
	why = netns_enter(&netns);
	if (why)
		skip_because("%s", why);
	listeners[2] = listen_at(IPV4, port);
	open_probe(port, 0, STORAGE_AUTO, &probe);
	walk(&probe, &table);
	assert_int_equal(table.count, 3);
	for (size_t i = 0; i < table.count; i++) {
		check_owner(&table.rows[i], OWNER_SEED);
		assert_int_equal(table.rows[i].now.socket.lport, port);
	}
	assert_int_not_equal(table.rows[0].now.socket.cookie, table.rows[1].now.socket.cookie);
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
		open_probe(port, 0, STORAGE_AUTO, &probe);
		row = walk(&probe, &table);
		assert_non_null(row);
		assert_int_equal(row->now.syn_cookies, 2);
		assert_false(listener_uses_cookies(&row->now, &known));
		assert_true(known);
		client = connect_until(listener, IPV4, port, 1);
		server = accept_from(listener);
		write_syncookies("0");
		row = walk(&probe, &table);
		assert_non_null(row);
		check_counts(row, 1, 1, 1, 1, LISTENER_FINE);
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
		cmocka_unit_test(test_new),      cmocka_unit_test(test_new_in_hash),
		cmocka_unit_test(test_older),    cmocka_unit_test(test_older_in_hash),
		cmocka_unit_test(test_overflow), cmocka_unit_test(test_children_out_of_scope),
		cmocka_unit_test(test_several),  cmocka_unit_test(test_syn_cookies),
	};

	return cmocka_run_group_tests_name("listeners", tests, run_base_group_setup, run_base_group_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcpstates --retransmits: rows of lost segments, compared with /proc/net/snmp of both ends and with TCP_INFO.
 * retransmissions_scope.c has the filters, and many losses.
 */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/icmp.h"
#include "lib/machine.h"
#include "lib/require.h"
#include "lib/retransmission_rows.h"
#include "lib/retransmission_scene.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "lib/wire_pair.h"

static struct retransmission_rows rows;

static uint64_t cookie_of(int fd)
{
	uint64_t cookie;
	socklen_t size = sizeof(cookie);

	require(!getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size), "no SO_COOKIE");
	return cookie;
}

static void expect_row(const struct retransmission_row *row, const char *state, const char *owner, uint16_t lport,
		       uint16_t rport, uint32_t bytes)
{
	require(!strcmp(row->state, state), "%s: in %s", row->kind, row->state);
	require(row->pid == getpid() && !strcmp(row->owner, owner), "%s: of %d by %s", row->kind, row->pid, row->owner);
	require(row->lport == lport && row->rport == rport, "%s: from %u to %u", row->kind, row->lport, row->rport);
	require(row->bytes == bytes && row->segments == 1, "%s: %u bytes in %u segments", row->kind, row->bytes,
		row->segments);
}

/* The rows of this kind count from 1 on, up to what the socket itself says. */
static const struct retransmission_row *expect_count(const char *kind, uint32_t total)
{
	const struct retransmission_row *first;
	size_t count = retransmission_rows_of(&rows, kind, &first);
	uint32_t expected = 1;

	require(count && count == total, "%zu rows of %s, and TCP_INFO says %u", count, kind, total);
	for (size_t i = 0; i < rows.count; i++) {
		if (strcmp(rows.items[i].kind, kind))
			continue;
		require(rows.items[i].retransmits == expected, "%s number %u counts as %u", kind, expected,
			rows.items[i].retransmits);
		require(rows.items[i].seq == first->seq, "%s: another sequence number", kind);
		expected++;
	}
	return first;
}

static void check_handshake(struct run_base *base, const char *storage)
{
	uint64_t client_cookie, server_cookie;
	const struct retransmission_row *row;
	uint32_t client_total, server_total;
	uint16_t client_port;
	struct wire_pair pair;
	struct tool *tool;

	retransmission_open_wire(storage);
	tool = retransmission_start(base, storage);
	retransmission_play_handshake(&pair);
	client_port = local_port(pair.client);
	client_total = retransmission_total(pair.client);
	server_total = retransmission_total(pair.server);
	client_cookie = cookie_of(pair.client);
	server_cookie = cookie_of(pair.server);
	retransmission_close_pair(&pair);
	retransmission_stop(tool, &rows);
	row = expect_count("SYN", client_total);
	expect_row(row, "SYN_SENT", "connect", client_port, WIRE_SERVER_PORT, 0);
	require(row->cookie == client_cookie || !strcmp(storage, RETRANSMISSION_BY_HASH),
		"another cookie than the client's");
	/* The kernel counts a SYN-ACK when it is sent: the ACK may be here before, and the socket counts none. */
	row = expect_count("SYN-ACK", server_total ? server_total : 1);
	expect_row(row, "SYN_RECV", "listener", WIRE_SERVER_PORT, client_port, 0);
	require(row->cookie == server_cookie || !strcmp(storage, RETRANSMISSION_BY_HASH),
		"another cookie than the server's");
}

static void check_data(struct run_base *base, const char *storage)
{
	const struct retransmission_row *probe, *timeout;
	struct wire_pair pair;
	struct tool *tool;
	uint16_t port;

	retransmission_open_wire(storage);
	tool = retransmission_start(base, storage);
	pair = wire_pair_open(&test_wire);
	retransmission_play_data(&pair);
	port = local_port(pair.client);
	require(retransmission_total(pair.client) == 2, "the kernel has sent again %u",
		retransmission_total(pair.client));
	retransmission_close_pair(&pair);
	retransmission_stop(tool, &rows);
	require(rows.count == 2 && retransmission_rows_of(&rows, "TLP", &probe) == 1 &&
			retransmission_rows_of(&rows, "RTO", &timeout) == 1,
		"no probe and no timeout");
	expect_row(probe, "ESTABLISHED", "connect", port, WIRE_SERVER_PORT, 1);
	expect_row(timeout, "ESTABLISHED", "connect", port, WIRE_SERVER_PORT, 1);
	require(probe->retransmits == 1 && timeout->retransmits == 2, "not counted in their order");
	require(probe->seq == timeout->seq, "the same byte has two sequence numbers");
}

/* The first of four segments is lost: the acknowledgements of the others show that. There is no loss probe. */
static void check_fast(struct run_base *base, const char *storage)
{
	const struct retransmission_row *row;
	struct wire_pair pair;
	struct tool *tool;
	uint16_t port;

	retransmission_open_wire(storage);
	tool = retransmission_start(base, storage);
	pair = wire_pair_open(&test_wire);
	port = local_port(pair.client);
	wire_set_ipv4(&test_wire, WIRE_LEFT, "tcp_early_retrans", "0");
	set_option(pair.client, IPPROTO_TCP, TCP_NODELAY, 1);
	for (int i = 0; i < 4; i++)
		send_byte(pair.client);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_carry_until(&test_wire, pair.server, POLLIN);
	for (int i = 0; i < 4; i++)
		receive_byte(pair.server);
	wire_carry(&test_wire);
	retransmission_close_pair(&pair);
	retransmission_stop(tool, &rows);
	require(rows.count == 1 && retransmission_rows_of(&rows, "fast", &row) == 1, "%zu rows", rows.count);
	expect_row(row, "ESTABLISHED", "connect", port, WIRE_SERVER_PORT, 1);
}

/* The connection is older than the tool. */
static void check_older(struct run_base *base, const char *storage)
{
	const struct retransmission_row *row;
	struct wire_pair pair;
	struct tool *tool;

	need_machine("iter/task_file");
	retransmission_open_wire(storage);
	pair = wire_pair_open(&test_wire);
	tool = retransmission_start(base, storage);
	retransmission_play_data(&pair);
	retransmission_close_pair(&pair);
	retransmission_stop(tool, &rows);
	require(retransmission_rows_of(&rows, NULL, &row) == 2, "%zu rows", rows.count);
	require(row->pid == getpid() && !strcmp(row->owner, "seed"), "of %d by %s", row->pid, row->owner);
}

/* No loss and no timeout: the kernel sends again, in smaller segments. On a slow machine the probe comes first. */
static void check_smaller(struct run_base *base, const char *storage)
{
	static char data[1200];
	struct wire_pair pair;
	struct tool *tool;
	size_t got = 0;

	retransmission_open_wire(storage);
	tool = retransmission_start(base, storage);
	pair = wire_pair_open(&test_wire);
	require(send(pair.client, data, sizeof(data), 0) == sizeof(data), "not sent");
	/* A router answers that the next link takes only smaller packets. */
	icmp_answer_unreachable(&test_wire, ICMP_FRAG_NEEDED, 600);
	while (got < sizeof(data)) {
		wire_carry_until(&test_wire, pair.server, POLLIN);
		got += (size_t)recv(pair.server, data, sizeof(data), 0);
	}
	wire_carry(&test_wire);
	retransmission_close_pair(&pair);
	retransmission_stop(tool, &rows);
	require(retransmission_rows_of(&rows, "", NULL), "nothing of unknown kind");
	require(!retransmission_rows_of(&rows, "RTO", NULL), "a timeout, says the tool");
}

#define WAY_TESTS(what)                                                                                                \
	static void test_##what##_by_storage(void **state)                                                             \
	{                                                                                                              \
		check_##what(*state, RETRANSMISSION_BY_STORAGE);                                                       \
	}                                                                                                              \
	static void test_##what##_by_hash(void **state)                                                                \
	{                                                                                                              \
		check_##what(*state, RETRANSMISSION_BY_HASH);                                                          \
	}

WAY_TESTS(handshake)
WAY_TESTS(data)
WAY_TESTS(fast)
WAY_TESTS(older)
WAY_TESTS(smaller)

static int teardown(void **state)
{
	wire_close(&test_wire);
	return run_base_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_handshake_by_storage, teardown),
		cmocka_unit_test_teardown(test_handshake_by_hash, teardown),
		cmocka_unit_test_teardown(test_data_by_storage, teardown),
		cmocka_unit_test_teardown(test_data_by_hash, teardown),
		cmocka_unit_test_teardown(test_fast_by_storage, teardown),
		cmocka_unit_test_teardown(test_fast_by_hash, teardown),
		cmocka_unit_test_teardown(test_older_by_storage, teardown),
		cmocka_unit_test_teardown(test_older_by_hash, teardown),
		cmocka_unit_test_teardown(test_smaller_by_storage, teardown),
		cmocka_unit_test_teardown(test_smaller_by_hash, teardown),
	};

	return cmocka_run_group_tests_name("retransmissions", tests, run_base_group_setup, run_base_group_teardown);
}

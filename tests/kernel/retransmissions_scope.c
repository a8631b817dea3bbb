/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcpstates --retransmits: which rows each filter admits; and many segments that the kernel loses at random (netem). */
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/machine.h"
#include "lib/netem.h"
#include "lib/require.h"
#include "lib/retransmission_rows.h"
#include "lib/retransmission_scene.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "lib/wire_pair.h"

static struct retransmission_rows rows;

/* Bits: what of retransmission_play_handshake() and retransmission_play_data() is in scope. */
enum {
	SYN = 1,
	SYN_ACK = 2,
	DATA = 4
};

static unsigned int found_kinds(const struct tool *tool)
{
	unsigned int found = 0;

	retransmission_rows_read(tool, &rows);
	for (size_t i = 0; i < rows.count; i++) {
		const struct retransmission_row *row = &rows.items[i];

		if (row->lport != WIRE_SERVER_PORT && row->rport != WIRE_SERVER_PORT)
			continue; /* not of this test */
		found |= !strcmp(row->kind, "SYN") ? SYN : !strcmp(row->kind, "SYN-ACK") ? SYN_ACK : DATA;
	}
	return found;
}

static void check_scope(struct run_base *base, const char *storage)
{
	char pid[16], other[16], netns[24];
	const struct {
		const char *option, *value;
		unsigned int expected;
	} filters[] = {
		{"-L", "7733", SYN_ACK},
		{"-D", "7733", SYN | DATA},
		{"-a", "192.0.2.1", SYN | DATA},
		{"-A", "192.0.2.1", SYN_ACK},
		{"--role", "client", SYN | DATA},
		{"--role", "server", SYN_ACK},
		{"--pid", pid, SYN | SYN_ACK | DATA},
		{"--pid", other, 0},
		{"--comm", "retransm*", SYN | SYN_ACK | DATA},
		{"--comm", "!retransm*", 0},
		{"--user", "!0", 0},
		{"--netns", netns, SYN | DATA},
		{"--state", "SYN_SENT", SYN},
		{"--state", "!ESTABLISHED", SYN | SYN_ACK},
		{"-4", "--ipv4", SYN | SYN_ACK | DATA},
		{"-6", "--ipv6", 0},
	};
	struct wire_pair pair;

	retransmission_open_wire(storage);
	snprintf(pid, sizeof(pid), "%d", getpid());
	snprintf(other, sizeof(other), "!%d", getpid());
	snprintf(netns, sizeof(netns), "%llu", (unsigned long long)test_wire.netns[WIRE_LEFT]);
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
		tool_start(run_base_add(base), ARGS("--retransmits", storage, filters[i].option, filters[i].value), -1);
	retransmission_play_handshake(&pair);
	retransmission_play_data(&pair);
	retransmission_close_pair(&pair);
	run_base_stop(base);
	run_base_expect_success(base);
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		unsigned int found = found_kinds(&base->tools[i]);

		require(found == filters[i].expected, "%s %s shows %x, not %x", filters[i].option, filters[i].value,
			found, filters[i].expected);
	}
}

#define BULK (4 << 20)

/* Sends without a test in between, which would slow it down. Returns when all has arrived. */
static void send_bulk(const struct wire_pair *pair)
{
	static char data[65536];
	struct pollfd ready[2] = {{.fd = pair->client, .events = POLLOUT}, {.fd = pair->server, .events = POLLIN}};
	size_t sent = 0, received = 0;
	int queued;

	while (received < BULK) {
		ssize_t length;

		ready[0].fd = sent < BULK ? pair->client : -1;
		require(poll(ready, 2, 30000) > 0, "nothing moves");
		if (ready[0].revents && sent < BULK) {
			length = send(pair->client, data, sizeof(data), MSG_DONTWAIT);
			sent += length > 0 ? (size_t)length : 0;
		}
		if (ready[1].revents) {
			length = recv(pair->server, data, sizeof(data), MSG_DONTWAIT);
			require(length, "the connection has ended");
			received += length > 0 ? (size_t)length : 0;
		}
	}
	/* The server's stack acknowledges what it has. */
	while (!ioctl(pair->client, SIOCOUTQ, &queued) && queued)
		sleep_ms(10);
}

static void check_random(struct run_base *base, const char *storage)
{
	const struct netem lossy = {.delay_us = 2000, .loss_percent = 3}, lossless = {.delay_us = 2000};
	struct wire_pair pair;
	struct tool *tool;
	uint32_t total;
	const char *why;

	need_machine("netem");
	if (!strcmp(storage, RETRANSMISSION_BY_STORAGE))
		need_machine("socket_storage");
	why = wire_open_veth(&test_wire);
	if (why)
		skip_because("%s", why);
	tool = retransmission_start(base, storage);
	pair.listener = wire_listen(&test_wire);
	pair.client = wire_connect(&test_wire);
	pair.server = accept_from(pair.listener);
	netem_set(&test_wire, WIRE_LEFT, &lossy);
	send_bulk(&pair);
	netem_set(&test_wire, WIRE_LEFT, &lossless);
	total = retransmission_total(pair.client);
	abort_socket(pair.client);
	close(pair.server);
	close(pair.listener);
	retransmission_stop(tool, &rows);
	require(total, "nothing was lost");
	require(rows.items[rows.count - 1].retransmits == total, "the last row counts %u, TCP_INFO %u",
		rows.items[rows.count - 1].retransmits, total);
	require(retransmission_rows_of(&rows, "fast", NULL), "nothing was sent again because of acknowledgements");
}

static void test_scope_by_storage(void **state)
{
	check_scope(*state, RETRANSMISSION_BY_STORAGE);
}

static void test_scope_by_hash(void **state)
{
	check_scope(*state, RETRANSMISSION_BY_HASH);
}

static void test_random_by_storage(void **state)
{
	check_random(*state, RETRANSMISSION_BY_STORAGE);
}

static void test_random_by_hash(void **state)
{
	check_random(*state, RETRANSMISSION_BY_HASH);
}

static int teardown(void **state)
{
	wire_close(&test_wire);
	return run_base_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_scope_by_storage, teardown),
		cmocka_unit_test_teardown(test_scope_by_hash, teardown),
		cmocka_unit_test_teardown(test_random_by_storage, teardown),
		cmocka_unit_test_teardown(test_random_by_hash, teardown),
	};

	return cmocka_run_group_tests_name("retransmissions_scope", tests, run_base_group_setup,
					   run_base_group_teardown);
}

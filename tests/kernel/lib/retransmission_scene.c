/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "retransmission_scene.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "machine.h"
#include "require.h"
#include "snmp.h"
#include "test.h"
#include "traffic.h"

/* At the start of the tool. */
static struct snmp before;

void retransmission_open_wire(const char *storage)
{
	const char *why;

	if (!strcmp(storage, RETRANSMISSION_BY_STORAGE))
		need_machine("socket_storage");
	why = wire_open(&test_wire);
	if (why)
		skip_because("%s", why);
}

struct tool *retransmission_start(struct run_base *base, const char *storage)
{
	struct tool *tool = run_base_add(base);

	tool_start(tool, ARGS("--retransmits", "-A", "192.0.2.0/24", storage), -1);
	before = snmp_read(&test_wire);
	return tool;
}

void retransmission_stop(struct tool *tool, struct retransmission_rows *ret)
{
	uint64_t counted = snmp_read(&test_wire).retransmitted - before.retransmitted;
	struct tool_losses losses;

	tool_stop(tool, SIGTERM);
	tool_expect_success(tool);
	tool_read_losses(tool, &losses);
	retransmission_rows_read(tool, ret);
	require(!losses.lost && losses.seen == ret->count, "%s", tool_errors(tool));
	for (size_t i = 0; i < ret->count; i++)
		print_message("%s %s: %u bytes, %u segments, %u so far\n", ret->items[i].state, ret->items[i].kind,
			      ret->items[i].bytes, ret->items[i].segments, ret->items[i].retransmits);
	require(retransmission_rows_segments(ret) == counted, "the rows have %llu segments, RetransSegs has %llu",
		(unsigned long long)retransmission_rows_segments(ret), (unsigned long long)counted);
}

uint32_t retransmission_total(int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	require(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), "no TCP_INFO");
	return info.tcpi_total_retrans;
}

void retransmission_close_pair(const struct wire_pair *pair)
{
	close(pair->client);
	close(pair->server);
	close(pair->listener);
	wire_carry(&test_wire);
}

void retransmission_play_handshake(struct wire_pair *pair)
{
	pair->listener = wire_listen(&test_wire);
	pair->client = wire_connect(&test_wire);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_pass(&test_wire, WIRE_LEFT);
	wire_lose(&test_wire, WIRE_RIGHT);
	wire_pair_establish(&test_wire, pair);
}

void retransmission_play_data(const struct wire_pair *pair)
{
	send_byte(pair->client);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_carry_until(&test_wire, pair->server, POLLIN);
	receive_byte(pair->server);
	wire_carry(&test_wire);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "listening.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/scope.h"
#include "machine.h"
#include "os/clock.h"
#include "probe/snapshot.h"
#include "require.h"
#include "run.h"
#include "test.h"

static struct scope scope; /* too much for some stacks */

void listening_open(uint16_t port, char family, enum probe_storage storage, struct probe *ret)
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

const struct listener_row *listening_walk(struct probe *probe, struct listener_table *table)
{
	struct netns_omissions omissions;
	uint32_t unjudged;

	require(!listeners_take(probe, clock_monotonic_ns(), table, &unjudged, &omissions), "no walk");
	assert_int_equal(unjudged, 0);
	return table->count == 1 ? &table->rows[0] : NULL;
}

uint32_t listening_drops(int listener)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t size = sizeof(memory);

	require(!getsockopt(listener, SOL_SOCKET, SO_MEMINFO, memory, &size), "no SO_MEMINFO");
	return memory[SK_MEMINFO_DROPS];
}

/* The kernel shows the accept queue of a listener in these members. */
uint32_t listening_backlog(int listener, uint32_t *ret_limit)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	require(!getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size), "no TCP_INFO");
	*ret_limit = info.tcpi_sacked;
	return info.tcpi_unacked;
}

int listening_connect(int listener, enum flavour flavour, uint16_t port, uint32_t backlog)
{
	int client = connect_to(flavour, port);
	uint64_t end_ns = now_ns() + 10 * NS_PER_SEC;
	uint32_t limit;

	while (listening_backlog(listener, &limit) != backlog)
		require(now_ns() < end_ns, "not %u in the accept queue", backlog);
	return client;
}

void listening_check_kernel(const struct listener_row *row, int listener)
{
	uint32_t limit;

	assert_non_null(row);
	assert_int_equal(row->now.backlog, listening_backlog(listener, &limit));
	assert_int_equal(row->now.limit, limit);
	/* A client may have tried again since. */
	assert_true(row->now.drops <= listening_drops(listener));
}

void listening_check(const struct listener_row *row, uint32_t queued, uint32_t accepted, uint32_t highest,
		     uint32_t highest_ever, enum listener_overflow overflow)
{
	assert_true(listener_counts(row));
	assert_int_equal(row->queued, queued);
	assert_int_equal(row->accepted, accepted);
	assert_int_equal(row->highest, highest);
	assert_int_equal(row->highest_ever, highest_ever);
	assert_int_equal(row->overflow, overflow);
}

void listening_check_owner(const struct listener_row *row, enum owner_source source)
{
	const struct owner *owner = &row->now.socket.owner;

	assert_int_equal(owner->source, source);
	assert_int_equal(owner->pid, getpid());
	assert_string_equal(owner->comm, own_comm());
}

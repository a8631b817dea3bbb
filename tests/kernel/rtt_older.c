/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcprtt and sockets that are older than it: sockets in scope are remembered from the start, others never. */
#include <bpf/bpf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/bpf_objects.h"
#include "lib/kernel.h"
#include "lib/machine.h"
#include "lib/require.h"
#include "lib/rtt_run.h"
#include "lib/rtt_traffic.h"

#define CONNECTIONS 250

struct memory {
	uint8_t bytes[256];
};

static int conn_storage_of(const struct tool *tool)
{
	struct bpf_objects objects;

	bpf_objects_of(tool->process.pid, &objects);
	return bpf_objects_open_map(&objects, "conn_storage");
}

/* Whether the tool has storage for the socket. */
static bool is_remembered(int map, int socket)
{
	struct memory memory;
	int error = bpf_map_lookup_elem(map, &socket, &memory);

	require(!error || errno == ENOENT, "the tool's storage cannot be read: %s", strerror(errno));
	return !error;
}

/* The other server's connections talk while the tool looks at the first one's. */
static void check(void **state, const char *option, bool by_client)
{
	static struct rtt_pair others[CONNECTIONS];
	struct rtt_run *run = *state;
	struct rtt_pair pair = rtt_pair_open(IPV4);
	unsigned int remembered = 0;
	size_t tool;
	int map;

	if (!kernel_has_socket_storage())
		skip_because("no socket storage before Linux 5.12");
	need_machine("iter/task_file");
	others[0] = rtt_pair_open(IPV4);
	for (size_t i = 1; i < CONNECTIONS; i++)
		others[i] = rtt_pair_open_again(IPV4, &others[0]);
	rtt_exchange(&pair, 1, 0);
	tool = rtt_run_start(run, ARGS("--storage", "socket", option, rtt_port_text(pair.port), "--by", "pid"));
	map = conn_storage_of(&run->base.tools[tool]);
	require(is_remembered(map, by_client ? pair.client : pair.server), "a socket in scope is not remembered");
	require(!is_remembered(map, by_client ? pair.server : pair.client), "the other end is remembered");
	for (size_t i = 0; i < CONNECTIONS; i++) {
		rtt_exchange(&others[i], 1, 0);
		remembered += is_remembered(map, others[i].client) + is_remembered(map, others[i].server);
	}
	require(!remembered, "%u of %u sockets out of scope are remembered", remembered, 2 * CONNECTIONS);
	close(map);
	for (size_t i = CONNECTIONS; i-- > 1;)
		rtt_pair_close(&others[i]);
	rtt_pair_close(&others[0]);
	rtt_pair_close(&pair);
	tool_stop(&run->base.tools[tool], SIGTERM);
	require(!tool_exit_code(&run->base.tools[tool]), "exit status %d", tool_exit_code(&run->base.tools[tool]));
}

static void test_of_a_client(void **state)
{
	check(state, "-P", true);
}

static void test_of_a_server(void **state)
{
	check(state, "-p", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rtt_test(test_of_a_client),
		rtt_test(test_of_a_server),
	};

	return cmocka_run_group_tests_name("rtt_older", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

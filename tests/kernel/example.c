/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A test to copy for a new one; README.md explains each step. One connection, from its listener to its end. */
#include <unistd.h>

#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

static void test_one_connection(void **state)
{
	struct run *run = *state;
	uint16_t port;
	struct expectation expectation = {.ports = &port, .port_count = 1, .pid = getpid(), .comm = own_comm()};
	int listener, client, server;

	run_start(run, NULL);
	listener = listen_on(IPV4, &port);
	client = connect_to(IPV4, port);
	server = accept_from(listener);
	close(client);
	receive_end(server);
	close(server);
	close(listener);
	settle(&port, 1);
	run_stop(run);
	run_check(run, 0, &expectation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {measured_test(test_one_connection)};

	return cmocka_run_group_tests_name("example", tests, run_group_setup, run_group_teardown);
}

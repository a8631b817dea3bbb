/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why listeners end, and connections in their accept queues. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ends.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

/* Two that nobody accepted, of which one has already got a FIN. */
static void test_listener_closed(void **state)
{
	struct run *run = *state;
	int listener, clients[2];
	uint16_t port;

	run_start(run, NULL);
	listener = listen_on(IPV4, &port);
	for (size_t i = 0; i < 2; i++)
		clients[i] = connect_to(IPV4, port);
	send_byte(clients[1]);
	shutdown(clients[1], SHUT_WR);
	wait_for_state(clients[1], "FIN_WAIT2");
	close(listener);
	for (size_t i = 0; i < 2; i++) {
		wait_for_state(clients[i], "CLOSE");
		close(clients[i]);
	}
	ends_check(run, port,
		   ENDS({ENDS_LISTENER, "LISTEN", "closed"}, {ENDS_SERVER, "ESTABLISHED", "listener-closed"},
			{ENDS_SERVER, "CLOSE_WAIT", "listener-closed"}, {ENDS_CLIENT, "ESTABLISHED", "reset-received"},
			{ENDS_CLIENT, "FIN_WAIT2", "reset-received"}));
}

/* Reset by the client before anybody accepted it: not the listener's doing. */
static void test_reset_in_queue(void **state)
{
	struct run *run = *state;
	int listener, client, server;
	uint16_t port;

	run_start(run, NULL);
	listener = listen_on(IPV4, &port);
	client = connect_to(IPV4, port);
	await_connection(listener);
	abort_socket(client);
	server = accept_from(listener);
	wait_for_state(server, "CLOSE");
	close(server);
	close(listener);
	ends_check(run, port,
		   ENDS({ENDS_LISTENER, "LISTEN", "closed"}, {ENDS_SERVER, "ESTABLISHED", "reset-received"},
			{ENDS_CLIENT, "ESTABLISHED", "aborted"}));
}

/* shutdown() of a listener is its end, too. */
static void test_listener_shut_down(void **state)
{
	struct run *run = *state;
	uint16_t port;
	int listener;

	run_start(run, NULL);
	listener = listen_on(IPV4, &port);
	shutdown(listener, SHUT_RD);
	close(listener);
	ends_check(run, port, ENDS({ENDS_LISTENER, "LISTEN", "closed"}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_listener_closed),
		measured_test(test_reset_in_queue),
		measured_test(test_listener_shut_down),
	};

	return cmocka_run_group_tests_name("cause_listener", tests, run_group_setup, run_group_teardown);
}

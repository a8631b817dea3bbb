/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets in repair mode (TCP_REPAIR): CRIU takes a socket from one process this way, and gives it to another one. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ends.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

/* Of <linux/tcp.h>, which does not go with <netinet/tcp.h>. */
enum {
	RECV_QUEUE = 1,
	SEND_QUEUE = 2,
};

static struct loopback_pair open_pair(struct run *run)
{
	struct loopback_pair pair;

	run_start(run, NULL);
	pair.listener = listen_on(IPV4, &pair.port);
	pair.client = client_socket(IPV4);
	set_option(pair.client, SOL_SOCKET, SO_REUSEADDR, 1);
	require(!connect_socket(pair.client, IPV4, pair.port), "cannot connect");
	pair.server = accept_from(pair.listener);
	send_byte(pair.client);
	receive_byte(pair.server);
	return pair;
}

static void begin_repair(int fd)
{
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &one, sizeof(one)))
		skip_because("no TCP_REPAIR: %s", strerror(errno));
}

static unsigned int queue_sequence(int fd, int queue)
{
	unsigned int sequence = 0;
	socklen_t length = sizeof(sequence);

	set_option(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue);
	require(!getsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &sequence, &length), "no TCP_QUEUE_SEQ");
	return sequence;
}

static void set_queue_sequence(int fd, int queue, unsigned int sequence)
{
	set_option(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue);
	set_option(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, (int)sequence);
}

/* The other side has nobody to talk to any more, and learns it with its next segment. */
static void end_server(const struct loopback_pair *pair)
{
	send_byte(pair->server);
	receive_reset(pair->server);
	close(pair->server);
	close(pair->listener);
}

static void check_silent_end(struct run *run, const struct loopback_pair *pair, const char *oldstate)
{
	end_server(pair);
	ends_check(run, pair->port,
		   ENDS({ENDS_CLIENT, oldstate, "repair"}, {ENDS_SERVER, "ESTABLISHED", "reset-received"},
			{ENDS_LISTENER, "LISTEN", "closed"}));
}

static void test_closed(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = open_pair(run);

	begin_repair(pair.client);
	close(pair.client);
	check_silent_end(run, &pair, "ESTABLISHED");
}

/* Without repair mode that were a reset, and another cause. */
static void test_closed_with_unread_data(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = open_pair(run);

	send_byte(pair.server);
	await_byte(pair.client);
	begin_repair(pair.client);
	linger_zero(pair.client);
	close(pair.client);
	check_silent_end(run, &pair, "ESTABLISHED");
}

static void test_disconnected(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = open_pair(run);

	begin_repair(pair.client);
	require(!disconnect_socket(pair.client), "cannot disconnect");
	close(pair.client);
	check_silent_end(run, &pair, "ESTABLISHED");
}

/* An end by the other side has the same cause as without repair. */
static void test_reset_in_repair(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = open_pair(run);

	begin_repair(pair.client);
	abort_socket(pair.server);
	wait_for_state(pair.client, "CLOSE");
	close(pair.client);
	close(pair.listener);
	ends_check(run, pair.port,
		   ENDS({ENDS_CLIENT, "ESTABLISHED", "reset-received"}, {ENDS_SERVER, "ESTABLISHED", "aborted"},
			{ENDS_LISTENER, "LISTEN", "closed"}));
}

/* A checkpoint after which the process goes on. */
static void test_left(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = open_pair(run);

	begin_repair(pair.client);
	set_option(pair.client, IPPROTO_TCP, TCP_REPAIR, 0);
	ends_close_loopback(&pair);
	ends_check(run, pair.port,
		   ENDS({ENDS_CLIENT, "FIN_WAIT2", "time-wait"}, {ENDS_SERVER, "LAST_ACK", "fin-remote"},
			{ENDS_LISTENER, "LISTEN", "closed"}));
}

/* A new socket for the client's connection, which has been taken away. */
static int restore(uint16_t local, uint16_t port, unsigned int sent, unsigned int received)
{
	int fd = client_socket(IPV4), error;
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(local), .sin_addr = {htonl(INADDR_LOOPBACK)}};

	begin_repair(fd);
	set_queue_sequence(fd, SEND_QUEUE, sent);
	set_queue_sequence(fd, RECV_QUEUE, received);
	require(!bind(fd, (struct sockaddr *)&address, sizeof(address)), "cannot bind: %s", strerror(errno));
	error = connect_socket(fd, IPV4, port);
	require(!error, "cannot connect in repair mode: %s", strerror(-error));
	set_option(fd, IPPROTO_TCP, TCP_REPAIR, 0);
	return fd;
}

static void check_restored_rows(const struct run *run, uint16_t port)
{
	const struct row *first = rows_find(&run->rows, port, "SYN_SENT", "ESTABLISHED", NULL);
	const struct row *second = first ? rows_find(&run->rows, port, "SYN_SENT", "ESTABLISHED", first + 1) : NULL;
	const struct row *end = rows_find(&run->rows, port, "ESTABLISHED", "CLOSE", NULL);

	if (run->losses.lost || run->pairing.hidden)
		return;
	require(first && second && end, "not all rows are there");
	require(first->has_duration && first->syn_retrans == 0, "the first handshake has no time");
	require(!second->has_duration && !second->has_at_least && second->syn_retrans < 0,
		"a handshake that there was not took %.3f us, with %d SYNs sent again", second->duration_us,
		second->syn_retrans);
	require(!strcmp(end->cause, "repair"), "taken away by \"%s\"", end->cause);
	end = rows_find(&run->rows, port, "FIN_WAIT2", "CLOSE", NULL);
	require(end && end->change.skaddr == second->change.skaddr && !strcmp(end->cause, "time-wait"),
		"the restored socket did not end as others do");
}

/* Taken away in repair mode and given back: nobody on the wire sees that. It ends as any other. */
static void test_restored(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = open_pair(run);
	uint16_t local = local_port(pair.client);
	struct expectation expectation = {.ports = &pair.port,
					  .port_count = 1,
					  .pid = getpid(),
					  .comm = own_comm(),
					  .durations_may_be_unknown = true};
	unsigned int sent, received;

	begin_repair(pair.client);
	sent = queue_sequence(pair.client, SEND_QUEUE);
	received = queue_sequence(pair.client, RECV_QUEUE);
	close(pair.client);
	pair.client = restore(local, pair.port, sent, received);
	send_byte(pair.client);
	receive_byte(pair.server);
	ends_close_loopback(&pair);
	run_stop(run);
	run_check(run, 0, &expectation);
	check_restored_rows(run, pair.port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_closed),       measured_test(test_closed_with_unread_data),
		measured_test(test_disconnected), measured_test(test_reset_in_repair),
		measured_test(test_left),         measured_test(test_restored),
	};

	return cmocka_run_group_tests_name("cause_repair", tests, run_group_setup, run_group_teardown);
}

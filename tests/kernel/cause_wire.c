/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why connections end over a wire: FINs that cross, and ICMP errors of routers. cause_timeout.c has the timers. */
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ends.h"
#include "lib/icmp.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "lib/wire_pair.h"

static void test_closing(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = wire_start_pair(run);

	shutdown(pair.client, SHUT_WR);
	shutdown(pair.server, SHUT_WR);
	wire_carry(&test_wire);
	ends_check_pair(run, &pair, (struct end){ENDS_CLIENT, "CLOSING", "time-wait"},
			(struct end){ENDS_SERVER, "CLOSING", "time-wait"});
}

/* The server has got the FIN, and its ACK is lost: the next segment will acknowledge it. */
static void close_unacknowledged(struct wire_pair *pair)
{
	close(pair->client);
	wire_pass(&test_wire, WIRE_LEFT);
	wait_for_state(pair->server, "CLOSE_WAIT");
	sleep_ms(60); /* the ACK may be a delayed one */
	wire_lose_all(&test_wire, WIRE_RIGHT);
}

/* FIN_WAIT2 lasts no longer than the segment that has both the ACK and the FIN: no orphan of it is left. */
static void test_fin_of_orphan(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = wire_start_pair(run);

	close_unacknowledged(&pair);
	close(pair.server);
	wire_carry(&test_wire);
	close(pair.listener);
	ends_check(run, WIRE_SERVER_PORT,
		   ENDS({ENDS_CLIENT, "FIN_WAIT2", "time-wait"}, {ENDS_SERVER, "LAST_ACK", "fin-remote"},
			{ENDS_LISTENER, "LISTEN", "closed"}));
}

/*
 * Data for a socket that nobody can read any more. The kernel answers it with a reset, and ends its own side as if it
 * had got one (tcp_reset() in tcp_rcv_state_process()).
 */
static void test_data_for_orphan(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = wire_start_pair(run);

	close(pair.client);
	send_byte(pair.server);
	wire_carry(&test_wire);
	wait_for_state(pair.server, "CLOSE");
	close(pair.server);
	close(pair.listener);
	ends_check(run, WIRE_SERVER_PORT,
		   ENDS({ENDS_CLIENT, "FIN_WAIT1", "reset-received"}, {ENDS_SERVER, "CLOSE_WAIT", "reset-received"},
			{ENDS_LISTENER, "LISTEN", "closed"}));
}

/*
 * The same in the segment that acknowledges the FIN, where the kernel just ends the socket (tcp_done()). Nothing in the
 * socket tells that from the orphan's move into a mini-socket: docs/accuracy.md.
 */
static void test_data_with_ack_for_orphan(void **state)
{
	struct run *run = *state;
	struct wire_pair pair = wire_start_pair(run);

	close_unacknowledged(&pair);
	send_byte(pair.server);
	wire_carry(&test_wire);
	wait_for_state(pair.server, "CLOSE");
	close(pair.server);
	close(pair.listener);
	ends_check(run, WIRE_SERVER_PORT,
		   ENDS({ENDS_CLIENT, "FIN_WAIT2", "fin-wait2-orphan"}, {ENDS_SERVER, "CLOSE_WAIT", "reset-received"},
			{ENDS_LISTENER, "LISTEN", "closed"}));
}

static void test_abandoned(void **state)
{
	struct run *run = *state;

	wire_start(run);
	close(wire_connect(&test_wire));
	ends_check(run, WIRE_SERVER_PORT, ENDS({ENDS_CLIENT, "SYN_SENT", "abandoned"}));
}

static void check_connect_unreachable(struct run *run, uint8_t code, const char *cause)
{
	int client;

	wire_start(run);
	client = wire_connect(&test_wire);
	icmp_answer_unreachable(&test_wire, code, 0);
	wait_for_state(client, "CLOSE");
	close(client);
	ends_check(run, WIRE_SERVER_PORT, ENDS({ENDS_CLIENT, "SYN_SENT", cause}));
}

/* A missing or an unreachable route of this host is not among these: connect() fails before it is SYN_SENT. */
static void test_host_unreachable(void **state)
{
	check_connect_unreachable(*state, ICMP_HOST_UNREACH, "unreachable");
}

static void test_prohibited(void **state)
{
	check_connect_unreachable(*state, ICMP_PKT_FILTERED, "unreachable");
}

/* The default answer of iptables -j REJECT. */
static void test_port_unreachable(void **state)
{
	check_connect_unreachable(*state, ICMP_PORT_UNREACH, "refused");
}

/* EOPNOTSUPP and, for what is not known better, EPROTO are ICMP's, too: icmp_err_convert[]. */
static void test_no_source_route(void **state)
{
	check_connect_unreachable(*state, ICMP_SR_FAILED, "unreachable");
}

/* Of a connection it is a soft error, which becomes true when the retransmissions give up. */
static void check_unreachable_later(struct run *run, uint8_t code)
{
	struct wire_pair pair = wire_start_pair(run);

	wire_set_ipv4(&test_wire, WIRE_LEFT, "tcp_retries2", "1");
	send_byte(pair.client);
	icmp_answer_unreachable(&test_wire, code, 0);
	ends_check_cut(run, &pair, "unreachable");
}

static void test_host_unreachable_later(void **state)
{
	check_unreachable_later(*state, ICMP_HOST_UNREACH);
}

/* ECONNREFUSED of a connection, for a rule that was not there when it began. */
static void test_port_unreachable_later(void **state)
{
	check_unreachable_later(*state, ICMP_PORT_UNREACH);
}

/*
 * An error that came along earlier and that nobody has read (IP_RECVERR) does not explain an orderly end. But an abort
 * it does: what the kernel does because of an error in a busy socket's backlog looks the same.
 */
static void check_old_error(struct run *run, bool orderly)
{
	struct wire_pair pair = wire_start_pair(run);

	set_option(pair.client, IPPROTO_IP, IP_RECVERR, 1);
	send_byte(pair.client);
	icmp_answer_unreachable(&test_wire, ICMP_HOST_UNREACH, 0);
	wire_carry_until(&test_wire, pair.server, POLLIN); /* retransmitted */
	wire_carry(&test_wire);
	receive_byte(pair.server);
	if (!orderly) {
		abort_socket(pair.client);
		wire_carry(&test_wire);
		close(pair.server);
	} else {
		close(pair.server);
		wire_carry(&test_wire);
		close(pair.client);
		wire_carry(&test_wire);
	}
	close(pair.listener);
	ends_check(run, WIRE_SERVER_PORT,
		   orderly ? ENDS({ENDS_CLIENT, "LAST_ACK", "fin-remote"},
				  {ENDS_SERVER, "FIN_WAIT2", "fin-wait2-orphan"}, {ENDS_LISTENER, "LISTEN", "closed"})
			   : ENDS({ENDS_CLIENT, "ESTABLISHED", "unreachable"},
				  {ENDS_SERVER, "ESTABLISHED", "reset-received"}, {ENDS_LISTENER, "LISTEN", "closed"}));
}

static void test_old_error_of_fin(void **state)
{
	check_old_error(*state, true);
}

static void test_old_error_of_abort(void **state)
{
	check_old_error(*state, false);
}

#define cause_test(function) cmocka_unit_test_teardown(function, wire_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cause_test(test_closing),
		cause_test(test_fin_of_orphan),
		cause_test(test_data_for_orphan),
		cause_test(test_data_with_ack_for_orphan),
		cause_test(test_abandoned),
		cause_test(test_host_unreachable),
		cause_test(test_prohibited),
		cause_test(test_port_unreachable),
		cause_test(test_no_source_route),
		cause_test(test_host_unreachable_later),
		cause_test(test_port_unreachable_later),
		cause_test(test_old_error_of_fin),
		cause_test(test_old_error_of_abort),
	};

	return cmocka_run_group_tests_name("cause_wire", tests, run_group_setup, run_group_teardown);
}

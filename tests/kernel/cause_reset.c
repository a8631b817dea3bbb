/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a connection ended, over loopback: by a reset, whoever sent it and why. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/destroy.h"
#include "lib/ends.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

/* TCP_LINGER2 < 0: a reset instead of a wait for the FIN. */
static void test_reset_sent_by_close(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.client, "FIN_WAIT2");
	set_option(pair.client, IPPROTO_TCP, TCP_LINGER2, -1);
	close(pair.client);
	wait_for_state(pair.server, "CLOSE");
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "reset-sent"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "reset-received"});
}

/* The same where the ACK of the FIN finds an orphan. */
static void test_reset_sent_by_ack(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	set_option(pair.client, IPPROTO_TCP, TCP_LINGER2, -1);
	close(pair.client);
	wait_for_state(pair.server, "CLOSE");
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "reset-sent"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "reset-received"});
}

static void test_linger_zero(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	abort_socket(pair.client);
	receive_reset(pair.server);
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "ESTABLISHED", "aborted"},
			    (struct end){ENDS_SERVER, "ESTABLISHED", "reset-received"});
}

/* A reset in FIN_WAIT2, from CLOSE_WAIT. */
static void test_reset_in_fin_wait(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.client, "FIN_WAIT2");
	abort_socket(pair.server);
	wait_for_state(pair.client, "CLOSE");
	close(pair.client);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "reset-received"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "aborted"});
}

/* The other end resets, in FIN_WAIT2. */
static void test_reset_in_close_wait(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.client, "FIN_WAIT2");
	abort_socket(pair.client);
	wait_for_state(pair.server, "CLOSE");
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "aborted"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "reset-received"});
}

/* Data for a closed socket is answered with a reset. */
static void test_data_for_nobody(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.client, "FIN_WAIT2");
	close(pair.client);
	send_byte(pair.server);
	wait_for_state(pair.server, "CLOSE");
	close(pair.server);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "fin-wait2-orphan"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "reset-received"});
}

static void test_disconnected(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	send_byte(pair.server); /* unread, but that is not why */
	sleep_ms(1);
	require(!disconnect_socket(pair.client), "cannot disconnect");
	receive_reset(pair.server);
	close(pair.server);
	close(pair.client);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "ESTABLISHED", "aborted"},
			    (struct end){ENDS_SERVER, "ESTABLISHED", "reset-received"});
}

static void test_destroyed(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);
	int error = destroy_connection(local_port(pair.client), pair.port);

	if (error == -EOPNOTSUPP || error == -EPROTONOSUPPORT || error == -ENOENT)
		skip_because("no SOCK_DESTROY (CONFIG_INET_DIAG_DESTROY): %s", strerror(-error));
	require(!error, "cannot destroy: %s", strerror(-error));
	receive_reset(pair.server);
	close(pair.server);
	close(pair.client);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "ESTABLISHED", "aborted"},
			    (struct end){ENDS_SERVER, "ESTABLISHED", "reset-received"});
}

static void test_unread(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	send_byte(pair.client);
	await_byte(pair.server);
	close(pair.server);
	receive_reset(pair.client);
	close(pair.client);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "ESTABLISHED", "reset-received"},
			    (struct end){ENDS_SERVER, "ESTABLISHED", "unread-data"});
}

/* The FIN behind the data takes a sequence number, too, and is nothing to be read. */
static void test_unread_before_fin(void **state)
{
	struct run *run = *state;
	struct loopback_pair pair = ends_open_loopback(run);

	send_byte(pair.client);
	shutdown(pair.client, SHUT_WR);
	wait_for_state(pair.server, "CLOSE_WAIT");
	wait_for_state(pair.client, "FIN_WAIT2"); /* the ACK may be a delayed one */
	linger_zero(pair.server);                 /* __tcp_close() looks for unread data first */
	close(pair.server);
	wait_for_state(pair.client, "CLOSE");
	close(pair.client);
	ends_check_loopback(run, &pair, (struct end){ENDS_CLIENT, "FIN_WAIT2", "reset-received"},
			    (struct end){ENDS_SERVER, "CLOSE_WAIT", "unread-data"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_reset_sent_by_close),
		measured_test(test_reset_sent_by_ack),
		measured_test(test_linger_zero),
		measured_test(test_reset_in_fin_wait),
		measured_test(test_reset_in_close_wait),
		measured_test(test_data_for_nobody),
		measured_test(test_disconnected),
		measured_test(test_destroyed),
		measured_test(test_unread),
		measured_test(test_unread_before_fin),
	};

	return cmocka_run_group_tests_name("cause_reset", tests, run_group_setup, run_group_teardown);
}

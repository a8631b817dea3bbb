/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values that follow from the record of a connection. */
#include "core/connection.h"

#include "text.h"

#define MS 1000000ULL

/* A client that was in ESTABLISHED for 1 s, busy for 600 ms. */
static struct connection record(void)
{
	return (struct connection){
		.end = {.time_ns = 5000 * MS, .oldstate = STATE_LAST_ACK, .newstate = STATE_CLOSE},
		.life = {.start_ns = 3000 * MS,
			 .in_state_ns = {[STATE_SYN_SENT] = 900 * MS,
					 [STATE_ESTABLISHED] = 1000 * MS,
					 [STATE_CLOSE_WAIT] = 10 * MS,
					 [STATE_LAST_ACK] = 5 * MS,
					 [STATE_FIN_WAIT2] = 7000 * MS},
			 .role = ROLE_CLIENT},
		.bytes_sent = 100000,
		.chrono_ns = {[CHRONO_BUSY] = 550 * MS, [CHRONO_RWND] = 30 * MS, [CHRONO_SEND_BUFFER] = 20 * MS},
		.delivered = 100,
		.rate_delivered = 10,
		.rate_interval_us = 1000,
		.mss = 1000,
		.rto_ms = RTO_UNKNOWN,
	};
}

static void test_times(void **state)
{
	struct connection c = record();
	uint64_t idle_ns = 0;

	(void)state;
	assert_int_equal(connection_total_ns(&c), 2000 * MS);
	assert_true(connection_is_whole(&c));
	assert_int_equal(connection_busy_ns(&c), 600 * MS);
	/* neither in SYN_SENT nor in FIN_WAIT2 can a connection send */
	assert_true(connection_idle_ns(&c, 0, &idle_ns));
	assert_int_equal(idle_ns, 415 * MS);
	/* the tick of the chronographs */
	c.chrono_ns[CHRONO_BUSY] = 2000 * MS;
	assert_true(connection_idle_ns(&c, 0, &idle_ns));
	assert_int_equal(idle_ns, 0);
}

static void test_older(void **state)
{
	struct connection c = record();
	uint64_t idle_ns = 7;

	(void)state;
	c.life.is_old = 1;
	assert_false(connection_is_whole(&c));
	assert_false(connection_idle_ns(&c, 0, &idle_ns));
	assert_int_equal(idle_ns, 7);
	assert_int_equal(connection_limit(&c, 0), LIMITED_UNKNOWN);
	/* its second part is about a time that is known */
	assert_true(connection_idle_ns(&c, 4000 * MS, &idle_ns));
	assert_int_equal(connection_limit(&c, 4000 * MS), LIMITED_BY_NETWORK);
	c.life.start_ns = 0;
	c.life.is_old = 0;
	assert_int_equal(connection_total_ns(&c), 0);
	assert_int_equal(connection_limit(&c, 0), LIMITED_UNKNOWN);
}

static void test_final(void **state)
{
	struct connection c = record();

	(void)state;
	assert_true(connection_is_final(&c, 0));
	assert_false(connection_is_final(&c, 4000 * MS));
	c.end.flags = TRANSITION_SCAN;
	assert_false(connection_is_final(&c, 0));
}

/* Spurious retransmissions, SYNs and their timeouts are no loss of data. */
static void test_loss(void **state)
{
	struct connection c = record();

	(void)state;
	assert_int_equal(connection_limit(&c, 0), LIMITED_BY_NETWORK);
	c.bytes_retrans = 2000;
	assert_int_equal(connection_limit(&c, 0), LIMITED_BY_LOSS);
	c.dsack_dups = 2;
	assert_int_equal(connection_limit(&c, 0), LIMITED_BY_NETWORK);
	c.dsack_dups = 3;
	assert_int_equal(connection_limit(&c, 0), LIMITED_BY_NETWORK);
	c.rto_ms = 100;
	assert_int_equal(connection_limit(&c, 0), LIMITED_BY_LOSS);
	c.life.syn_retrans = 1;
	assert_int_equal(connection_limit(&c, 0), LIMITED_BY_NETWORK);
	c.life.syn_retrans = SYN_RETRANS_NONE; /* a later part: the handshake was in an earlier one */
	assert_int_equal(connection_limit(&c, 4000 * MS), LIMITED_BY_LOSS);
}

static void test_rate(void **state)
{
	struct connection c = record();

	(void)state;
	assert_int_equal(connection_delivery_rate(&c), 10000000);
	c.rate_interval_us = 0;
	assert_int_equal(connection_delivery_rate(&c), 0);
	c = record();
	c.delivered = 0; /* the kernel keeps the rate of the socket's last connection */
	assert_int_equal(connection_delivery_rate(&c), 0);
}

static void test_agreed(void **state)
{
	struct connection c = record();

	(void)state;
	assert_true(connection_has_agreed(&c));
	c.end.oldstate = STATE_SYN_SENT;
	assert_false(connection_has_agreed(&c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times), cmocka_unit_test(test_older), cmocka_unit_test(test_final),
		cmocka_unit_test(test_loss),  cmocka_unit_test(test_rate),  cmocka_unit_test(test_agreed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

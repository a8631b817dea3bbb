/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The duration of a handshake, compared with a capture of the packets, and with some packets lost. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/handshake.h"
#include "lib/require.h"
#include "lib/rtt_capture.h"
#include "lib/rtt_relay.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "lib/wire_pair.h"

/* DESIGN.md: within 5 % of a capture. Or, of a short time, what a busy machine takes to run what is due. */
#define TOLERANCE    0.05
#define TOLERANCE_US 1000
#define ATTEMPTS     20 /* three guests on two cores stand still so often */

static struct rtt_capture captures[WIRE_ENDS] = {{.fd = -1}, {.fd = -1}};
static struct rtt_relay relay;

static int leave(void **state)
{
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++)
		rtt_capture_close(&captures[end]);
	return wire_teardown(state);
}

/* Whether the tool's time is the capture's. */
static bool is_captured(const struct run *run, enum wire_end end)
{
	const struct row *row = handshake_find(run, end);
	struct rtt_captured captured;
	double difference, tolerance;

	rtt_capture_read(&captures[end], &captured);
	free(captured.us);
	require(captured.syn_us >= 2000ULL * relay.delay_ms, "the wire was too quick: this test is broken");
	if (!row)
		return true;
	tolerance = (double)captured.syn_us * TOLERANCE;
	tolerance = tolerance > TOLERANCE_US ? tolerance : TOLERANCE_US;
	difference = row->duration_us - (double)captured.syn_us;
	handshake_expect(run, end, true, 0);
	print_message("captured %" PRIu64 " us\n", captured.syn_us);
	return !row->has_duration || (difference <= tolerance && -difference <= tolerance);
}

static bool try_delay(struct run *run, unsigned int delay_ms)
{
	struct sockaddr_in address = wire_address(WIRE_RIGHT, WIRE_SERVER_PORT);
	struct wire_pair pair;

	wire_start(run);
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++) {
		const char *why = rtt_capture_open(&captures[end], &test_wire, end);

		if (why)
			skip_because("%s", why);
	}
	rtt_relay_start(&relay, &test_wire, delay_ms);
	pair.listener = wire_listen(&test_wire);
	pair.client = wire_socket(&test_wire, WIRE_LEFT, 0);
	require(!connect(pair.client, (const struct sockaddr *)&address, sizeof(address)), "cannot connect");
	pair.server = accept_from(pair.listener);
	handshake_end(run, &pair);
	return is_captured(run, WIRE_LEFT) && is_captured(run, WIRE_RIGHT);
}

/* A machine that stands still between the capture and the stack makes one of them longer, but not each time. */
static void check_delay(void **state, unsigned int delay_ms)
{
	for (int i = 1; !try_delay(*state, delay_ms); i++) {
		require(i < ATTEMPTS, "none of %d handshakes took what was captured", ATTEMPTS);
		leave(state);
	}
}

static void test_20_ms(void **state)
{
	check_delay(state, 20);
}

static void test_80_ms(void **state)
{
	check_delay(state, 80);
}

/* The server knows nothing of the first SYN. */
static void test_lost_syn(void **state)
{
	struct run *run = *state;
	struct wire_pair pair;

	wire_start(run);
	pair.listener = wire_listen(&test_wire);
	pair.client = wire_connect(&test_wire);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_pair_establish(&test_wire, &pair);
	handshake_end(run, &pair);
	handshake_expect(run, WIRE_LEFT, true, 1);
	handshake_expect(run, WIRE_RIGHT, true, 0);
	handshake_expect_ms(run, WIRE_LEFT, HANDSHAKE_RETRY_MS * 0.95, 2 * HANDSHAKE_RETRY_MS);
	handshake_expect_ms(run, WIRE_RIGHT, 0, HANDSHAKE_RETRY_MS / 2);
}

/*
 * Plays until the SYN-ACK that was sent again is counted. The kernel counts it after sending it (inet_rtx_syn_ack()).
 * If the server stands still in between, the answer comes first, and the row shows no retransmission, but not each
 * time.
 */
static void until_counted(void **state, void (*play)(struct run *run))
{
	for (int i = 1;; i++) {
		const struct row *row;

		play(*state);
		row = handshake_find(*state, WIRE_RIGHT);
		if (!row || row->syn_retrans || i == ATTEMPTS)
			return;
		leave(state);
	}
}

/* Both send again. One SYN-ACK more than there was a SYN: else the server would answer that, too. */
static void play_lost_syn_ack(struct run *run)
{
	struct wire_pair pair;

	wire_start(run);
	pair.listener = wire_listen(&test_wire);
	pair.client = wire_connect(&test_wire);
	wire_pass(&test_wire, WIRE_LEFT);
	wire_lose(&test_wire, WIRE_RIGHT);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_pair_establish(&test_wire, &pair);
	handshake_end(run, &pair);
}

static void test_lost_syn_ack(void **state)
{
	const struct run *run = *state;

	until_counted(state, play_lost_syn_ack);
	handshake_expect(run, WIRE_LEFT, true, 1);
	handshake_expect(run, WIRE_RIGHT, false, 1);
	handshake_expect_ms(run, WIRE_LEFT, HANDSHAKE_RETRY_MS * 0.95, 2 * HANDSHAKE_RETRY_MS);
}

/* The client has long been established. */
static void play_lost_ack(struct run *run, const char *timestamps)
{
	struct wire_pair pair;

	wire_start(run);
	wire_set_ipv4(&test_wire, WIRE_LEFT, "tcp_timestamps", timestamps);
	pair.listener = wire_listen(&test_wire);
	pair.client = wire_connect(&test_wire);
	wire_pass(&test_wire, WIRE_LEFT);
	wire_pass(&test_wire, WIRE_RIGHT);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_pair_establish(&test_wire, &pair);
	handshake_end(run, &pair);
}

static void play_lost_ack_without_timestamps(struct run *run)
{
	play_lost_ack(run, "0");
}

static void play_lost_ack_with_timestamps(struct run *run)
{
	play_lost_ack(run, "1");
}

static void check_lost_ack(void **state, void (*play)(struct run *run))
{
	const struct run *run = *state;

	until_counted(state, play);
	handshake_expect(run, WIRE_LEFT, true, 0);
	handshake_expect(run, WIRE_RIGHT, false, 1);
	handshake_expect_ms(run, WIRE_LEFT, 0, HANDSHAKE_RETRY_MS / 2);
}

static void test_lost_ack(void **state)
{
	check_lost_ack(state, play_lost_ack_without_timestamps);
}

static void test_lost_ack_with_timestamps(void **state)
{
	check_lost_ack(state, play_lost_ack_with_timestamps);
}

#define handshake_test(function) cmocka_unit_test_teardown(function, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		handshake_test(test_20_ms),    handshake_test(test_80_ms),
		handshake_test(test_lost_syn), handshake_test(test_lost_syn_ack),
		handshake_test(test_lost_ack), handshake_test(test_lost_ack_with_timestamps),
	};

	return cmocka_run_group_tests_name("handshake", tests, run_group_setup, run_group_teardown);
}

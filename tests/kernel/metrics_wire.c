/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lost segments: retransmissions by kind, resets and opens, compared with /proc/net/snmp of both ends. */
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/machine.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/snmp.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "lib/wire_pair.h"
#include "probe/metrics.h"
#include "probe/probe.h"

static void open_metrics(struct scope *scope, struct probe *ret)
{
	struct probe_wants wants = {
		.tool = "metrics",
		.emits = EMIT_METRICS | EMIT_SAMPLES,
		.scope = scope,
		.samples = {.kind = RTT_SRTT},
		.hash_size = 1024,
	};
	struct parse_error unused;
	struct probe_error why;
	const char *why_not;

	need_machine("socket_storage");
	why_not = wire_open(&test_wire);
	if (why_not)
		skip_because("%s", why_not);
	memset(scope, 0, sizeof(*scope));
	require(!scope_add_addresses(scope, false, "192.0.2.0/24", &unused) && !scope_complete(scope, false, &unused),
		"no scope");
	require(!probe_open(&wants, ret, &why), "%s", why.text);
}

static const struct group_metrics *read_all(struct probe *probe)
{
	const struct group_metrics *all = metrics_read_group(probe, 0);

	require(all, "no metrics");
	return all;
}

static uint64_t retransmitted(const struct group_metrics *all)
{
	return all->retransmitted[RETRANSMISSION_FAST] + all->retransmitted[RETRANSMISSION_TIMEOUT] +
	       all->retransmitted[RETRANSMISSION_PROBE] + all->syn_retransmitted + all->syn_ack_retransmitted;
}

static void check_sums(struct probe *probe, const struct snmp *before)
{
	const struct group_metrics *all = read_all(probe);
	struct snmp after = snmp_read(&test_wire);

	print_message("fast %" PRIu64 ", timeout %" PRIu64 ", probe %" PRIu64 ", SYN %" PRIu64 ", SYN-ACK %" PRIu64
		      ", resets %" PRIu64 "; snmp: %" PRIu64 " and %" PRIu64 "\n",
		      (uint64_t)all->retransmitted[RETRANSMISSION_FAST],
		      (uint64_t)all->retransmitted[RETRANSMISSION_TIMEOUT],
		      (uint64_t)all->retransmitted[RETRANSMISSION_PROBE], (uint64_t)all->syn_retransmitted,
		      (uint64_t)all->syn_ack_retransmitted, (uint64_t)all->resets_sent,
		      after.retransmitted - before->retransmitted, after.resets - before->resets);
	assert_int_equal(retransmitted(all), after.retransmitted - before->retransmitted);
	assert_int_equal(all->resets_sent, after.resets - before->resets);
	assert_int_equal(all->opened[ROLE_CLIENT], after.active_opens - before->active_opens);
	assert_int_equal(all->opened[ROLE_SERVER], after.passive_opens - before->passive_opens);
}

static void end(struct probe *probe, const struct wire_pair *pair, const struct snmp *before)
{
	close(pair->client);
	close(pair->server);
	close(pair->listener);
	wire_carry(&test_wire);
	check_sums(probe, before);
	probe_close(probe);
}

/* The first SYN is lost, then the first SYN-ACK. */
static void test_handshake(void **state)
{
	static struct scope scope; /* too much for some stacks */
	struct probe probe = PROBE_CLOSED;
	const struct group_metrics *all;
	struct wire_pair pair;
	struct snmp before;

	(void)state;
	open_metrics(&scope, &probe);
	before = snmp_read(&test_wire);
	pair.listener = wire_listen(&test_wire);
	pair.client = wire_connect(&test_wire);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_pass(&test_wire, WIRE_LEFT);
	wire_lose(&test_wire, WIRE_RIGHT);
	wire_pair_establish(&test_wire, &pair);
	all = read_all(&probe);
	assert_true(all->syn_retransmitted >= 1);
	assert_true(all->syn_ack_retransmitted >= 1);
	linger_zero(pair.client);
	close(pair.client);
	wire_carry(&test_wire);
	close(pair.server);
	close(pair.listener);
	wire_carry(&test_wire);
	check_sums(&probe, &before);
	assert_int_equal(read_all(&probe)->resets_sent, 1);
	assert_int_equal(read_all(&probe)->resets_received, 1);
	probe_close(&probe);
}

/* A segment is lost, then the loss probe, and the retransmission comes after the timeout. */
static void test_data(void **state)
{
	static struct scope scope;
	struct probe probe = PROBE_CLOSED;
	const struct group_metrics *all;
	struct wire_pair pair;
	struct snmp before;

	(void)state;
	open_metrics(&scope, &probe);
	before = snmp_read(&test_wire);
	pair.listener = wire_listen(&test_wire);
	pair.client = wire_connect(&test_wire);
	wire_pair_establish(&test_wire, &pair);
	send_byte(pair.client);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_carry_until(&test_wire, pair.server, POLLIN);
	receive_byte(pair.server);
	wire_carry(&test_wire);
	all = read_all(&probe);
	assert_int_equal(all->retransmitted[RETRANSMISSION_PROBE], 1);
	assert_int_equal(all->retransmitted[RETRANSMISSION_TIMEOUT], 1);
	assert_int_equal(all->retransmitted[RETRANSMISSION_FAST], 0);
	end(&probe, &pair, &before);
}

/* The first of four segments is lost: the acknowledgements of the others show that. */
static void test_fast(void **state)
{
	static struct scope scope;
	struct probe probe = PROBE_CLOSED;
	struct wire_pair pair;
	struct snmp before;

	(void)state;
	open_metrics(&scope, &probe);
	before = snmp_read(&test_wire);
	pair.listener = wire_listen(&test_wire);
	pair.client = wire_connect(&test_wire);
	wire_pair_establish(&test_wire, &pair);
	set_option(pair.client, IPPROTO_TCP, 1, 1); /* TCP_NODELAY */
	for (int i = 0; i < 4; i++)
		send_byte(pair.client);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_carry_until(&test_wire, pair.server, POLLIN);
	for (int i = 0; i < 4; i++)
		receive_byte(pair.server);
	wire_carry(&test_wire);
	assert_int_equal(read_all(&probe)->retransmitted[RETRANSMISSION_FAST], 1);
	end(&probe, &pair, &before);
}

static int close_wire(void **state)
{
	(void)state;
	wire_close(&test_wire);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_handshake, close_wire),
		cmocka_unit_test_teardown(test_data, close_wire),
		cmocka_unit_test_teardown(test_fast, close_wire),
	};

	return cmocka_run_group_tests_name("metrics_wire", tests, run_base_group_setup, run_base_group_teardown);
}

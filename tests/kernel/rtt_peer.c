/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Beside Debian's tcprtt: every count of the peer's histograms is in ours. Both take samples at the same place, the
 * beginning of tcp_rcv_established(). The peer has less information:
 * - A segment without a measurement counts as 0, in the slot of 0 and 1 and in the average. Ours counts such segments
 *   apart.
 * - The peer keeps 32 bits of an address: all of IPv6 is one group, 0.0.0.0.
 * - The peer does not count runs that the kernel skips because a program interrupted itself. Ours counts its own; the
 *   peer may lack some.
 *
 * With -p, -b and -a, the peer does not load on a kernel with fentry: it reads the local port and address beyond the
 * end of what the verifier takes for a struct sock. So the test asks both tools for remote ports.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/histogram.h"

#include "lib/netns.h"
#include "lib/peer.h"
#include "lib/peer_rtt.h"
#include "lib/require.h"
#include "lib/rtt_run.h"
#include "lib/rtt_traffic.h"
#include "lib/test.h"
#include "lib/wire_pair.h"

#define EXCHANGES 200
#define MISSED    0.01 /* of its samples, which the kernel skipped */

#define SERVER_PORT      6770
#define SERVER_PORT_TEXT "6770"
#define CLIENT_PORT      6771
#define CLIENT_PORT_TEXT "6771"

static struct peer peer = {.output = -1};
static struct peer_histograms theirs;
static struct netns netns = {.home = -1};

static int leave(void **state)
{
	peer_drop(&peer);
	netns_leave(&netns);
	wire_close(&test_wire);
	return rtt_run_teardown(state);
}

static void start_peer(const char *const *args)
{
	const char *why = peer_start(&peer, "tcprtt", args);

	if (why)
		skip_because("%s", why);
}

static void stop(struct rtt_run *run)
{
	rtt_run_stop(run);
	peer_stop(&peer);
}

/* Ours, counted as it does: whole units, one slot for each power of two. */
static void fold(const struct rtt_report *report, uint64_t slots[PEER_RTT_SLOTS])
{
	memset(slots, 0, PEER_RTT_SLOTS * sizeof(*slots));
	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
		uint64_t value, high;
		unsigned int power = 0;

		slot_bounds(slot, &value, &high);
		value /= report->ms ? 1024 : 1;
		while (power < PEER_RTT_SLOTS - 1 && value >= 2ULL << power)
			power++;
		slots[power] += report->slots[slot];
	}
}

/* The tool that was read last. */
static void compare(const struct rtt_report *ours, const struct peer_histogram *its, const struct rtt_run *run)
{
	uint64_t slots[PEER_RTT_SLOTS], missing = 0, most = ours->count + run->unmeasured;

	fold(ours, slots);
	slots[0] += run->unmeasured;
	for (unsigned int i = 0; i < PEER_RTT_SLOTS; i++) {
		if (its->slots[i] > slots[i])
			missing += its->slots[i] - slots[i];
		if (its->slots[i] != slots[i])
			print_message("2^%u: the peer has %" PRIu64 ", we have %" PRIu64 "\n", i, its->slots[i],
				      slots[i]);
	}
	print_message("%s: the peer counted %" PRIu64 ", we %" PRIu64 " and %" PRIu64 " unmeasured, lost %" PRIu64 "\n",
		      its->key, its->count, ours->count, run->unmeasured, run->lost);
	require(missing <= run->lost, "%" PRIu64 " of the peer's samples are not among ours, and we lost %" PRIu64,
		missing, run->lost);
	require((double)its->count >= (double)most * (1 - MISSED), "the peer has %" PRIu64 " of %" PRIu64 " samples",
		its->count, most);
}

static const struct peer_histogram *the_only(void)
{
	peer_read_histograms(&peer, &theirs);
	require(theirs.count == 1, "the peer printed %zu histograms", theirs.count);
	return &theirs.items[0];
}

static const struct rtt_report *our_only(struct rtt_run *run, size_t tool)
{
	rtt_run_read(run, tool);
	require(run->reports.count == 1, "%zu reports", run->reports.count);
	return &run->reports.items[0];
}

/* In a network namespace of its own, so that both ports are known: the peer can ask for a remote one only. */
static void play(const char *address)
{
	const char *why = netns_enter(&netns);
	struct rtt_pair pair;

	if (why)
		skip_because("%s", why);
	pair = rtt_pair_open_at(address, CLIENT_PORT, address, SERVER_PORT);
	rtt_exchange(&pair, EXCHANGES, 0);
	rtt_exchange_mixed(&pair, EXCHANGES);
	rtt_pair_close(&pair);
	netns_leave(&netns);
}

/* Its average is that of what it counted, zeros included, and cut off. */
static void check_average(const struct rtt_report *ours, const struct peer_histogram *its, uint64_t unmeasured)
{
	double average = ours->us[RTT_MEAN] * (double)ours->count / (double)(ours->count + unmeasured);

	print_message("the peer's average is %" PRIu64 " us, ours %.3f us, or %.3f with its zeros\n", its->average,
		      ours->us[RTT_MEAN], average);
	require(its->has_average, "no average");
	require(its->count != ours->count + unmeasured ||
			((double)its->average <= average + 0.001 && (double)its->average > average - 1.001),
		"the peer's average is %" PRIu64 " us, not %.3f", its->average, average);
}

/* The samples with that remote port: the clients have the server's, and the other way round. */
static void check_microseconds(struct rtt_run *run, const char *address, const char *remote_port)
{
	const struct peer_histogram *its;
	const struct rtt_report *ours;
	size_t tool;

	rtt_run_watch(run, SERVER_PORT, SERVER_PORT);
	start_peer(ARGS("-e", "-P", remote_port));
	tool = rtt_run_start(run, ARGS("-P", remote_port));
	play(address);
	stop(run);
	its = the_only();
	ours = our_only(run, tool);
	compare(ours, its, run);
	check_average(ours, its, run->unmeasured);
}

static void test_client(void **state)
{
	check_microseconds(*state, "127.0.0.1", SERVER_PORT_TEXT);
}

static void test_server(void **state)
{
	check_microseconds(*state, "127.0.0.1", CLIENT_PORT_TEXT);
}

static void test_ipv6(void **state)
{
	check_microseconds(*state, "::1", SERVER_PORT_TEXT);
}

/* It cuts milliseconds off, and so do the powers of two that ours are folded to. */
static void test_milliseconds(void **state)
{
	struct rtt_run *run = *state;
	size_t tool;

	rtt_run_watch(run, SERVER_PORT, SERVER_PORT);
	start_peer(ARGS("-m", "-P", SERVER_PORT_TEXT));
	tool = rtt_run_start(run, ARGS("-m", "-P", SERVER_PORT_TEXT));
	play("127.0.0.1");
	stop(run);
	compare(our_only(run, tool), the_only(), run);
}

static void check_by_address(struct rtt_run *run, const char *address)
{
	const struct rtt_report *ours;
	size_t tool;

	rtt_run_watch(run, SERVER_PORT, SERVER_PORT);
	start_peer(ARGS("-B", "-P", SERVER_PORT_TEXT));
	tool = rtt_run_start(run, ARGS("-B", "-P", SERVER_PORT_TEXT));
	play(address);
	stop(run);
	ours = our_only(run, tool);
	require(!strcmp(ours->key, address), "our group is %s", ours->key);
	compare(ours, the_only(), run);
}

static void test_by_address(void **state)
{
	check_by_address(*state, "127.0.0.1");
	require(!strcmp(theirs.items[0].key, "127.0.0.1"), "the peer's group is %s", theirs.items[0].key);
}

/* The same counts, but in 2023 under an address that is none of the connection's. */
static void test_by_ipv6_address(void **state)
{
	check_by_address(*state, "::1");
	print_message("the peer calls ::1 %s\n", theirs.items[0].key);
}

/* The SYN-ACK is lost, and so is the SYN that comes again: the server cannot tell which one was answered. */
static struct wire_pair open_unmeasured(void)
{
	struct wire_pair pair;

	wire_enter(&test_wire, WIRE_LEFT);
	netns_set_port_range(CLIENT_PORT, CLIENT_PORT);
	wire_leave(&test_wire);
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++)
		wire_set_ipv4(&test_wire, end, "tcp_timestamps", "0");
	pair.listener = wire_listen(&test_wire);
	pair.client = wire_connect(&test_wire);
	wire_pass(&test_wire, WIRE_LEFT);
	wire_lose(&test_wire, WIRE_RIGHT);
	wire_lose(&test_wire, WIRE_LEFT);
	wire_pair_establish(&test_wire, &pair);
	return pair;
}

/* The peer's samples of 0 or 1 us are those that tcprtt reports as unmeasured. */
static void test_unmeasured(void **state)
{
	struct rtt_run *run = *state;
	const struct rtt_report *ours;
	struct wire_pair pair;
	const char *why = wire_open(&test_wire);
	size_t tool;

	if (why)
		skip_because("%s", why);
	rtt_run_watch(run, WIRE_SERVER_PORT, WIRE_SERVER_PORT);
	start_peer(ARGS("-P", CLIENT_PORT_TEXT));
	tool = rtt_run_start(run, ARGS("-P", CLIENT_PORT_TEXT));
	pair = open_unmeasured();
	for (int i = 0; i < 3; i++) {
		send_byte(pair.client);
		wire_carry_until(&test_wire, pair.server, POLLIN);
		receive_byte(pair.server);
	}
	abort_socket(pair.client);
	wire_carry(&test_wire);
	abort_socket(pair.server);
	close(pair.listener);
	stop(run);
	ours = our_only(run, tool);
	require(!ours->count && run->unmeasured + run->lost >= 3, "%" PRIu64 " samples, %" PRIu64 " unmeasured",
		ours->count, run->unmeasured);
	compare(ours, the_only(), run);
}

#define peer_test(function) cmocka_unit_test_teardown(function, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		peer_test(test_client),       peer_test(test_server),     peer_test(test_ipv6),
		peer_test(test_milliseconds), peer_test(test_by_address), peer_test(test_by_ipv6_address),
		peer_test(test_unmeasured),
	};

	return cmocka_run_group_tests_name("rtt_peer", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

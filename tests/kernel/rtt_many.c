/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcprtt --by conn with more groups at a time than a CPU remembers (512), in random order. A group that a CPU remembers
 * must never count for another group.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/require.h"
#include "lib/rtt_sides.h"
#include "lib/test.h"

#define CONNECTIONS 1500
#define EXCHANGES   9000

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223; /* Numerical Recipes */
	return *seed >> 8;
}

/* Segments that the server's side has received so far. */
static uint32_t received(const struct rtt_pair *pair)
{
	return rtt_info(pair->server).tcpi_segs_in;
}

static void check_connection(const struct rtt_run *run, const struct rtt_pair *pair, uint32_t segments,
			     uint64_t *ret_missing)
{
	const struct rtt_report *report;
	uint64_t count;
	char key[128];

	snprintf(key, sizeof(key), "127.0.0.1:%u->127.0.0.1:%u", pair->port, pair->client_port);
	report = rtt_reports_find(&run->reports, key);
	count = report ? report->count : 0;
	require(count <= segments, "%s: %" PRIu64 " samples of %u segments", key, count, segments);
	*ret_missing += segments - count;
}

static void test_each_group_has_its_own(void **state)
{
	static struct rtt_pair pairs[CONNECTIONS];
	static uint32_t before[CONNECTIONS];
	struct rtt_run *run = *state;
	uint64_t missing = 0, segments = 0;
	uint32_t seed = 7;
	uint16_t port;
	int keeper = rtt_run_watch_new_port(run, IPV4, &port);
	size_t tool;

	allow_descriptors(2 * CONNECTIONS);
	tool = rtt_run_start(run, ARGS("-p", rtt_port_text(port), "--by", "conn"));
	for (size_t i = 0; i < CONNECTIONS; i++) {
		pairs[i] = i ? rtt_pair_open_again(IPV4, &pairs[0]) : rtt_pair_open_on(IPV4, keeper, port);
		rtt_pair_settle(&pairs[i]);
		before[i] = received(&pairs[i]);
	}
	for (size_t i = 0; i < EXCHANGES; i++)
		rtt_exchange(&pairs[next_random(&seed) % CONNECTIONS], 1, 0);
	for (size_t i = 0; i < CONNECTIONS; i++)
		rtt_pair_settle(&pairs[i]);
	rtt_run_stop(run);
	rtt_run_read(run, tool);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		uint32_t count = received(&pairs[i]) - before[i];

		check_connection(run, &pairs[i], count, &missing);
		segments += count;
	}
	print_message("%zu groups, %" PRIu64 " segments, %" PRIu64 " of them missing\n", run->reports.count, segments,
		      missing);
	require(missing <= rtt_may_lack(run), "%" PRIu64 " samples are missing", missing);
	for (size_t i = CONNECTIONS; i-- > 0;)
		rtt_pair_reset(&pairs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rtt_test(test_each_group_has_its_own),
	};

	return cmocka_run_group_tests_name("rtt_many", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

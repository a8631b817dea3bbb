/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcprtt -4, -6, -a, -A, -p and -P: every sample that matches is counted, and no other. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "lib/netns.h"
#include "lib/require.h"
#include "lib/rtt_run.h"
#include "lib/rtt_traffic.h"
#include "lib/test.h"

#define FIRST_PORT 6700
#define LAST_PORT  6709
#define EXCHANGES  20

/* Addresses that nobody else on the machine uses; one server and one client's port for each. */
static const struct {
	const char *from, *to;
} ends[] = {
	{"127.77.1.1", "127.77.2.1"},
	{"127.77.1.2", "127.77.3.1"},
	{"127.77.1.3", "127.77.3.200"},
	{"2001:db8:77:1::1", "2001:db8:77:2::1"},
	{"2001:db8:77:1::1", "2001:db8:78::1"},
	{"::ffff:127.77.1.4", "127.77.4.1"},        /* the client's socket is AF_INET6 */
	{"127.77.1.5", "::ffff:127.77.4.2"},        /* the server's is */
	{"::ffff:127.77.1.6", "::ffff:127.77.4.3"}, /* both are */
};

#define PAIRS       (sizeof(ends) / sizeof(*ends))
#define CLIENT_PORT 6800 /* and up, as server ports from FIRST_PORT */

struct range {
	uint16_t low, high; /* 0, 0: the end */
};

struct filter {
	const char *const *args;
	uint8_t ip_version; /* 0: both */
	struct range lports[4], rports[4];
	const char *laddrs[4], *raddrs[4]; /* "127.77.3.0/25" */
	size_t connections;                /* how many have a side that matches, for the test of the test */
};

static struct netns netns = {.home = -1};

static int leave(void **state)
{
	netns_leave(&netns);
	return rtt_run_teardown(state);
}

static bool in_ranges(const struct range *ranges, uint16_t port)
{
	bool found = !ranges->high;

	for (; ranges->high; ranges++)
		found |= port >= ranges->low && port <= ranges->high;
	return found;
}

static bool in_prefix(const char *prefix, uint8_t ip_version, const uint8_t address[16])
{
	uint8_t bytes[16];
	char text[64];
	unsigned int bits;

	if (!!strchr(prefix, ':') != (ip_version == 6))
		return false;
	require(sscanf(prefix, "%63[^/]/%u", text, &bits) == 2, "the test's prefix %s", prefix);
	require(inet_pton(ip_version == 6 ? AF_INET6 : AF_INET, text, bytes) == 1, "the test's prefix %s", prefix);
	for (unsigned int bit = 0; bit < bits; bit++)
		if ((bytes[bit / 8] ^ address[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

static bool in_prefixes(const char *const *prefixes, uint8_t ip_version, const uint8_t address[16])
{
	bool found = !*prefixes;

	for (size_t i = 0; i < 4 && prefixes[i]; i++)
		found |= in_prefix(prefixes[i], ip_version, address);
	return found;
}

static bool admits(const struct rtt_probe *probe, const void *context)
{
	const struct filter *filter = context;
	const struct tuple *tuple = &probe->tuple;

	return (!filter->ip_version || filter->ip_version == tuple->ip_version) &&
	       in_ranges(filter->lports, tuple->lport) && in_ranges(filter->rports, tuple->rport) &&
	       in_prefixes(filter->laddrs, tuple->ip_version, tuple->laddr) &&
	       in_prefixes(filter->raddrs, tuple->ip_version, tuple->raddr);
}

static void make_traffic(void)
{
	static const char *const addresses[] = {"2001:db8:77:1::1", "2001:db8:77:2::1", "2001:db8:78::1"};
	const char *why = netns_enter(&netns);

	if (why)
		skip_because("%s", why);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		rtt_add_address(addresses[i]);
	for (size_t i = 0; i < PAIRS; i++) {
		struct rtt_pair pair = rtt_pair_open_at(ends[i].from, (uint16_t)(CLIENT_PORT + i), ends[i].to,
							(uint16_t)(FIRST_PORT + i));

		rtt_exchange(&pair, EXCHANGES + 3 * (unsigned int)i, 0);
		rtt_pair_close(&pair);
	}
	netns_leave(&netns);
}

static size_t count_connections(const struct rtt_run *run, const struct filter *filter)
{
	bool seen[PAIRS] = {false};
	size_t count = 0;

	for (size_t i = 0; i < run->log.count; i++) {
		const struct tuple *tuple = &run->log.items[i].tuple;
		unsigned int port = tuple->lport >= CLIENT_PORT ? tuple->lport : tuple->rport;

		if (admits(&run->log.items[i], filter) && port - CLIENT_PORT < PAIRS)
			seen[port - CLIENT_PORT] = true;
	}
	for (size_t i = 0; i < PAIRS; i++)
		count += seen[i];
	return count;
}

/* All of them look at the same traffic. */
static void check_filters(void **state, const struct filter *filters, size_t count)
{
	struct rtt_run *run = *state;

	rtt_run_watch(run, FIRST_PORT, LAST_PORT);
	for (size_t i = 0; i < count; i++)
		rtt_run_start(run, filters[i].args);
	make_traffic();
	rtt_run_stop(run);
	for (size_t i = 0; i < count; i++) {
		for (const char *const *arg = filters[i].args; *arg; arg++)
			print_message("%s ", *arg);
		print_message("\n");
		require(count_connections(run, &filters[i]) == filters[i].connections,
			"the test expects %zu connections to match, not %zu", count_connections(run, &filters[i]),
			filters[i].connections);
		rtt_run_check_all(run, i, admits, &filters[i]);
	}
}

#define CHECK(state, filters) check_filters(state, filters, sizeof(filters) / sizeof(*(filters)))
#define SERVERS               .lports = {{FIRST_PORT, LAST_PORT}}

static void test_ports(void **state)
{
	const struct filter filters[] = {
		{.args = ARGS("-p", "6700"), .lports = {{6700, 6700}}, .connections = 1},
		{.args = ARGS("-p", "6701,6703-6705,6807"),
		 .lports = {{6701, 6701}, {6703, 6705}, {6807, 6807}},
		 .connections = 5},
		{.args = ARGS("-P", "6702"), .rports = {{6702, 6702}}, .connections = 1},
		{.args = ARGS("-P", "6700-6702,6806,6807"),
		 .rports = {{6700, 6702}, {6806, 6806}, {6807, 6807}},
		 .connections = 5},
		{.args = ARGS("-p", "6700-6705", "-P", "6804-6899"),
		 .lports = {{6700, 6705}},
		 .rports = {{6804, 6899}},
		 .connections = 2},
		{.args = ARGS("--lport", "6801,6802", "--rport=1-65535"), .lports = {{6801, 6802}}, .connections = 2},
	};

	CHECK(state, filters);
}

static void test_families(void **state)
{
	const struct filter filters[] = {
		{.args = ARGS("-4", "-p", "6700-6709"), .ip_version = 4, SERVERS, .connections = 6},
		{.args = ARGS("-6", "-p", "6700-6709"), .ip_version = 6, SERVERS, .connections = 2},
		{.args = ARGS("-4", "-P", "6705-6707"), .ip_version = 4, .rports = {{6705, 6707}}, .connections = 3},
		{.args = ARGS("-6", "-P", "6702-6704"), .ip_version = 6, .rports = {{6702, 6704}}, .connections = 2},
	};

	CHECK(state, filters);
}

static void test_addresses(void **state)
{
	const struct filter filters[] = {
		{.args = ARGS("-a", "127.77.1.1"), .laddrs = {"127.77.1.1/32"}, .connections = 1},
		{.args = ARGS("-A", "127.77.3.1"), .raddrs = {"127.77.3.1/32"}, .connections = 1},
		{.args = ARGS("-A", "127.77.3.0/24"), .raddrs = {"127.77.3.0/24"}, .connections = 2},
		{.args = ARGS("-A", "127.77.3.0/25"), .raddrs = {"127.77.3.0/25"}, .connections = 1},
		{.args = ARGS("-a", "127.77.2.0/23"), .laddrs = {"127.77.2.0/23"}, .connections = 3},
		{.args = ARGS("-a", "127.77.2.1,127.77.4.0/24,127.77.1.2"),
		 .laddrs = {"127.77.2.1/32", "127.77.4.0/24", "127.77.1.2/32"},
		 .connections = 5},
		{.args = ARGS("-a", "127.77.1.0/24", "-A", "127.77.2.0/24,127.77.4.3"),
		 .laddrs = {"127.77.1.0/24"},
		 .raddrs = {"127.77.2.0/24", "127.77.4.3/32"},
		 .connections = 2},
		/* v4-mapped: one way to write it, three ways to connect */
		{.args = ARGS("-A", "127.77.4.0/24"), .raddrs = {"127.77.4.0/24"}, .connections = 3},
		{.args = ARGS("-a", "127.77.1.4/30"), .laddrs = {"127.77.1.4/30"}, .connections = 3},
	};

	CHECK(state, filters);
}

static void test_ipv6_addresses(void **state)
{
	const struct filter filters[] = {
		{.args = ARGS("-a", "2001:db8:77:1::1"), .laddrs = {"2001:db8:77:1::1/128"}, .connections = 2},
		{.args = ARGS("-A", "2001:db8:77:2::/64"), .raddrs = {"2001:db8:77:2::/64"}, .connections = 1},
		{.args = ARGS("-A", "2001:db8:76::/47"), .raddrs = {"2001:db8:76::/47"}, .connections = 2},
		{.args = ARGS("-a", "2001:db8:78::/48,127.77.2.1"),
		 .laddrs = {"2001:db8:78::/48", "127.77.2.1/32"},
		 .connections = 2},
		/* a prefix of one family does not admit the other */
		{.args = ARGS("-a", "::/0", "-p", "6700-6709"), .laddrs = {"::/0"}, SERVERS, .connections = 2},
		{.args = ARGS("-a", "0.0.0.0/0", "-p", "6700-6709"),
		 .laddrs = {"0.0.0.0/0"},
		 SERVERS,
		 .connections = 6},
		{.args = ARGS("-A", "0.0.0.0/0,::/0", "-p", "6700-6709"),
		 .raddrs = {"0.0.0.0/0", "::/0"},
		 SERVERS,
		 .connections = 8},
		{.args = ARGS("-6", "-a", "127.77.2.1,2001:db8::/32", "-p", "6700-6709"),
		 .ip_version = 6,
		 .laddrs = {"127.77.2.1/32", "2001:db8::/32"},
		 SERVERS,
		 .connections = 2},
	};

	CHECK(state, filters);
}

/* Filters that match no connection: nothing is counted, and nothing is reported as unmeasured. */
static void test_nothing_matches(void **state)
{
	struct rtt_run *run = *state;
	size_t count;

	rtt_run_watch(run, FIRST_PORT, LAST_PORT);
	rtt_run_start(run, ARGS("-p", "6699,6710-6799"));
	rtt_run_start(run, ARGS("-a", "127.77.5.0/24"));
	rtt_run_start(run, ARGS("-A", "2001:db8:79::/48"));
	rtt_run_start(run, ARGS("-6", "-A", "127.77.0.0/16,2001:db8:79::/48"));
	rtt_run_start(run, ARGS("-p", "6700", "-P", "6801"));
	count = rtt_run_start(run, ARGS("-4", "-p", "6703,6704")) + 1;
	make_traffic();
	rtt_run_stop(run);
	require(run->log.count, "the witness saw nothing");
	for (size_t i = 0; i < count; i++) {
		rtt_run_read(run, i);
		require(run->reports.count == 1 && !run->reports.items[0].count, "tool %zu counted %llu", i,
			(unsigned long long)run->reports.items[0].count);
		require(!run->unmeasured, "tool %zu missed measurements of what it was not asked for", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_ports, leave),
		cmocka_unit_test_teardown(test_families, leave),
		cmocka_unit_test_teardown(test_addresses, leave),
		cmocka_unit_test_teardown(test_ipv6_addresses, leave),
		cmocka_unit_test_teardown(test_nothing_matches, leave),
	};

	return cmocka_run_group_tests_name("rtt_filters", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

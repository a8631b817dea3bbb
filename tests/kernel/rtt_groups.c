/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcprtt --by: every sample is in the histogram of its group, and only there. Runs in a network namespace of the test's
 * own.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/netns.h"
#include "lib/require.h"
#include "lib/rtt_sides.h"
#include "lib/test.h"

#define FIRST_PORT 6700
#define LAST_PORT  6703
#define EXCHANGES  20

static const struct {
	const char *from, *to;
	uint16_t port;
} ends[] = {
	{"127.0.1.1", "127.0.2.1", FIRST_PORT},
	{"127.0.1.2", "127.0.2.1", FIRST_PORT + 1},
	{"127.0.1.2", "127.0.3.1", FIRST_PORT},
	{"2001:db8:1::1", "2001:db8:2::1", FIRST_PORT},
	{"2001:db8:1::2", "2001:db8:2::1", FIRST_PORT + 2},
	{"::ffff:127.0.1.3", "127.0.2.2", FIRST_PORT},
	{"127.0.1.3", "::ffff:127.0.3.1", FIRST_PORT + 3},
};

#define PAIRS     (sizeof(ends) / sizeof(*ends))
#define ALL_PORTS "6700-6703"

static struct netns netns = {.home = -1};

static int leave(void **state)
{
	netns_leave(&netns);
	return rtt_run_teardown(state);
}

static void enter_namespace(void)
{
	static const char *const addresses[] = {"2001:db8:1::1", "2001:db8:1::2", "2001:db8:2::1"};
	const char *why = netns_enter(&netns);

	if (why)
		skip_because("%s", why);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		rtt_add_address(addresses[i]);
}

/* Different numbers of exchanges, and different times to think. */
static void make_traffic(void)
{
	for (size_t i = 0; i < PAIRS; i++) {
		struct rtt_pair pair = rtt_pair_open_at(ends[i].from, 0, ends[i].to, ends[i].port);

		rtt_exchange_mixed(&pair, EXCHANGES * (unsigned int)(i + 1));
		rtt_pair_close(&pair);
	}
}

/* ---- what a group is called, from the witness's sample ---- */

#define LOCAL  0
#define REMOTE 1

static void put_address(char *key, size_t size, const struct tuple *tuple, int side, unsigned int bits)
{
	uint8_t bytes[16];
	unsigned int width = tuple->ip_version == 4 ? 32 : 128;

	memcpy(bytes, side == LOCAL ? tuple->laddr : tuple->raddr, 16);
	for (unsigned int bit = bits; bit < width; bit++)
		bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	inet_ntop(tuple->ip_version == 4 ? AF_INET : AF_INET6, bytes, key, (socklen_t)size);
	if (bits < width)
		snprintf(key + strlen(key), size - strlen(key), "/%u", bits);
}

static void put_endpoint(char *key, size_t size, const struct tuple *tuple, int side)
{
	char address[64];

	put_address(address, sizeof(address), tuple, side, 128);
	snprintf(key, size, tuple->ip_version == 4 ? "%s:%u" : "[%s]:%u", address,
		 side == LOCAL ? tuple->lport : tuple->rport);
}

static bool put_part(char *key, size_t size, const struct tuple *tuple, const char *word)
{
	char other[128];

	if (!strcmp(word, "laddr") || !strcmp(word, "raddr"))
		put_address(key, size, tuple, *word == 'l' ? LOCAL : REMOTE, 128);
	else if (!strcmp(word, "lport") || !strcmp(word, "rport"))
		snprintf(key, size, "%u", *word == 'l' ? tuple->lport : tuple->rport);
	else if (!strcmp(word, "netns"))
		snprintf(key, size, "%" PRIu64, netns.inode);
	else if (!strcmp(word, "prefix:24"))
		put_address(key, size, tuple, REMOTE, tuple->ip_version == 4 ? 24 : 64);
	else if (!strcmp(word, "prefix:9/47"))
		put_address(key, size, tuple, REMOTE, tuple->ip_version == 4 ? 9 : 47);
	else if (!strcmp(word, "conn")) {
		put_endpoint(key, size, tuple, LOCAL);
		put_endpoint(other, sizeof(other), tuple, REMOTE);
		snprintf(key + strlen(key), size - strlen(key), "->%s", other);
	} else
		return false;
	return true;
}

/* The context is what --by was given. */
static bool key_of(const struct rtt_probe *probe, const void *context, char key[256])
{
	const char *words = context, *comma = strchr(words, ',');
	char first[32];

	if (probe->tuple.lport < FIRST_PORT || probe->tuple.lport > LAST_PORT)
		return false; /* -p */
	snprintf(first, sizeof(first), "%.*s", comma ? (int)(comma - words) : (int)strlen(words), words);
	require(put_part(key, 256, &probe->tuple, first), "the test does not know \"%s\"", first);
	if (comma) {
		strcat(key, ",");
		put_part(key + strlen(key), 256 - strlen(key), &probe->tuple, comma + 1);
	}
	return true;
}

static bool is_of_servers(const struct rtt_probe *probe, const void *context)
{
	char key[256];

	return key_of(probe, context, key);
}

/* The reports' by, and that they sum up to what was measured without groups at the same time. */
static void check_sum(const struct rtt_run *run, const char *words)
{
	uint64_t slots[SLOT_COUNT] = {0};
	struct rtt_expected expected;

	for (size_t i = 0; i < run->reports.count; i++) {
		if (words)
			require(!strcmp(run->reports.items[i].by, words), "by is \"%s\", not \"%s\"",
				run->reports.items[i].by, words);
		for (size_t slot = 0; slot < SLOT_COUNT; slot++)
			slots[slot] += run->reports.items[i].slots[slot];
	}
	rtt_expect(&run->log, is_of_servers, "conn", false, 0, &expected);
	rtt_check_slots(&expected, slots, run->lost, "all groups");
	rtt_expected_free(&expected);
}

static void test_words(void **state)
{
	static const char *const words[] = {"laddr", "raddr",     "lport",       "rport",
					    "netns", "prefix:24", "prefix:9/47", "conn"};
	struct rtt_run *run = *state;
	const size_t count = sizeof(words) / sizeof(*words);

	rtt_run_watch(run, FIRST_PORT, LAST_PORT);
	for (size_t i = 0; i < count; i++)
		rtt_run_start(run, ARGS("-p", ALL_PORTS, "--by", words[i]));
	enter_namespace();
	make_traffic();
	netns_leave(&netns);
	rtt_run_stop(run);
	for (size_t i = 0; i < count; i++) {
		print_message("--by %s\n", words[i]);
		rtt_run_check_groups(run, i, key_of, words[i], false);
		check_sum(run, strncmp(words[i], "prefix", 6) ? words[i] : NULL);
	}
}

static void test_two_words(void **state)
{
	static const char *const words[] = {"laddr,rport",     "rport,laddr", "raddr,lport",
					    "prefix:24,lport", "netns,raddr", "laddr,raddr"};
	struct rtt_run *run = *state;
	const size_t count = sizeof(words) / sizeof(*words);

	rtt_run_watch(run, FIRST_PORT, LAST_PORT);
	for (size_t i = 0; i < count; i++)
		rtt_run_start(run, ARGS("-p", ALL_PORTS, "--by", words[i]));
	enter_namespace();
	make_traffic();
	netns_leave(&netns);
	rtt_run_stop(run);
	for (size_t i = 0; i < count; i++) {
		print_message("--by %s\n", words[i]);
		rtt_run_check_groups(run, i, key_of, words[i], false);
		check_sum(run, strstr(words[i], "prefix") ? NULL : words[i]);
	}
}

/* -b, -B, both, and in milliseconds. */
static void test_peers_letters(void **state)
{
	struct rtt_run *run = *state;
	size_t local, remote, both, remote_ms;

	rtt_run_watch(run, FIRST_PORT, LAST_PORT);
	local = rtt_run_start(run, ARGS("-p", ALL_PORTS, "-b"));
	remote = rtt_run_start(run, ARGS("-p", ALL_PORTS, "-B"));
	both = rtt_run_start(run, ARGS("-p", ALL_PORTS, "-b", "-B"));
	remote_ms = rtt_run_start(run, ARGS("-p", ALL_PORTS, "-m", "-B"));

	enter_namespace();
	make_traffic();
	netns_leave(&netns);
	rtt_run_stop(run);
	rtt_run_check_groups(run, local, key_of, "laddr", false);
	check_sum(run, "laddr");
	rtt_run_check_groups(run, remote, key_of, "raddr", false);
	check_sum(run, "raddr");
	rtt_run_check_groups(run, both, key_of, "laddr,raddr", false);
	check_sum(run, "laddr,raddr");
	rtt_run_check_groups(run, remote_ms, key_of, "raddr", false);
}

/* The same addresses and ports in two namespaces are two connections; only such are told apart in their names. */
static void test_same_connection_in_two_namespaces(void **state)
{
	static const char tuple[] = "127.0.2.1:6700->127.0.1.1:6801";
	static const unsigned int exchanges[] = {10, 30};
	struct rtt_run *run = *state;
	const struct rtt_report *reports[2];
	uint64_t inodes[2];
	size_t tool;

	rtt_run_watch(run, FIRST_PORT, LAST_PORT);
	tool = rtt_run_start(run, ARGS("-p", ALL_PORTS, "--by", "conn"));
	for (size_t i = 0; i < 2; i++) {
		struct rtt_pair pair, other;

		enter_namespace();
		inodes[i] = netns.inode;
		pair = rtt_pair_open_at("127.0.1.1", 6801, "127.0.2.1", FIRST_PORT);
		other = rtt_pair_open_at("127.0.1.1", (uint16_t)(6802 + i), "127.0.2.1", FIRST_PORT + 1);
		rtt_exchange(&pair, exchanges[i], 0);
		rtt_exchange(&other, 5, 0);
		rtt_pair_close(&pair);
		rtt_pair_close(&other);
		netns_leave(&netns);
	}
	rtt_run_stop(run);
	rtt_run_read(run, tool);
	check_sum(run, "conn");
	require(run->reports.count == 4, "%zu groups, not 4", run->reports.count);
	require(rtt_reports_find(&run->reports, "127.0.2.1:6701->127.0.1.1:6802") &&
			rtt_reports_find(&run->reports, "127.0.2.1:6701->127.0.1.1:6803"),
		"the names of the others have changed");
	for (size_t i = 0; i < 2; i++) {
		char key[64];

		snprintf(key, sizeof(key), "%s@%" PRIu64, tuple, inodes[i]);
		reports[i] = rtt_reports_find(&run->reports, key);
		require(reports[i], "no group %s", key);
		print_message("%s: %" PRIu64 " samples\n", key, reports[i]->count);
	}
	require(reports[0]->count + rtt_may_lack(run) >= exchanges[0] && reports[0]->count < reports[1]->count,
		"samples of the one are counted for the other");
}

/* ---- --top, --sort, --max-keys ---- */

static double sort_value(const struct rtt_report *report, const char *sort)
{
	return !strcmp(sort, "count") ? (double)report->count : report->us[!strcmp(sort, "mean") ? RTT_MEAN : RTT_P99];
}

static void check_order(const struct rtt_run *run, const char *sort)
{
	for (size_t i = 1; i < run->reports.count; i++)
		require(sort_value(&run->reports.items[i - 1], sort) >= sort_value(&run->reports.items[i], sort),
			"--sort %s: %s before %s", sort, run->reports.items[i - 1].key, run->reports.items[i].key);
}

static void test_top_and_sort(void **state)
{
	static const char *const sorts[] = {"p99", "count", "mean"};
	struct rtt_run *run = *state;
	struct rtt_reports all;
	size_t unsorted;

	rtt_run_watch(run, FIRST_PORT, LAST_PORT);
	for (size_t i = 0; i < 3; i++) {
		rtt_run_start(run, ARGS("-p", ALL_PORTS, "--by", "conn", "--sort", sorts[i]));
		rtt_run_start(run, ARGS("-p", ALL_PORTS, "--by", "conn", "--sort", sorts[i], "--top", "3"));
	}
	unsorted = rtt_run_start(run, ARGS("-p", ALL_PORTS, "--by", "conn", "--top", "100"));
	enter_namespace();
	make_traffic();
	netns_leave(&netns);
	rtt_run_stop(run);
	for (size_t i = 0; i < 3; i++) {
		rtt_run_check_groups(run, 2 * i, key_of, "conn", false);
		require(run->reports.count == PAIRS, "%zu groups, not %zu", run->reports.count, PAIRS);
		check_order(run, sorts[i]);
		all = run->reports;
		run->reports = (struct rtt_reports){0};
		rtt_run_read(run, 2 * i + 1);
		require(run->reports.count == 3, "--top 3: %zu groups", run->reports.count);
		check_order(run, sorts[i]);
		for (size_t j = 0; j < 3 && !run->lost; j++)
			require(sort_value(&run->reports.items[j], sorts[i]) == sort_value(&all.items[j], sorts[i]),
				"--top 3 --sort %s: group %zu is %s, not %s", sorts[i], j + 1,
				run->reports.items[j].key, all.items[j].key);
		free(all.items);
	}
	rtt_run_read(run, unsorted);
	check_order(run, "p99");
	require(run->reports.count == PAIRS, "--top 100: %zu groups", run->reports.count);
}

/* Three groups have names; all others are in "other", to the last sample. */
static void test_max_keys(void **state)
{
	struct rtt_run *run = *state;
	const struct rtt_report *other;
	uint64_t in_groups = 0;
	size_t few, enough;

	rtt_run_watch(run, FIRST_PORT, LAST_PORT);
	few = rtt_run_start(run, ARGS("-p", ALL_PORTS, "--by", "conn", "--max-keys", "3"));
	enough = rtt_run_start(run, ARGS("-p", ALL_PORTS, "--by", "conn", "--max-keys", "7"));

	enter_namespace();
	make_traffic();
	netns_leave(&netns);
	rtt_run_stop(run);

	rtt_run_check_groups(run, few, key_of, "conn", false);
	check_sum(run, "conn");
	other = rtt_reports_find(&run->reports, "other");
	require(run->reports.count == 4 && other && other->other, "%zu groups", run->reports.count);
	require(run->in_other == other->count, "it says that %" PRIu64 " samples are in \"other\", which has %" PRIu64,
		run->in_other, other->count);
	for (size_t i = 0; i < run->reports.count; i++)
		in_groups += run->reports.items[i].count;
	print_message("%" PRIu64 " samples, %" PRIu64 " of them in \"other\"\n", in_groups, other->count);

	rtt_run_check_groups(run, enough, key_of, "conn", false);
	check_sum(run, "conn");
	require(!rtt_reports_find(&run->reports, "other") && !run->in_other, "\"other\" where every group has room");
}

/* Groups that have no samples in an interval are not printed in it, and come back. */
static void test_groups_in_intervals(void **state)
{
	struct rtt_run *run = *state;
	uint64_t slots[SLOT_COUNT] = {0};
	struct rtt_expected expected;
	size_t whole, parts;

	rtt_run_watch(run, FIRST_PORT, LAST_PORT);
	whole = rtt_run_start(run, ARGS("-p", ALL_PORTS, "--by", "conn"));
	parts = rtt_run_start(run, ARGS("-p", ALL_PORTS, "--by", "conn", "-i", "0.2"));
	enter_namespace();
	make_traffic();
	netns_leave(&netns);
	rtt_run_stop(run);
	rtt_run_check_groups(run, whole, key_of, "conn", false);
	rtt_run_read(run, parts);
	for (size_t i = 0; i < run->reports.count; i++) {
		require(run->reports.items[i].count, "an empty group");
		for (size_t slot = 0; slot < SLOT_COUNT; slot++)
			slots[slot] += run->reports.items[i].slots[slot];
	}
	print_message("%zu reports\n", run->reports.count);
	rtt_expect(&run->log, is_of_servers, "conn", false, 0, &expected);
	rtt_check_slots(&expected, slots, run->lost, "all intervals of all groups");
	rtt_expected_free(&expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_words, leave),
		cmocka_unit_test_teardown(test_two_words, leave),
		cmocka_unit_test_teardown(test_peers_letters, leave),
		cmocka_unit_test_teardown(test_same_connection_in_two_namespaces, leave),
		cmocka_unit_test_teardown(test_top_and_sort, leave),
		cmocka_unit_test_teardown(test_max_keys, leave),
		cmocka_unit_test_teardown(test_groups_in_intervals, leave),
	};

	return cmocka_run_group_tests_name("rtt_groups", tests, rtt_run_group_setup, rtt_run_group_teardown);
}

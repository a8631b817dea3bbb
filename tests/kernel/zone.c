/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Two neighbours with the same link-local address on two links are two: rows, filters and groups keep them apart. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/kernel.h"
#include "lib/links.h"
#include "lib/require.h"
#include "lib/rtt_report.h"
#include "lib/run_base.h"
#include "lib/traffic.h"

#define PORT      6761
#define PORT_TEXT "6761"

/* On each link, so that they can be told by their number. */
static const unsigned int exchanges[LINKS] = {20, 50};

static struct links links = LINKS_NONE;
static struct run_base *base;

/* Once in a test. */
static void enter(void)
{
	const char *why = links.near_fd < 0 ? links_enter(&links) : NULL;

	if (why)
		skip_because("%s", why);
}

static int setup(void **state)
{
	int failed = run_base_group_setup(state);

	base = *state;
	return failed;
}

static int leave(void **state)
{
	run_base_teardown(state);
	links_leave(&links);
	return 0;
}

#define start(name, ...) (enter(), run_base_start(base, name, ARGS("-v", __VA_ARGS__)))

static void exchange(unsigned int link, int listener)
{
	int client = links_connect(&links, link, PORT), server = accept_from(listener);

	for (unsigned int i = 0; i < exchanges[link]; i++) {
		send_byte(client);
		receive_byte(server);
		send_byte(server);
		receive_byte(client);
	}
	close(client);
	receive_end(server);
	close(server);
}

/* While this thread is at the near end, the tools find that namespace. */
static void play(void)
{
	int listener = links_listen(&links, PORT);

	for (unsigned int link = 0; link < LINKS; link++)
		exchange(link, listener);
	close(listener);
	run_base_stop(base);
	run_base_expect_success(base);
}

/* Everything it printed, in a static buffer. */
static const char *output_of(const struct tool *tool)
{
	static char text[1 << 18];
	ssize_t length = pread(tool->out, text, sizeof(text) - 1, 0);

	require(length >= 0, "cannot read what the tool printed");
	text[length] = '\0';
	return text;
}

static size_t count_text(const char *text, const char *what)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		count++;
	return count;
}

/* How many rows have that number and that name. */
static size_t count_rows(const struct rows *rows, uint64_t netns, uint32_t ifindex, const char *zone)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->items[i];

		count += row->netns == netns && row->ifindex == (int64_t)ifindex && !strcmp(row->zone, zone);
	}
	return count;
}

/* A client's life: SYN_SENT, ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE. Its server's: SYN_RECV to CLOSE. */
#define CLIENT_ROWS 5
#define SERVER_ROWS 5

/* Each row has its link's number; the far namespace has no name, whatever its interfaces are called. */
static void test_rows(void **state)
{
	struct tool *json = start("tcpstates", "-o", "json", "-D", PORT_TEXT);
	struct tool *far = start("tcpstates", "-o", "json", "-L", PORT_TEXT, "--laddr", LINKS_FAR);
	struct rows near_rows, far_rows;

	(void)state;
	play();
	rows_read(json->out, &near_rows);
	rows_read(far->out, &far_rows);
	for (unsigned int link = 0; link < LINKS; link++) {
		char number[16];
		size_t near = count_rows(&near_rows, links.near.inode, links.near_ifindex[link], link_names[link]);
		size_t servers;

		snprintf(number, sizeof(number), "%u", links.far_ifindex[link]);
		servers = count_rows(&far_rows, links.far.inode, links.far_ifindex[link], number);
		print_message("%s: %zu rows of the client, %zu of the server\n", link_names[link], near, servers);
		require(near == CLIENT_ROWS && servers == SERVER_ROWS, "not %d and %d", CLIENT_ROWS, SERVER_ROWS);
	}
	require(near_rows.count == LINKS * CLIENT_ROWS && far_rows.count == LINKS * SERVER_ROWS, "other rows, too");
	rows_free(&near_rows);
	rows_free(&far_rows);
}

static void expect_text(const struct tool *tool, const char *what, size_t count)
{
	require(count_text(output_of(tool), what) == count, "not %zu times \"%s\":\n%s", count, what, output_of(tool));
}

static void test_text(void **state)
{
	struct tool *text = start("tcpstates", "-D", PORT_TEXT),
		    *csv = start("tcpstates", "-o", "csv", "-D", PORT_TEXT);

	(void)state;
	play();
	for (unsigned int link = 0; link < LINKS; link++) {
		char word[64];

		snprintf(word, sizeof(word), " " LINKS_FAR "%%%s ", link_names[link]);
		expect_text(text, word, CLIENT_ROWS);
		snprintf(word, sizeof(word), "," LINKS_FAR "%%%s,", link_names[link]);
		expect_text(csv, word, CLIENT_ROWS);
	}
}

static void test_connections(void **state)
{
	struct tool *text, *json;

	(void)state;
	if (!kernel_has_socket_storage())
		skip_because("no -c before Linux 5.12");
	text = start("tcpstates", "-c", "-D", PORT_TEXT);
	json = start("tcpstates", "-c", "-o", "json", "-D", PORT_TEXT);
	play();
	for (unsigned int link = 0; link < LINKS; link++) {
		char word[64];

		snprintf(word, sizeof(word), " " LINKS_FAR "%%%s ", link_names[link]);
		expect_text(text, word, 1);
		snprintf(word, sizeof(word), "\"zone\":\"%s\"}", link_names[link]);
		expect_text(json, word, 1);
		snprintf(word, sizeof(word), "\"ifindex\":%u,", links.near_ifindex[link]);
		expect_text(json, word, 1);
	}
}

/* The zone of the rows, where all have the same; a filter lets nothing else pass. */
static void expect_only(const struct tool *tool, unsigned int link, const char *what)
{
	struct rows rows;
	size_t count;

	rows_read(tool->out, &rows);
	count = count_rows(&rows, links.near.inode, links.near_ifindex[link], link_names[link]);
	require(count == CLIENT_ROWS && rows.count == count, "%s: %zu rows of %s, %zu in all", what, count,
		link_names[link], rows.count);
	rows_free(&rows);
}

static void test_filters(void **state)
{
	struct tool *name, *number, *negated, *prefix, *both;
	char by_number[64];

	(void)state;
	enter();
	snprintf(by_number, sizeof(by_number), LINKS_FAR "%%%u", links.near_ifindex[1]);
	name = start("tcpstates", "-o", "json", "-D", PORT_TEXT, "--raddr", LINKS_FAR "%left");
	number = start("tcpstates", "-o", "json", "-D", PORT_TEXT, "--raddr", by_number);
	negated = start("tcpstates", "-o", "json", "-D", PORT_TEXT, "--raddr", "!fe80::%left/64");
	prefix = start("tcpstates", "-o", "json", "-D", PORT_TEXT, "--laddr", "fe80::%right/10");
	/* with a zone goes before without, also if that is the longer one */
	both = start("tcpstates", "-o", "json", "-D", PORT_TEXT, "--raddr", LINKS_FAR, "--raddr", "!fe80::%right/64");
	play();
	expect_only(name, 0, "a name");
	expect_only(number, 1, "a number");
	expect_only(negated, 1, "a negated one");
	expect_only(prefix, 1, "a prefix");
	expect_only(both, 0, "with and without");
}

/* The name of an interface of another namespace: that one's number may be the same. */
static void test_other_namespace(void **state)
{
	struct tool *by_name, *by_number;
	char netns[32];

	(void)state;
	enter();
	snprintf(netns, sizeof(netns), "!%" PRIu64, links.near.inode);
	by_name = start("tcpstates", "-o", "csv", "--raddr", "fe80::%lo/64");
	by_number = start("tcpstates", "-o", "csv", "--netns", netns, "--raddr", "fe80::%1/64");
	play();
	expect_text(by_name, "\n", 1); /* the header */
	expect_text(by_number, "\n", 1);
}

static const struct rtt_report *find(const struct rtt_reports *reports, const char *key, unsigned int link)
{
	const struct rtt_report *report = rtt_reports_find(reports, key);

	require(report, "no group %s", key);
	require(report->ifindex == links.near_ifindex[link] && !strcmp(report->zone, link_names[link]),
		"%s: ifindex %u, zone \"%s\"", key, report->ifindex, report->zone);
	return report;
}

/* One for each link, and what came over one is not counted for the other. */
static void expect_groups(const struct tool *tool, const char *left, const char *right)
{
	const struct rtt_report *reports[LINKS];
	struct rtt_reports all;

	rtt_reports_read(tool->out, &all);
	require(all.count == LINKS, "%zu groups", all.count);
	reports[0] = find(&all, left, 0);
	reports[1] = find(&all, right, 1);
	print_message("%s: %" PRIu64 " samples, %s: %" PRIu64 "\n", left, reports[0]->count, right, reports[1]->count);
	/* each exchange is a segment at least; this machine may hide some */
	require(reports[0]->count + 10 >= exchanges[0] && reports[1]->count >= reports[0]->count + 20,
		"samples of the one are counted for the other");
	free(all.items);
}

static void test_groups(void **state)
{
	struct tool *raddr = start("tcprtt", "-B", "-P", PORT_TEXT, "-o", "json");
	struct tool *both = start("tcprtt", "--by", "rport,laddr", "-P", PORT_TEXT, "-o", "json");
	struct tool *prefix = start("tcprtt", "--by", "prefix:24", "-P", PORT_TEXT, "-o", "json");
	struct tool *broad = start("tcprtt", "--by", "prefix:24/9", "-P", PORT_TEXT, "-o", "json");
	struct tool *text = start("tcprtt", "-B", "-P", PORT_TEXT);
	struct rtt_reports all;

	(void)state;
	play();
	expect_groups(raddr, "fe80::2%left", "fe80::2%right");
	expect_groups(both, PORT_TEXT ",fe80::1%left", PORT_TEXT ",fe80::1%right");
	expect_groups(prefix, "fe80::%left/64", "fe80::%right/64");
	rtt_reports_read(broad->out, &all);
	require(all.count == 1 && rtt_reports_find(&all, "fe80::/9") && !all.items[0].ifindex, "fe80::/9 has a zone");
	free(all.items);
	expect_text(text, "Remote Address = fe80::2%left ", 1);
	expect_text(text, "Remote Address = fe80::2%right ", 1);
}

/* The far end's interfaces have names that nobody finds; and a filter. */
static void test_groups_elsewhere(void **state)
{
	struct tool *raddr = start("tcprtt", "-B", "-p", PORT_TEXT, "-o", "json");
	struct tool *filtered =
		start("tcprtt", "-B", "-P", PORT_TEXT, "-A", "fe80::/10", "-A", "!fe80::2%left", "-o", "json");
	char key[64];
	struct rtt_reports all;

	(void)state;
	play();
	rtt_reports_read(raddr->out, &all);
	require(all.count == LINKS, "%zu groups", all.count);
	for (unsigned int link = 0; link < LINKS; link++) {
		const struct rtt_report *report;

		snprintf(key, sizeof(key), LINKS_NEAR "%%%u", links.far_ifindex[link]);
		report = rtt_reports_find(&all, key);
		require(report && report->ifindex == links.far_ifindex[link], "no group %s", key);
	}
	free(all.items);
	rtt_reports_read(filtered->out, &all);
	require(all.count == 1, "filtered: %zu groups", all.count);
	find(&all, "fe80::2%right", 1);
	free(all.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_rows, leave),
		cmocka_unit_test_teardown(test_text, leave),
		cmocka_unit_test_teardown(test_connections, leave),
		cmocka_unit_test_teardown(test_filters, leave),
		cmocka_unit_test_teardown(test_other_namespace, leave),
		cmocka_unit_test_teardown(test_groups, leave),
		cmocka_unit_test_teardown(test_groups_elsewhere, leave),
	};

	return cmocka_run_group_tests_name("zone", tests, setup, run_base_group_teardown);
}

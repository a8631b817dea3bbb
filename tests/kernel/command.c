/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A command behind "--", which is this program itself. The tool shows the transitions of the command and of all its
 * descendants from the first one, and no others. tests/cli/test_command*.py test the rest; this file also runs on other
 * kernels.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/require.h"
#include "lib/rtt_report.h"
#include "lib/run_base.h"
#include "lib/test.h"
#include "lib/traffic.h"

#define STATUS 7
#define OTHERS 50

/* Each process of the tree connects from an address of its own: 127.88.3. and one of these. */
enum member {
	FIRST = 1,
	CHILD,
	GRANDCHILD,
	DAEMON,
	EXECUTED,
	MEMBERS_END
};

/* All in this process's own context: a FIN's answer may come in a softirq that CI's machine hides from BPF. */
static void connect_from(int host, uint16_t port)
{
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f580300U | (uint32_t)host)}};
	int fd = client_socket(IPV4);

	require(!bind(fd, (struct sockaddr *)&local, sizeof(local)), "cannot bind to 127.88.3.%d", host);
	require(!connect_socket(fd, IPV4, port), "cannot connect");
	linger_zero(fd);
	close(fd);
}

/* Runs until its parent has gone, and connects then. */
static void be_daemon(uint16_t port)
{
	pid_t parent;

	setsid();
	parent = getpid();
	if (fork())
		_exit(0);
	while (getppid() == parent)
		sleep_ms(1);
	connect_from(DAEMON, port);
	_exit(0);
}

/* The command: `text` is the port. */
static int be_tree(char *name, char *text)
{
	uint16_t port = (uint16_t)atoi(text);

	connect_from(FIRST, port);
	if (!fork()) {
		if (!fork()) {
			connect_from(GRANDCHILD, port);
			_exit(0);
		}
		wait(NULL);
		connect_from(CHILD, port);
		_exit(0);
	}
	wait(NULL);
	if (!fork())
		be_daemon(port);
	wait(NULL);
	sleep_ms(500);
	execl("/proc/self/exe", name, "executed", text, NULL);
	return 1;
}

static void expect_rows(const struct rows *rows, uint16_t port)
{
	size_t counts[MEMBERS_END] = {0};

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->items[i];
		const uint8_t *host = row->change.tuple.laddr;
		bool own = !memcmp(host, "\x7f\x58\x03", 3) && host[3] >= FIRST && host[3] < MEMBERS_END;

		require(own && row->change.tuple.rport == port, "not the command's: %s", change_text(&row->change));
		require(!strcmp(row->owner, "connect"), "owner %s: %s", row->owner, change_text(&row->change));
		if (!counts[host[3]]++)
			require(row->change.newstate == state_number("SYN_SENT"), "not the first: %s",
				change_text(&row->change));
	}
	for (int member = FIRST; member < MEMBERS_END; member++)
		require(counts[member] == 3, "%zu transitions of 127.88.3.%d instead of 3", counts[member], member);
}

static void run_with(struct run_base *base, const char *option, const char *value)
{
	struct tool *tool = run_base_add(base);
	struct tool_losses losses;
	struct rows rows;
	char self[512] = "", text[8];
	uint16_t port;
	int listener = listen_on(IPV4, &port);
	const char *args[] = {"--out", "/proc/self/fd/1", "--", self, "tree", text, NULL, NULL, NULL};

	require(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0, "no /proc");
	if (option) {
		memmove(args + 4, args + 2, 4 * sizeof(*args));
		args[2] = option;
		args[3] = value;
	}
	snprintf(text, sizeof(text), "%u", port);
	tool_start(tool, args, -1);
	for (int i = 0; i < OTHERS; i++)
		close(connect_to(IPV4, port));
	tool_wait(tool, 30);
	close(listener);
	assert_int_equal(tool_exit_code(tool), STATUS);
	rows_read(tool->out, &rows);
	tool_read_losses(tool, &losses);
	printf("# %zu rows, %llu lost\n", rows.count, (unsigned long long)losses.lost);
	expect_rows(&rows, port);
	/* Of the whole machine's connections: the most that can have been missed. */
	assert_int_equal(losses.lost - losses.recursion, 0);
	rows_free(&rows);
}

/* The samples that tcprtt reports as missing: skipped, or a handshake whose answer could be to either of two SYNs. */
static unsigned int told_missing(const struct tool *tool)
{
	const char *errors = tool_errors(tool), *lost = strstr(errors, "lost "), *unmeasured;
	unsigned int missing = lost ? (unsigned int)strtoul(lost + 5, NULL, 10) : 0;

	unmeasured = strstr(errors, " without a measurement");
	while (unmeasured && unmeasured > errors && unmeasured[-1] != '\n')
		unmeasured--;
	if (unmeasured && (unmeasured = strstr(unmeasured, ": ")))
		missing += (unsigned int)strtoul(unmeasured + 2, NULL, 10);
	return missing;
}

/* Each member's handshake, and no other. */
static void test_round_trips(void **state)
{
	struct tool *tool = run_base_add(*state);
	char self[512] = "", text[8], key[16];
	struct rtt_reports reports;
	unsigned int missing;
	uint16_t port;
	int listener = listen_on(IPV4, &port);
	const char *args[] = {"--sample", "handshake", "--by", "laddr", "--out", "/proc/self/fd/1",
			      "--",       self,        "tree", text,    NULL};

	require(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0, "no /proc");
	snprintf(text, sizeof(text), "%u", port);
	tool_start_json(tool, "tcprtt", args, -1);
	for (int i = 0; i < OTHERS; i++)
		close(connect_to(IPV4, port));
	tool_wait(tool, 30);
	close(listener);
	assert_int_equal(tool_exit_code(tool), STATUS);
	rtt_reports_read(tool->out, &reports);
	missing = told_missing(tool);
	require(reports.count <= MEMBERS_END - FIRST && reports.count + missing >= MEMBERS_END - FIRST,
		"%zu groups, not %d: %s", reports.count, MEMBERS_END - FIRST, tool_errors(tool));
	for (int member = FIRST; member < MEMBERS_END; member++) {
		const struct rtt_report *report;

		snprintf(key, sizeof(key), "127.88.3.%d", member);
		report = rtt_reports_find(&reports, key);
		require(report ? report->count == 1 : missing, "%s: %d handshakes", key,
			report ? (int)report->count : 0);
	}
	free(reports.items);
}

static void test_tree(void **state)
{
	run_with(*state, NULL, NULL);
}

static void test_tree_in_a_hash(void **state)
{
	run_with(*state, "--storage", "hash");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_tree, run_base_teardown),
		cmocka_unit_test_teardown(test_tree_in_a_hash, run_base_teardown),
		cmocka_unit_test_teardown(test_round_trips, run_base_teardown),
	};

	if (argc == 3 && !strcmp(argv[1], "tree"))
		return be_tree(argv[0], argv[2]);
	if (argc == 3 && !strcmp(argv[1], "executed")) {
		connect_from(EXECUTED, (uint16_t)atoi(argv[2]));
		return STATUS;
	}
	return cmocka_run_group_tests_name("command", tests, run_base_group_setup, run_base_group_teardown);
}

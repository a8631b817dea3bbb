/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls of connect() that fail before SYN_SENT: they have no row, and are counted where the kernel admits fexit
 * programs. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/machine.h"
#include "lib/netns.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"

#define PORT       7011
#define OTHER_PORT 7012

static struct netns netns = {.home = -1};

static int leave(void **state)
{
	netns_leave(&netns);
	return run_teardown(state);
}

/* Returns the error of connect(), from a socket of that family. */
static int attempt(int family, const char *text, uint16_t port)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), failed;

	require(fd >= 0, "no socket");
	if (family == AF_INET) {
		require(inet_pton(AF_INET, text, &v4.sin_addr) == 1, "%s is no address", text);
		failed = connect(fd, (const struct sockaddr *)&v4, sizeof(v4));
	} else {
		require(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1, "%s is no address", text);
		failed = connect(fd, (const struct sockaddr *)&v6, sizeof(v6));
	}
	failed = failed ? errno : 0;
	close(fd);
	print_message("%s port %u: %s\n", text, port, strerror(failed));
	return failed;
}

static void expect_said(const struct run *run, size_t tool, const char *line)
{
	require(strstr(tool_errors(&run->base.tools[tool]), line), "not said: %s\n%s", line,
		tool_errors(&run->base.tools[tool]));
}

static void test_counted(void **state)
{
	struct run *run = *state;
	const char *why_not;

	need_machine("fexit");
	why_not = netns_enter(&netns); /* no route but to itself */
	if (why_not)
		skip_because("%s", why_not);
	run_start(run, ARGS("-D", "7011"));
	run_start_another(run, ARGS("-D", "7012"));
	run_start_another(run, ARGS("-D", "7011", "--raddr", "2001:db8::/32,192.0.2.0/24", "--user", "0"));
	run_start_another(run, ARGS("-D", "7011", "--role", "server"));
	require(attempt(AF_INET, "192.0.2.1", PORT) == ENETUNREACH, "there is a route");
	require(attempt(AF_INET6, "2001:db8::1", PORT) == ENETUNREACH, "there is a route");
	/* the kernel's function for IPv6 calls that for IPv4 */
	require(attempt(AF_INET6, "::ffff:192.0.2.1", PORT) == ENETUNREACH, "there is a route");
	require(attempt(AF_INET, "224.0.0.1", PORT) != 0, "TCP connects to a multicast address");
	require(attempt(AF_INET, "192.0.2.1", OTHER_PORT) == ENETUNREACH, "there is a route");
	/* these have rows */
	require(attempt(AF_INET, "127.0.0.1", PORT) == ECONNREFUSED, "somebody listens");
	require(attempt(AF_INET6, "::1", PORT) == ECONNREFUSED, "somebody listens");
	run_stop(run);
	expect_said(run, 0, "tcpstates: 4 calls of connect() failed before SYN_SENT\n");
	expect_said(run, 1, "tcpstates: 1 call of connect() failed before SYN_SENT\n");
	expect_said(run, 2, "tcpstates: 3 calls of connect() failed before SYN_SENT\n");
	expect_said(run, 3, "tcpstates: 0 calls of connect() failed before SYN_SENT\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_counted, leave)};

	return cmocka_run_group_tests_name("attempts", tests, run_group_setup, run_group_teardown);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of the scope's words: each word and its value, quotes, and what is refused. */
#include "os/scope_line.h"

#include "../core/text.h"
#include "abi/connection.h"
#include "abi/tcp_state.h"
#include "core/scope_match.h"

#include <errno.h>

static struct scope scope; /* too much for some stacks */

static const struct transition record = {
	.duration_ns = 5000000000,
	.owner = {.cgroup_id = 77, .pid = 300, .source = OWNER_ACCEPT, .comm = "two words"},
	.laddr = {10, 1, 2, 3},
	.raddr = {192, 0, 2, 200},
	.netns = 4026531840,
	.uid = 33,
	.lport = 443,
	.rport = 51000,
	.ip_version = 4,
	.oldstate = STATE_ESTABLISHED,
	.newstate = STATE_ESTABLISHED,
};

static bool matches(const char *text)
{
	struct scope_subject subject = {.record = &record, .role = ROLE_SERVER};
	struct parse_error error;
	char line[256];
	bool result;

	strcpy(line, text);
	if (scope_line_parse(line, &scope, &error))
		fail_msg("%s: %s", text, error.text);
	result = scope_match(&scope, &subject);
	scope_line_close(&scope);
	return result;
}

/* An ended connection has a cause. */
static bool matches_cause(const char *text, enum cause cause)
{
	struct scope_subject subject = {.record = &record, .role = ROLE_SERVER, .cause = (uint8_t)cause};
	struct parse_error error;
	char line[256];
	bool result;

	strcpy(line, text);
	if (scope_line_parse(line, &scope, &error))
		fail_msg("%s: %s", text, error.text);
	result = scope_match(&scope, &subject);
	scope_line_close(&scope);
	return result;
}

static void refuse(const char *text, const char *part)
{
	struct parse_error error;
	char line[256];

	strcpy(line, text);
	assert_int_equal(scope_line_parse(line, &scope, &error), -EINVAL);
	if (!strstr(error.text, part))
		fail_msg("%s: %s", text, error.text);
	scope_line_close(&scope);
}

static void test_words(void **state)
{
	static const char *const with[] = {"",
					   "  ",
					   "lport 443",
					   "-L 443",
					   "--localport=80,443",
					   "rport 51000",
					   "-D 1-60000",
					   "laddr 10.0.0.0/8",
					   "raddr !10.0.0.0/8",
					   "-a 10.1.2.3  -A 192.0.2.200",
					   "pid 300",
					   "comm 'two words'",
					   "--comm=\"two*\"",
					   "comm two*",
					   "netns 4026531840",
					   "user 33",
					   "role server",
					   "state ESTABLISHED,CLOSE_WAIT",
					   "min-duration 5s",
					   "-4",
					   "ipv4 state !SYN_SENT lport 443"};
	static const char *const without[] = {"lport 80",         "lport !443",      "rport 443", "raddr 10.0.0.0/8",
					      "pid 301",          "comm two",        "user 34",   "role client",
					      "state CLOSE_WAIT", "min-duration 6s", "-6",        "lport 443 rport 1",
					      "netns 4026531841"};

	(void)state;
	for (size_t i = 0; i < COUNT(with); i++)
		if (!matches(with[i]))
			fail_msg("%s", with[i]);
	for (size_t i = 0; i < COUNT(without); i++)
		if (matches(without[i]))
			fail_msg("%s", without[i]);
}

static void test_refused(void **state)
{
	(void)state;
	refuse("port 80", "filter \"port\": not one of lport, rport, laddr, raddr,");
	refuse("port refused", "not one of lport");
	refuse("lport", "filter \"lport\": a value must follow, as in lport 80");
	refuse("lport 80 comm", "a value must follow");
	refuse("lport 80abc", "\"80abc\"");
	refuse("state TIME_WAIT", "has no socket");
	refuse("-4 -6", "exclude each other");
	refuse("-4 raddr ::1", "-4 excludes all selected addresses");
	refuse("cgroup no-such-cgroup-here", "no-such-cgroup-here");
	refuse("raddr fe80::1%nosuchif", "nosuchif");
}

static void test_cause(void **state)
{
	(void)state;
	assert_true(matches_cause("cause reset-*", CAUSE_RESET_RECEIVED));
	assert_true(matches_cause("--cause=!refused lport 443", CAUSE_RESET_RECEIVED));
	/* a cause of whole connections */
	assert_true(matches_cause("cause fin-local", CAUSE_FIN_LOCAL));
	assert_false(matches_cause("cause fin-local", CAUSE_RESET_RECEIVED));
	assert_false(matches_cause("cause reset-* lport 444", CAUSE_RESET_RECEIVED));
	/* an open connection has none, so it is in no list */
	assert_false(matches_cause("cause reset-*", CAUSE_NONE));
	assert_false(matches_cause("cause !reset-*", CAUSE_NONE));
	refuse("cause nonsense", "not one of fin-local");
	refuse("cause time-wait", "time-wait and fin-wait2-orphan are causes of transitions");
	refuse("cause reset-* state CLOSE_WAIT",
	       "cause selects ended connections, state and min-duration select open ones; leave one out");
	refuse("min-duration 1 cause !reset-*", "cause selects ended connections");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The scope language: each list of values, negations, limits, and the texts of errors. */
#include "core/scope.h"

#include "abi/connection.h"
#include "core/cause.h"
#include "core/tcp_state.h"
#include "text.h"

#include <errno.h>

typedef int add_fn(struct scope *scope, const char *text, struct parse_error *error);

/* An add_fn for lists of local or remote values. */
#define ADD_OF_SIDE(name, function, is_remote)                                                                         \
	static int name(struct scope *scope, const char *text, struct parse_error *error)                              \
	{                                                                                                              \
		return function(scope, is_remote, text, error);                                                        \
	}

ADD_OF_SIDE(add_lports, scope_add_ports, false)
ADD_OF_SIDE(add_rports, scope_add_ports, true)
ADD_OF_SIDE(add_laddrs, scope_add_addresses, false)
ADD_OF_SIDE(add_raddrs, scope_add_addresses, true)

/* Too much for some stacks; zeroed by setup(). */
static struct scope scope;

static int setup(void **state)
{
	(void)state;
	memset(&scope, 0, sizeof(scope));
	return 0;
}

static void add(add_fn *function, const char *text)
{
	struct parse_error error = {"untouched"};

	assert_int_equal(function(&scope, text, &error), 0);
	assert_string_equal(error.text, "untouched");
}

static void complete(bool connections)
{
	struct parse_error error = {"untouched"};

	if (scope_complete(&scope, connections, &error))
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "untouched");
}

static void refuse(add_fn *function, const char *text, const char *message)
{
	struct parse_error error;

	assert_int_equal(function(&scope, text, &error), -EINVAL);
	assert_string_equal(error.text, message);
}

static void refuse_complete(bool connections, const char *message)
{
	struct parse_error error;

	assert_int_equal(scope_complete(&scope, connections, &error), -EINVAL);
	assert_string_equal(error.text, message);
	setup(NULL);
}

static void test_words(void **state)
{
	const char *text = "!one,,three", *word;
	size_t length;

	(void)state;
	assert_true(scope_take_negation(&text));
	assert_false(scope_take_negation(&text));
	assert_true(scope_next_word(&text, &word, &length) && length == 3 && !memcmp(word, "one", 3));
	assert_true(scope_next_word(&text, &word, &length) && length == 0);
	assert_true(scope_next_word(&text, &word, &length) && length == 5 && !memcmp(word, "three", 5));
	assert_false(scope_next_word(&text, &word, &length));
	text = "";
	assert_true(scope_next_word(&text, &word, &length) && length == 0);
	assert_false(scope_next_word(&text, &word, &length));
}

static void test_nothing(void **state)
{
	(void)state;
	complete(false);
	assert_false(scope_is_limited(&scope) || scope.settings.by_owner);
}

/* The same address on two links is two: only the same zone is both selected and excluded. */
static void test_zones(void **state)
{
	(void)state;
	add(add_raddrs, "fe80::2");
	complete(false);
	assert_false(scope.settings.zones);
	add(add_raddrs, "!fe80::2%eth0,fe80::2%3");
	complete(false);
	assert_true(scope.settings.zones);
	setup(NULL);
	add(add_laddrs, "fe80::2%eth0,fe80::2%3");
	add(add_laddrs, "!fe80::2%eth1,fe80::2%4,fe80::2");
	complete(false);
	assert_true(scope.settings.zones);
	add(add_laddrs, "!fe80::%eth0/64,fe80::2%eth0");
	refuse_complete(false, "local address \"fe80::2%eth0\": both selected and excluded");
	add(add_raddrs, "fe80::2%3");
	add(add_raddrs, "!fe80::2%3");
	refuse_complete(false, "remote address \"fe80::2%3\": both selected and excluded");
}

static size_t count_ports(const struct port_set *set)
{
	size_t count = 0;

	for (unsigned int port = 0; port < 65536; port++)
		count += port_set_has(set, port);
	return count;
}

static void test_ports(void **state)
{
	const struct scope_settings *settings = &scope.settings;

	(void)state;
	add(add_lports, "80,8000-8009");
	add(add_lports, "443");
	add(add_lports, "!8005-9000");
	add(add_rports, "!22,1000-1999");
	complete(false);
	assert_true(settings->by_lport && settings->by_rport && scope_is_limited(&scope));
	assert_int_equal(count_ports(&settings->lports), 1 + 5 + 1);
	assert_true(port_set_has(&settings->lports, 80) && port_set_has(&settings->lports, 8004));
	assert_false(port_set_has(&settings->lports, 8005) || port_set_has(&settings->lports, 0));
	/* without a port is not to have one of these */
	assert_int_equal(count_ports(&settings->rports), 65536 - 1 - 1000);
	assert_true(port_set_has(&settings->rports, 0) && port_set_has(&settings->rports, 65535));
	assert_false(port_set_has(&settings->rports, 22) || port_set_has(&settings->rports, 1500));
}

static void test_bad_ports(void **state)
{
	(void)state;
	refuse(add_lports, "!", "local port \"\": not a number from 1 to 65535");
	refuse(add_lports, "!!80", "local port \"!80\": not a number from 1 to 65535");
	refuse(add_rports, "80,!90", "remote port \"!90\": not a number from 1 to 65535");
	setup(NULL);
	add(add_lports, "80-90");
	add(add_lports, "!1-100");
	refuse_complete(false, "no port is left: all selected ports are excluded");
}

static void test_addresses(void **state)
{
	(void)state;
	add(add_laddrs, "10.0.0.0/8,2001:db8::/32");
	add(add_laddrs, "!10.1.0.0/16");
	add(add_raddrs, "!::1,::ffff:192.0.2.1");
	complete(false);
	assert_int_equal(scope.settings.laddrs, SCOPE_WANTED | SCOPE_UNWANTED);
	assert_int_equal(scope.settings.raddrs, SCOPE_UNWANTED);
	assert_int_equal(scope.laddrs[0].count, 2);
	assert_int_equal(scope.laddrs[1].count, 1);
	assert_int_equal(scope.raddrs[0].count, 0);
	assert_int_equal(scope.raddrs[1].prefixes[1].ip_version, 4);
	refuse(add_raddrs, "10.0.0.0/8,!1.2.3.4",
	       "remote address \"!1.2.3.4\": not an IPv4 or IPv6 address or prefix (10.0.0.0/8)");
}

static void test_families(void **state)
{
	static const char both[] = "local and remote addresses are of different families (IPv4 and IPv6): no "
				   "connection has both";
	struct parse_error error;

	(void)state;
	assert_int_equal(scope_add_family(&scope, 4, &error), 0);
	assert_int_equal(scope_add_family(&scope, 4, &error), 0);
	assert_int_equal(scope_add_family(&scope, 6, &error), -EINVAL);
	assert_string_equal(error.text, "-4 and -6 exclude each other; leave both out to see IPv4 and IPv6");
	add(add_raddrs, "::/0,10.0.0.0/8");
	complete(false);
	setup(NULL);
	assert_int_equal(scope_add_family(&scope, 4, &error), 0);
	add(add_raddrs, "::/0");
	refuse_complete(false, "-4 excludes all selected addresses");
	assert_int_equal(scope_add_family(&scope, 6, &error), 0);
	add(add_laddrs, "10.0.0.0/8");
	refuse_complete(false, "-6 excludes all selected addresses");
	add(add_laddrs, "::ffff:10.0.0.1");
	add(add_raddrs, "2001:db8::1");
	refuse_complete(false, both);
	add(add_laddrs, "10.0.0.1");
	add(add_raddrs, "!2001:db8::1");
	complete(false);
	setup(NULL);
	add(add_raddrs, "10.0.0.0/8,10.0.0.0/24");
	add(add_raddrs, "!10.0.0.0/24");
	refuse_complete(false, "remote address \"10.0.0.0/24\": both selected and excluded");
}

static void test_pids(void **state)
{
	(void)state;
	add(scope_add_pids, "1,4194304");
	add(scope_add_pids, "1");
	add(scope_add_pids, "!77");
	complete(false);
	assert_int_equal(scope.number_count, 3);
	assert_true(scope.numbers[1].number.value == 4194304 && scope.numbers[1].number.kind == SCOPE_PID);
	assert_int_equal(scope.numbers[1].sense, SCOPE_WANTED);
	assert_int_equal(scope.numbers[2].sense, SCOPE_UNWANTED);
	assert_int_equal(scope.settings.numbers[SCOPE_PID], SCOPE_WANTED | SCOPE_UNWANTED);
	assert_int_equal(scope.settings.numbers[SCOPE_UID], 0);
	assert_true(scope.settings.by_owner && scope_is_limited(&scope) && !scope.settings.by_socket);
	refuse(scope_add_pids, "!1", "pid \"1\": both selected and excluded");
	refuse(scope_add_pids, "0", "pid \"0\": not a number from 1 to 4194304");
	refuse(scope_add_pids, "5,x", "pid \"x\": not a number from 1 to 4194304");
	refuse(scope_add_pids, "4194305", "pid \"4194305\": not a number from 1 to 4194304");
	refuse(scope_add_pids, "", "pid \"\": not a number from 1 to 4194304");
}

static void test_numbers(void **state)
{
	struct parse_error error;

	(void)state;
	for (uint64_t i = 0; i < SCOPE_NUMBERS_MAX; i++)
		assert_int_equal(scope_add_number(&scope, SCOPE_UID, i, true, "user", "x", 1, &error), 0);
	assert_int_equal(scope_add_number(&scope, SCOPE_UID, 7, true, "user", "x", 1, &error), 0);
	assert_int_equal(scope_add_number(&scope, SCOPE_NETNS, 7, true, "netns", "x", 1, &error), -EINVAL);
	assert_string_equal(
		error.text,
		"netns \"x\": too many; 1024 processes, cgroups, users and namespaces are possible together");
	complete(false);
	assert_false(scope.settings.by_owner);
	assert_true(scope.settings.by_row && scope_is_limited(&scope));
}

static void test_comms(void **state)
{
	(void)state;
	add(scope_add_comms, "nginx,php*");
	add(scope_add_comms, "!*-fpm");
	complete(false);
	assert_int_equal(scope.settings.comms, SCOPE_WANTED | SCOPE_UNWANTED);
	assert_true(scope.settings.comm_globs.wanted && scope.settings.comm_globs.unwanted);
	assert_true(scope.settings.by_owner && scope.settings.by_row);
	refuse(scope_add_comms, "a,", "name \"\": the name is empty; use * for any name");
	refuse(scope_add_comms, "!", "name \"\": the name is empty; use * for any name");
	refuse(scope_add_comms, "a,!b",
	       "name \"!b\": a ! stands in front of the whole list; write \\! for a name that begins with !");
	refuse(scope_add_comms, "!!b",
	       "name \"!b\": a ! stands in front of the whole list; write \\! for a name that begins with !");
	add(scope_add_comms, "a,\\!b");
}

static void test_states(void **state)
{
	(void)state;
	add(scope_add_states, "SYN_SENT,close_wait");
	add(scope_add_states, "!LISTEN");
	complete(false);
	assert_int_equal(scope.settings.states_wanted, 1 << STATE_SYN_SENT | 1 << STATE_CLOSE_WAIT);
	assert_int_equal(scope.settings.states_unwanted, 1 << STATE_LISTEN);
	refuse(scope_add_states, "SYN",
	       "state \"SYN\": not one of SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, CLOSING, "
	       "LAST_ACK, CLOSE, LISTEN");
	refuse(scope_add_states, "time_wait",
	       "state \"time_wait\": has no socket and is not traced; for its beginning use --cause time-wait");
	setup(NULL);
	add(scope_add_states, "CLOSE,LISTEN");
	add(scope_add_states, "!LISTEN,CLOSE,SYN_SENT");
	refuse_complete(false, "no state is left: all selected states are excluded");
	add(scope_add_states, "CLOSE");
	refuse_complete(true, "--state and --min-duration select transitions; -c shows whole connections");
}

/* The words that the error names are accepted, and none is missing there. */
static void test_every_name(void **state)
{
	struct parse_error error;

	(void)state;
	assert_int_equal(scope_add_states(&scope, "x", &error), -EINVAL);
	for (unsigned int i = STATE_ESTABLISHED; i <= STATE_CLOSING; i++) {
		if (i == STATE_TIME_WAIT)
			continue;
		add(scope_add_states, tcp_state_name(i));
		assert_true(scope.settings.states_wanted & 1 << i);
		assert_non_null(strstr(error.text, tcp_state_name(i)));
	}
	assert_int_equal(scope_add_causes(&scope, "x", &error), -EINVAL);
	for (unsigned int i = CAUSE_NONE + 1; i < CAUSES; i++) {
		add(scope_add_causes, cause_name(i));
		assert_true(scope.causes[0] == (2U << i) - 2);
		assert_non_null(strstr(error.text, cause_name(i)));
	}
	assert_string_equal(error.text + strlen(error.text) - strlen("(timeout*)"), "(timeout*)");
}

static void test_causes(void **state)
{
	static const uint32_t resets = 1U << CAUSE_RESET_SENT | 1U << CAUSE_RESET_RECEIVED;

	(void)state;
	add(scope_add_causes, "refused,reset-*");
	complete(false);
	assert_true(scope.settings.causes == (resets | 1U << CAUSE_REFUSED));
	setup(NULL);
	add(scope_add_causes, "!fin-*,time-wait");
	complete(false);
	assert_true(scope.settings.causes & 1U << CAUSE_UNKNOWN && scope.settings.causes & resets);
	assert_false(scope.settings.causes & (1U << CAUSE_FIN_REMOTE | 1U << CAUSE_NONE | 1U << CAUSE_TIME_WAIT));
	setup(NULL);
	add(scope_add_causes, "fin-local,refused");
	complete(true);
	assert_true(scope.settings.causes == (1U << CAUSE_FIN_LOCAL | 1U << CAUSE_REFUSED));
	setup(NULL);
	add(scope_add_causes, "fin-local");
	refuse_complete(
		false, "fin-local and fin-both are causes of whole connections (-c); for transitions use time-wait and "
		       "fin-wait2-orphan");
	for (int i = 0; i < 2; i++) {
		add(scope_add_causes, i ? "fin-wait2-orphan" : "time-wait");
		refuse_complete(true, "time-wait and fin-wait2-orphan are causes of transitions; for whole connections "
				      "(-c) use fin-local and fin-both");
	}
	add(scope_add_causes, "fin-*");
	complete(true);
	assert_true(scope.settings.causes == (1U << CAUSE_FIN_LOCAL | 1U << CAUSE_FIN_REMOTE | 1U << CAUSE_FIN_BOTH));
	setup(NULL);
	add(scope_add_causes, "refused");
	add(scope_add_causes, "!ref*");
	refuse_complete(false, "no cause is left: all selected causes are excluded");
	add(scope_add_causes, "refused");
	add(scope_add_states, "!CLOSE");
	refuse_complete(false, "--cause selects transitions to CLOSE, and --state excludes them; leave one out");
}

static void test_roles(void **state)
{
	(void)state;
	add(scope_add_roles, "client");
	complete(false);
	assert_int_equal(scope.settings.roles, 1 << ROLE_CLIENT);
	setup(NULL);
	add(scope_add_roles, "!client");
	complete(false);
	assert_int_equal(scope.settings.roles, 1 << ROLE_SERVER | 1 << ROLE_UNKNOWN);
	setup(NULL);
	add(scope_add_roles, "client,server");
	complete(false);
	assert_int_equal(scope.settings.roles, 1 << ROLE_SERVER | 1 << ROLE_CLIENT);
	refuse(scope_add_roles, "peer", "role \"peer\": not one of client, server");
	refuse(scope_add_roles, "client,", "role \"\": not one of client, server");
	setup(NULL);
	add(scope_add_roles, "client");
	add(scope_add_roles, "!client");
	refuse_complete(false, "no role is left: all selected roles are excluded");
	add(scope_add_roles, "client");
	add(scope_add_states, "LISTEN");
	refuse_complete(false, "a client is never in LISTEN; leave --role or --state out");
	add(scope_add_roles, "server");
	add(scope_add_states, "SYN_SENT");
	refuse_complete(false, "a server is never in SYN_SENT; leave --role or --state out");
}

static void test_min_duration(void **state)
{
	(void)state;
	add(scope_add_min_duration, "100ms");
	complete(false);
	assert_true(scope.settings.min_duration_ns == 100000000);
	refuse(scope_add_min_duration, "!100ms", "duration \"!100ms\": a duration cannot be negated; leave the ! out");
	refuse(scope_add_min_duration, "100x",
	       "duration \"100x\": not a time from 1us to 10 years: seconds, or with a unit us, ms, s, m, h or d (5, "
	       "1.5s, "
	       "100ms)");
}

#define test(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_words),     test(test_nothing), test(test_ports),        test(test_bad_ports),
		test(test_addresses), test(test_zones),   test(test_families),     test(test_pids),
		test(test_numbers),   test(test_comms),   test(test_states),       test(test_every_name),
		test(test_causes),    test(test_roles),   test(test_min_duration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A scope applied to records in user space: each kind of list, wanted and not wanted, and unknown values. */
#include "core/scope_match.h"

#include "abi/connection.h"
#include "abi/tcp_state.h"
#include "text.h"

#include <stdio.h>

/* Too much for some stacks; zeroed by setup(). */
static struct scope scope;

static const struct transition nginx = {
	.duration_ns = 5000000000,
	.owner = {.cgroup_id = 77, .pid = 300, .source = OWNER_ACCEPT, .comm = "nginx"},
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

static int setup(void **state)
{
	(void)state;
	memset(&scope, 0, sizeof(scope));
	return 0;
}

static void complete(void)
{
	struct parse_error error;

	if (scope_complete(&scope, false, &error))
		fail_msg("%s", error.text);
}

static bool matches(const struct transition *record, uint8_t role)
{
	return scope_match(&scope, &(struct scope_subject){.record = record, .role = role});
}

enum kind {
	LPORT,
	RPORT,
	LADDR,
	RADDR,
	PID,
	COMM,
	STATE,
	ROLE,
	DURATION
};

/* Whether `record` is in the scope of one list. */
static bool in_list(enum kind kind, const char *text, const struct transition *record)
{
	struct parse_error error;
	int failed = -1;

	setup(NULL);
	switch (kind) {
	case LPORT:
	case RPORT:
		failed = scope_add_ports(&scope, kind == RPORT, text, &error);
		break;
	case LADDR:
	case RADDR:
		failed = scope_add_addresses(&scope, kind == RADDR, text, &error);
		break;
	case PID:
		failed = scope_add_pids(&scope, text, &error);
		break;
	case COMM:
		failed = scope_add_comms(&scope, text, &error);
		break;
	case STATE:
		failed = scope_add_states(&scope, text, &error);
		break;
	case ROLE:
		failed = scope_add_roles(&scope, text, &error);
		break;
	case DURATION:
		failed = scope_add_min_duration(&scope, text, &error);
		break;
	}
	if (failed)
		fail_msg("%s", error.text);
	complete();
	return matches(record, ROLE_SERVER);
}

static void test_without_lists(void **state)
{
	(void)state;
	complete();
	assert_true(matches(&nginx, ROLE_UNKNOWN));
}

static void test_lists(void **state)
{
	static const struct {
		enum kind kind;
		const char *with, *without;
	} lists[] = {
		{LPORT, "443", "80"},
		{LPORT, "80,400-500", "442,444"},
		{RPORT, "51000", "443"},
		{LADDR, "10.0.0.0/8", "11.0.0.0/8"},
		{LADDR, "10.1.2.3", "10.1.2.2"},
		{RADDR, "192.0.2.192/27", "192.0.2.224/27"},
		{RADDR, "0.0.0.0/0", "::/0"},
		{PID, "1,300", "301"},
		{COMM, "ng*", "nginy"},
		{COMM, "php,nginx", "ngin"},
		{STATE, "SYN_SENT,ESTABLISHED", "CLOSE_WAIT"},
		{ROLE, "server", "client"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		char negated[64];

		assert_true(in_list(lists[i].kind, lists[i].with, &nginx));
		assert_false(in_list(lists[i].kind, lists[i].without, &nginx));
		snprintf(negated, sizeof(negated), "!%s", lists[i].with);
		/* A whole scope of an excluded address family or role is refused by scope_complete(). */
		if (lists[i].kind != ROLE)
			assert_false(in_list(lists[i].kind, negated, &nginx));
		snprintf(negated, sizeof(negated), "!%s", lists[i].without);
		if (lists[i].kind != ROLE)
			assert_true(in_list(lists[i].kind, negated, &nginx));
	}
	assert_true(in_list(DURATION, "5s", &nginx));
	assert_false(in_list(DURATION, "5.1s", &nginx));
}

/* With both senses in one scope, the longest prefix decides, whichever list it is in. */
static void test_longest_prefix(void **state)
{
	struct parse_error error;
	struct transition record = nginx;

	(void)state;
	assert_false(scope_add_addresses(&scope, true, "192.0.0.0/8,192.0.2.200", &error));
	assert_false(scope_add_addresses(&scope, true, "!192.0.2.0/24", &error));
	complete();
	assert_true(matches(&record, ROLE_UNKNOWN));
	record.raddr[3] = 201;
	assert_false(matches(&record, ROLE_UNKNOWN));
	record.raddr[2] = 3;
	assert_true(matches(&record, ROLE_UNKNOWN));
	record.raddr[0] = 193;
	assert_false(matches(&record, ROLE_UNKNOWN));
}

static void test_family(void **state)
{
	struct parse_error error;
	struct transition record = nginx;

	(void)state;
	assert_false(scope_add_family(&scope, 6, &error));
	complete();
	assert_false(matches(&record, ROLE_UNKNOWN));
	record.ip_version = 6;
	assert_true(matches(&record, ROLE_UNKNOWN));
}

/* A zone by number counts in each network namespace, a zone by name only in those that have the interface. */
static void test_zones(void **state)
{
	struct transition record = {
		.raddr = {0xfe, 0x80, [15] = 2}, .netns = 7, .ifindex = 3, .ip_version = 6, .rport = 80};
	struct parse_error error;

	(void)state;
	assert_false(scope_add_addresses(&scope, true, "fe80::%3/64", &error));
	complete();
	assert_true(matches(&record, ROLE_UNKNOWN));
	record.ifindex = 4;
	assert_false(matches(&record, ROLE_UNKNOWN));
	record.ifindex = 0;
	assert_false(matches(&record, ROLE_UNKNOWN));

	setup(NULL);
	assert_false(scope_add_addresses(&scope, true, "fe80::/10", &error));
	assert_false(scope_add_addresses(&scope, true, "!fe80::2%eth0", &error));
	complete();
	scope.zones[0] = (struct scope_zone){.name = "eth0", .netns = 7, .ifindex = 4};
	scope.zone_count = 1;
	assert_true(matches(&record, ROLE_UNKNOWN));
	record.ifindex = 4;
	assert_false(matches(&record, ROLE_UNKNOWN));
	record.netns = 8;
	assert_true(matches(&record, ROLE_UNKNOWN));
}

static void test_unknown_owner(void **state)
{
	struct transition record = nginx;

	(void)state;
	/* The other members of an unknown owner do not count. */
	record.owner.source = OWNER_UNKNOWN;
	assert_false(in_list(PID, "300", &record));
	assert_false(in_list(COMM, "nginx", &record));
	assert_true(in_list(PID, "!300", &record));
	assert_true(in_list(COMM, "!nginx", &record));
	assert_true(in_list(LPORT, "443", &record));
}

static void test_unknown_role_and_duration(void **state)
{
	struct parse_error error;
	struct transition record = nginx;

	(void)state;
	assert_false(scope_add_roles(&scope, "server", &error));
	complete();
	assert_true(matches(&record, ROLE_SERVER));
	assert_false(matches(&record, ROLE_UNKNOWN));
	record.duration_ns = DURATION_UNKNOWN;
	assert_false(in_list(DURATION, "1s", &record));
}

static bool in_cgroups(const uint64_t *ids, size_t count)
{
	return scope_match(&scope, &(struct scope_subject){.record = &nginx, .cgroups = ids, .cgroup_count = count});
}

static void test_cgroups(void **state)
{
	static const uint64_t below[] = {77, 50, 1}, beside[] = {77, 51, 1};
	struct parse_error error;

	(void)state;
	assert_false(scope_add_number(&scope, SCOPE_CGROUP, 50, true, "cgroup", "a", 1, &error));
	complete();
	assert_true(in_cgroups(below, 3));
	assert_false(in_cgroups(beside, 3));
	assert_false(in_cgroups(NULL, 0));
	/* the nearest decides */
	assert_false(scope_add_number(&scope, SCOPE_CGROUP, 77, false, "cgroup", "b", 1, &error));
	assert_false(in_cgroups(below, 3));
	assert_true(in_cgroups(below + 1, 2));
}

static void test_numbers(void **state)
{
	static const enum scope_kind kinds[] = {SCOPE_UID, SCOPE_NETNS, SCOPE_PID, SCOPE_CGROUP};
	static const uint64_t values[] = {33, 4026531840, 300, 77};
	struct parse_error error;

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		for (int wanted = 0; wanted < 2; wanted++) {
			setup(NULL);
			assert_false(scope_add_number(&scope, kinds[i], values[i], wanted, "n", "x", 1, &error));
			complete();
			assert_int_equal(matches(&nginx, ROLE_UNKNOWN), wanted);
			setup(NULL);
			assert_false(scope_add_number(&scope, kinds[i], values[i] + 1, wanted, "n", "x", 1, &error));
			complete();
			assert_int_equal(matches(&nginx, ROLE_UNKNOWN), !wanted);
		}
	}
}

/* An end of the old state counts for a duration, both states for a list of states alone. */
static void test_transitions(void **state)
{
	struct transition record = nginx;

	(void)state;
	record.newstate = STATE_FIN_WAIT1;
	assert_true(in_list(STATE, "FIN_WAIT1", &record));
	assert_false(in_list(STATE, "!FIN_WAIT1", &record));
	setup(NULL);
	scope.settings.states_wanted = 1 << STATE_FIN_WAIT1;
	scope.settings.min_duration_ns = 1;
	complete();
	assert_false(matches(&record, ROLE_UNKNOWN));
}

static void test_causes(void **state)
{
	struct parse_error error;
	struct scope_subject subject = {.record = &nginx, .cause = CAUSE_REFUSED};

	(void)state;
	assert_false(scope_add_causes(&scope, "refused,timeout*", &error));
	complete();
	assert_true(scope_match(&scope, &subject));
	subject.cause = CAUSE_RESET_RECEIVED;
	assert_false(scope_match(&scope, &subject));
	subject.cause = CAUSE_NONE;
	assert_false(scope_match(&scope, &subject));
}

static void test_tree(void **state)
{
	struct transition record = nginx;

	(void)state;
	scope.settings.tree.tgid = 42;
	complete();
	assert_false(matches(&record, ROLE_UNKNOWN));
	record.owner.in_tree = 1;
	assert_true(matches(&record, ROLE_UNKNOWN));
	record.owner.source = OWNER_UNKNOWN;
	assert_false(matches(&record, ROLE_UNKNOWN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_without_lists, setup),
		cmocka_unit_test_setup(test_lists, setup),
		cmocka_unit_test_setup(test_longest_prefix, setup),
		cmocka_unit_test_setup(test_family, setup),
		cmocka_unit_test_setup(test_zones, setup),
		cmocka_unit_test_setup(test_unknown_owner, setup),
		cmocka_unit_test_setup(test_unknown_role_and_duration, setup),
		cmocka_unit_test_setup(test_cgroups, setup),
		cmocka_unit_test_setup(test_numbers, setup),
		cmocka_unit_test_setup(test_transitions, setup),
		cmocka_unit_test_setup(test_causes, setup),
		cmocka_unit_test_setup(test_tree, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

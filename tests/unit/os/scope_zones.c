/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of interfaces in the address lists of a scope, in one and in several network namespaces. */
#include "os/scope_zones.h"

#include "../core/text.h"

#include <errno.h>
#include <net/if.h>
#include <sys/stat.h>

/* Too much for some stacks. */
static struct scope scope;

static uint32_t own_inode(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	return (uint32_t)st.st_ino;
}

static void begin(bool remote, const char *addresses)
{
	struct parse_error error;

	memset(&scope, 0, sizeof(scope));
	assert_int_equal(scope_add_addresses(&scope, remote, addresses, &error), 0);
}

static void add_netns(uint64_t inode, bool wanted)
{
	struct parse_error error;

	assert_int_equal(scope_add_number(&scope, SCOPE_NETNS, inode, wanted, "netns", "", 0, &error), 0);
}

static int find(struct parse_error *error)
{
	assert_int_equal(scope_complete(&scope, false, error), 0);
	return scope_zones_find(&scope, error);
}

static void refuse(const char *message)
{
	struct parse_error error;

	assert_int_equal(find(&error), -EINVAL);
	assert_string_equal(error.text, message);
}

static bool has_own_loopback(void)
{
	for (uint32_t i = 0; i < scope.zone_count; i++)
		if (!strcmp(scope.zones[i].name, "lo") && scope.zones[i].netns == own_inode())
			return scope.zones[i].ifindex == if_nametoindex("lo");
	return false;
}

/* Each interface once, however often its name is there; numbers are not looked up. */
static void test_found(void **state)
{
	struct parse_error error;

	(void)state;
	begin(false, "fe80::1%lo,fe80::2%lo,fe80::3%4711");
	assert_int_equal(find(&error), 0);
	assert_true(has_own_loopback());
	for (uint32_t i = 0; i < scope.zone_count; i++)
		for (uint32_t j = 0; j < i; j++)
			assert_true(scope.zones[i].netns != scope.zones[j].netns);
	begin(true, "!fe80::3%4711");
	assert_int_equal(find(&error), 0);
	assert_int_equal(scope.zone_count, 0);
	begin(true, "fe80::3");
	assert_int_equal(find(&error), 0);
	assert_int_equal(scope.zone_count, 0);
}

/* Only in the namespaces that --netns leaves. */
static void test_namespaces(void **state)
{
	struct parse_error error;

	(void)state;
	begin(false, "fe80::1%lo");
	add_netns(own_inode(), true);
	assert_int_equal(find(&error), 0);
	assert_int_equal(scope.zone_count, 1);
	assert_true(has_own_loopback());
	begin(false, "fe80::1%lo");
	add_netns(1, false);
	assert_int_equal(find(&error), 0);
	assert_true(has_own_loopback());
	begin(false, "fe80::1%lo");
	add_netns(1, true);
	refuse("local address \"fe80::1%lo\": no network namespace of --netns has an interface of this name; see ip "
	       "link there");
}

static void test_nowhere(void **state)
{
	(void)state;
	begin(true, "!fe80::%no-such-thing/64");
	refuse("remote address \"fe80::%no-such-thing/64\": no network namespace that can be entered has an interface "
	       "of this name; see ip link, or give its number (%2)");
}

static void test_no_room(void **state)
{
	(void)state;
	begin(false, "fe80::1%lo");
	scope.zone_count = SCOPE_ZONES_MAX;
	refuse("local address \"fe80::1%lo\": more than 1024 interfaces have these names; select network namespaces "
	       "with "
	       "--netns, or give a number (%2)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_nowhere),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests_name("os/scope_zones", tests, NULL, NULL);
}

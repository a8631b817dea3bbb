/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network interfaces: lists of this and of all network namespaces, and names by number. */
#include "os/interfaces.h"

#include "../core/text.h"

#include <net/if.h>
#include <sys/stat.h>

#define SECOND 1000000000ULL

static uint32_t own_inode(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	return (uint32_t)st.st_ino;
}

static void expect(struct name name, const char *expected)
{
	assert_non_null(name.bytes);
	if (name.length != strlen(expected) || memcmp(name.bytes, expected, name.length))
		fail_msg("\"%.*s\", not \"%s\"", (int)name.length, name.bytes, expected);
}

static void test_own(void **state)
{
	struct interface_list list;
	unsigned int loopback = if_nametoindex("lo");

	(void)state;
	assert_int_equal(interfaces_list_own(&list), 0);
	for (size_t i = 0; i < list.count; i++) {
		assert_int_equal(list.entries[i].netns, own_inode());
		assert_int_equal(if_nametoindex(list.entries[i].name), list.entries[i].ifindex);
		loopback = list.entries[i].ifindex == loopback ? 0 : loopback;
	}
	assert_int_equal(loopback, 0);
	interfaces_free(&list);
	assert_int_equal(list.count, 0);
}

/* The tour is back home in the end, and begins there. */
static void test_all(void **state)
{
	struct interface_list list;
	struct netns_omissions omissions;
	uint32_t own = own_inode();

	(void)state;
	assert_int_equal(interfaces_list_all(&list, &omissions), 0);
	assert_true(list.count > 0);
	assert_int_equal(list.entries[0].netns, own);
	assert_int_equal(own_inode(), own);
	interfaces_free(&list);
}

static void test_names(void **state)
{
	struct interface_names names = {};
	uint32_t own = own_inode(), loopback = if_nametoindex("lo");

	(void)state;
	expect(interface_names_find(&names, own, loopback, SECOND), "lo");
	expect(interface_names_find(&names, own, loopback, 3 * SECOND), "lo");
	expect(interface_names_find(&names, own, 4294967295, 3 * SECOND), "4294967295");
	/* that number means nothing without its namespace, or in one that is not there */
	expect(interface_names_find(&names, 0, loopback, SECOND), "1");
	expect(interface_names_find(&names, 1, loopback, SECOND), "1");
	expect(interface_names_find(&names, own, loopback, 3 * SECOND), "lo");
	interface_names_close(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("os/interfaces", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of network namespaces. */
#include "os/netns_names.h"

#include "../core/text.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND 1000000000ULL

static char directory[] = "/tmp/tcpvitals-netns-XXXXXX";

static uint32_t own_inode(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	return (uint32_t)st.st_ino;
}

static void path_of(const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", directory, name);
}

static void link_name(const char *name, const char *target)
{
	char path[PATH_MAX];

	path_of(name, path);
	assert_int_equal(symlink(target, path), 0);
}

static void unlink_name(const char *name)
{
	char path[PATH_MAX];

	path_of(name, path);
	assert_int_equal(unlink(path), 0);
}

static void expect(struct name name, const char *expected)
{
	if (!expected) {
		assert_null(name.bytes);
		return;
	}
	if (!name.bytes || name.length != strlen(expected) || memcmp(name.bytes, expected, name.length))
		fail_msg("\"%.*s\", not \"%s\"", (int)name.length, name.bytes ? name.bytes : "", expected);
}

/* Process 1 may be in our namespace, or hidden from us. */
static void expect_process(struct name name, uint32_t inode)
{
	char expected[32];
	struct stat st;

	snprintf(expected, sizeof(expected), "pid:%d",
		 stat("/proc/1/ns/net", &st) == 0 && st.st_ino == inode ? 1 : getpid());
	expect(name, expected);
}

static void test_names(void **state)
{
	uint32_t own = own_inode(), pid = (uint32_t)getpid();
	struct netns_names names;

	(void)state;
	assert_non_null(mkdtemp(directory));
	link_name("plain", "/etc/passwd");
	link_name("dangling", "/no/such/file");
	assert_int_equal(netns_names_open(directory, &names), 0);
	expect_process(netns_names_find(&names, own, pid, 1), own);
	/* believed for a second */
	link_name("blue", "/proc/self/ns/net");
	expect_process(netns_names_find(&names, own, pid, SECOND), own);
	expect(netns_names_find(&names, own, pid, 2 * SECOND), "blue");
	expect(netns_names_find(&names, own, 0, 2 * SECOND), "blue");
	unlink_name("blue");
	expect(netns_names_find(&names, own, 0, 3 * SECOND), "blue");
	expect_process(netns_names_find(&names, own, pid, 4 * SECOND), own);
	/* nobody is in it, and the process that is named is in another */
	expect(netns_names_find(&names, 7, 0, 5 * SECOND), NULL);
	expect(netns_names_find(&names, 7, pid, 5 * SECOND), NULL);
	unlink_name("plain");
	unlink_name("dangling");
	assert_int_equal(rmdir(directory), 0);
	/* the directory is gone */
	expect_process(netns_names_find(&names, own, pid, 9 * SECOND), own);
	netns_names_close(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

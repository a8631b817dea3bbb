/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/netns.h"

#include "../core/text.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t find(const char *word)
{
	struct parse_error error = {"untouched"};
	uint64_t inode = 0;

	assert_int_equal(netns_find(word, strlen(word), &inode, &error), 0);
	assert_string_equal(error.text, "untouched");
	return inode;
}

static void refuse(const char *word, const char *why)
{
	struct parse_error error;
	uint64_t inode = 12345;

	assert_int_equal(netns_find(word, strlen(word), &inode, &error), -EINVAL);
	assert_true(inode == 12345);
	if (!strstr(error.text, why))
		fail_msg("%s", error.text);
}

static void test_found(void **state)
{
	char pid[32], number[32];
	struct stat st;

	(void)state;
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	snprintf(pid, sizeof(pid), "%d", getpid());
	snprintf(number, sizeof(number), "%llu", (unsigned long long)st.st_ino);
	assert_true(find(pid) == st.st_ino);
	assert_true(find("/proc/self/ns/net") == st.st_ino);
	assert_true(find(number) == st.st_ino);
	assert_true(find("4026531840") == 4026531840);
	assert_true(find("4194305") == 4194305);
	assert_true(find("4294967295") == 4294967295);
}

static void test_refused(void **state)
{
	static const char why[] = "not a name in /run/netns, nor a path, a pid or an inode number";

	(void)state;
	refuse("", why);
	refuse("no-such-name", why);
	refuse("/proc/self/ns/uts", why);
	refuse("/etc/passwd", why);
	refuse("0", why);
	refuse("4294967296", why);
	refuse("-1", why);
	refuse("4194304", "no process has this number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network namespaces: found by pid, path and inode number; refused words; and recognized again. */
#include "os/netns.h"

#include "../core/text.h"
#include "said.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[PATH_MAX];

static uint64_t find(const char *word)
{
	struct parse_error error = {"untouched"};
	uint64_t inode = 0;

	assert_int_equal(netns_find(word, strlen(word), &inode, path, &error), 0);
	assert_string_equal(error.text, "untouched");
	return inode;
}

static void refuse(const char *word, const char *why)
{
	struct parse_error error;
	uint64_t inode = 12345;

	assert_int_equal(netns_find(word, strlen(word), &inode, path, &error), -EINVAL);
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

static void test_path(void **state)
{
	char number[32];

	(void)state;
	find("/proc/self/ns/net");
	assert_string_equal(path, "/proc/self/ns/net");
	snprintf(number, sizeof(number), "%d", getpid());
	find(number);
	assert_true(!strncmp(path, "/proc/", 6) && strstr(path, number));
	find("4026531840");
	assert_string_equal(path, "");
}

static void test_file(void **state)
{
	struct netns_file file = {}, found = {}, untouched = {.inode = 7};
	struct stat st;
	int fd;

	(void)state;
	/* While no process has it open, the kernel may drop the inode and make a new one, with another time. */
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	assert_int_equal(netns_lookup("/proc/self/ns/net", &file), 0);
	assert_int_equal(file.inode, st.st_ino);
	assert_int_equal(file.cookie != 0, netns_has_cookies());
	assert_true(netns_is_same("/proc/self/ns/net", &file));
	file.inode++;
	assert_false(netns_is_same("/proc/self/ns/net", &file));
	file.inode--;
	assert_false(netns_is_same("/no/such/file", &file));
	assert_int_equal(netns_lookup("/no/such/file", &untouched), -ENOENT);
	assert_int_equal(netns_lookup("/etc/passwd", &untouched), -ENOENT);
	assert_int_equal(netns_lookup("/proc/self/ns/uts", &untouched), -ENOENT);
	assert_true(untouched.inode == 7);
	/* the caller's own is looked at first */
	assert_int_equal(netns_search(st.st_ino, &found), 0);
	assert_true(found.inode == file.inode && found.cookie == file.cookie);
	close(fd);
}

static void check_report(struct netns_omissions omissions, const char *expected)
{
	struct said said;

	said_begin(&said);
	netns_report(&omissions, "nothing is known");
	said_end(&said);
	assert_string_equal(strchr(said.text, ':'), expected);
}

static void test_report(void **state)
{
	(void)state;
	check_report((struct netns_omissions){.namespaces = 1},
		     ": cannot enter 1 network namespace (needs CAP_SYS_ADMIN): nothing is known\n");
	check_report((struct netns_omissions){.namespaces = 2},
		     ": cannot enter 2 network namespaces (needs CAP_SYS_ADMIN): nothing is known\n");
	check_report(
		(struct netns_omissions){.processes = 1},
		": cannot read the network namespace of 1 process (needs CAP_SYS_PTRACE; a security module may forbid "
		"it): unless another process shares it, nothing is known\n");
	check_report((struct netns_omissions){.processes = 2},
		     ": cannot read the network namespace of 2 processes (needs CAP_SYS_PTRACE; a security module may "
		     "forbid it): unless other processes share them, nothing is known\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found), cmocka_unit_test(test_refused), cmocka_unit_test(test_path),
		cmocka_unit_test(test_file),  cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

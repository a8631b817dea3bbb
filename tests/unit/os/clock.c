/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The host's clocks, also in time namespaces. */
#include "os/clock.h"

#include "../core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* Of the tests in other processes. */
#define CANNOT  77
#define OFFSETS "monotonic 1000000 250000000\nboottime -50 1\n"

static uint64_t read_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* This process's clock is the kernel's, unless the whole test runs in a time namespace. */
static void test_monotonic(void **state)
{
	uint64_t before_ns = clock_monotonic_ns(), after_ns;

	(void)state;
	after_ns = clock_monotonic_ns();
	assert_true(before_ns <= after_ns);
}

static void test_refresh(void **state)
{
	static struct timebase base;
	uint64_t first_ns = clock_monotonic_ns(), before_ns, after_ns;
	int64_t told_ns;

	(void)state;
	base.first_ns = 4711;
	clock_refresh(&base);
	before_ns = read_ns(CLOCK_REALTIME);
	told_ns = clock_history_realtime_ns(&base.clocks, clock_monotonic_ns());
	after_ns = read_ns(CLOCK_REALTIME);
	/* what two clocks may be apart, and what the reading is inexact by */
	assert_in_range(told_ns, before_ns - 10000, after_ns + 10000);
	told_ns = clock_history_realtime_ns(&base.clocks, first_ns);
	for (int i = 0; i < 100000; i++)
		clock_refresh(&base);
	assert_int_equal(clock_history_realtime_ns(&base.clocks, first_ns), told_ns);
	assert_int_equal(base.first_ns, 4711);
}

/* In a process of its own, since a process asks for its namespace once. Its exit status. */
static int in_child(int (*function)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(function());
	assert_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int unshare_time(void)
{
	int fd, result = CANNOT;

	if (unshare(CLONE_NEWTIME))
		return CANNOT;
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return CANNOT;
	if (write(fd, OFFSETS, strlen(OFFSETS)) == (ssize_t)strlen(OFFSETS))
		result = 0;
	close(fd);
	return result;
}

/* Exit status 0: what is told lies between what the kernel's clock says before and after. */
static int tells_kernels_time(int from_parent, int to_parent)
{
	static struct timebase base;
	uint64_t bounds_ns[2], told_ns;
	int64_t wall_ns, boottime_ns;

	if (read(from_parent, &bounds_ns[0], sizeof(bounds_ns[0])) != sizeof(bounds_ns[0]))
		return 1;
	told_ns = clock_monotonic_ns();
	if (write(to_parent, "", 1) != 1 || read(from_parent, &bounds_ns[1], sizeof(bounds_ns[1])) != 8)
		return 2;
	if (told_ns < bounds_ns[0] || told_ns > bounds_ns[1])
		return 3;
	clock_refresh(&base);
	wall_ns = clock_history_realtime_ns(&base.clocks, clock_monotonic_ns());
	if (read_ns(CLOCK_REALTIME) - (uint64_t)wall_ns > 10000000000)
		return 4;
	boottime_ns = base.clocks.newest.boottime_offset_ns;
	/* which the parent has not looked at: no machine of these tests was suspended for ten years */
	return boottime_ns > -1000000 && boottime_ns < 315360000000000000 ? 0 : 5;
}

/* The parent of it is in the initial namespace; `forks` once more if it is to be in the new one. */
static int compare(bool forks)
{
	int down[2], up[2], status;
	uint64_t now_ns;
	pid_t pid;
	char byte;

	if (pipe2(down, O_CLOEXEC) || pipe2(up, O_CLOEXEC))
		return 10;
	pid = fork();
	if (!pid) {
		if (unshare_time())
			_exit(CANNOT);
		pid = forks ? fork() : 0;
		if (!pid)
			_exit(tells_kernels_time(down[0], up[1]));
		_exit(waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 11);
	}
	close(up[1]);
	now_ns = read_ns(CLOCK_MONOTONIC);
	if (write(down[1], &now_ns, sizeof(now_ns)) != sizeof(now_ns))
		return 12;
	if (read(up[0], &byte, 1) == 1) {
		now_ns = read_ns(CLOCK_MONOTONIC);
		if (write(down[1], &now_ns, sizeof(now_ns)) != sizeof(now_ns))
			return 13;
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 14;
}

static int compare_inside(void)
{
	return compare(true);
}

/* As `unshare -T` leaves what it executes before Linux 6.1: the new namespace is that of its children only. */
static int compare_outside(void)
{
	return compare(false);
}

static void check(int status)
{
	if (status == CANNOT) {
		print_message("no time namespace can be made here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static void test_time_namespace(void **state)
{
	(void)state;
	check(in_child(compare_inside));
}

static void test_time_namespace_of_children(void **state)
{
	(void)state;
	check(in_child(compare_outside));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* first: the next ones ask for this process's namespace */
		cmocka_unit_test(test_time_namespace),
		cmocka_unit_test(test_time_namespace_of_children),
		cmocka_unit_test(test_monotonic),
		cmocka_unit_test(test_refresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

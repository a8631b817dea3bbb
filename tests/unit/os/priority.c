/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Real-time priority: raised, lowered in a busy loop, not inherited, and refused if the caller has chosen a priority.
 */
#include "os/priority.h"

#include "../core/text.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RAISED      (SCHED_RR | SCHED_RESET_ON_FORK)
#define LOWERED     (SCHED_OTHER | SCHED_RESET_ON_FORK)
#define NOT_ALLOWED 77

/* Far more than it takes: this thread may have to share its CPU. */
#define SPIN_S 10

static double cpu_s(void)
{
	struct timespec time;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A test changes the scheduling of a process of its own, which begins without a nice value. */
static void in_child(int (*test)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(setpriority(PRIO_PROCESS, 0, 0) ? NOT_ALLOWED : test());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_ALLOWED)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* 0, or the line that is not so. */
#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			return __LINE__ % 70 + 1;                                                                      \
	} while (0)

static int raise_or_leave(void)
{
	int error = priority_raise();

	if (error == -EPERM)
		exit(sched_getscheduler(0) == SCHED_OTHER ? NOT_ALLOWED : 1);
	return error;
}

static int check_raised(void)
{
	struct sched_param param;

	CHECK(raise_or_leave() == 0);
	CHECK(sched_getscheduler(0) == RAISED);
	CHECK(sched_getparam(0, &param) == 0 && param.sched_priority == 1);
	return 0;
}

static void test_raised(void **state)
{
	(void)state;
	in_child(check_raised);
}

static bool becomes(int policy)
{
	double end_s = cpu_s() + SPIN_S;

	while (sched_getscheduler(0) != policy) {
		if (cpu_s() >= end_s)
			return false;
	}
	return true;
}

/* A loop without an end gives way, and comes back, again and again. */
static int check_lowered(void)
{
	CHECK(raise_or_leave() == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(becomes(LOWERED));
		CHECK(becomes(RAISED));
	}
	return 0;
}

/* Asleep, it comes back as well: what comes then shall not wait. */
static int check_sleeper(void)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	double end_s = cpu_s() + SPIN_S;

	CHECK(raise_or_leave() == 0);
	CHECK(becomes(LOWERED));
	while (sched_getscheduler(0) != RAISED) {
		CHECK(cpu_s() < end_s);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static void test_lowered(void **state)
{
	(void)state;
	in_child(check_lowered);
	in_child(check_sleeper);
}

static int check_children(void)
{
	int status;
	pid_t pid;

	CHECK(raise_or_leave() == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		_exit(sched_getscheduler(0) != SCHED_OTHER || getpriority(PRIO_PROCESS, 0) != 0);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	return 0;
}

static void test_children(void **state)
{
	(void)state;
	in_child(check_children);
}

static int check_nice(void)
{
	CHECK(setpriority(PRIO_PROCESS, 0, 5) == 0);
	CHECK(priority_raise() == -EALREADY);
	CHECK(sched_getscheduler(0) == SCHED_OTHER && getpriority(PRIO_PROCESS, 0) == 5);
	return 0;
}

static int check_class(void)
{
	const struct sched_param param = {};

	CHECK(sched_setscheduler(0, SCHED_BATCH, &param) == 0);
	CHECK(priority_raise() == -EALREADY);
	CHECK(sched_getscheduler(0) == SCHED_BATCH);
	return 0;
}

static void test_chosen(void **state)
{
	(void)state;
	in_child(check_nice);
	in_child(check_class);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raised),
		cmocka_unit_test(test_lowered),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_chosen),
	};

	return cmocka_run_group_tests_name("priority", tests, NULL, NULL);
}

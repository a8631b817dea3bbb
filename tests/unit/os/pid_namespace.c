/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pid namespace of this process, and the meaning of pids. */
#include "os/pid_namespace.h"

#include "../core/text.h"

#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_own(void **state)
{
	struct pid_namespace own;
	struct stat st;

	(void)state;
	assert_int_equal(stat("/proc/self/ns/pid", &st), 0);
	assert_int_equal(pid_namespace_own(&own), 0);
	assert_int_equal(own.inode, st.st_ino);
	assert_int_equal(pid_namespace_is_initial(&own), own.inode == 4026531836);
	own.inode ^= 1;
	assert_false(pid_namespace_is_initial(&own) && st.st_ino == 4026531836);
}

/* The tests' /proc is that of their pid namespace. */
static void test_proc(void **state)
{
	struct pid_namespace own;
	uint32_t shown;

	(void)state;
	assert_int_equal(pid_namespace_own(&own), 0);
	shown = pid_namespace_is_initial(&own) ? 0 : own.inode;
	assert_true(pid_namespace_has_proc(shown));
	assert_false(pid_namespace_has_proc(shown ^ 1));
}

static uint32_t ended_process(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	assert_true(pid > 0 && waitpid(pid, NULL, 0) == pid);
	return (uint32_t)pid;
}

static pthread_barrier_t barrier;

static void *thread_main(void *context)
{
	*(uint32_t *)context = (uint32_t)syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void test_meaning(void **state)
{
	pthread_t thread;
	uint32_t number;

	(void)state;
	assert_int_equal(pid_namespace_look_up((uint32_t)getpid()), PID_PROCESS);
	assert_int_equal(pid_namespace_look_up(1), PID_PROCESS);
	assert_int_equal(pid_namespace_look_up(ended_process()), PID_UNUSED);
	assert_int_equal(pid_namespace_look_up(4194304), PID_UNUSED);
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, thread_main, &number), 0);
	pthread_barrier_wait(&barrier);
	assert_int_equal(pid_namespace_look_up(number), PID_THREAD);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_proc),
		cmocka_unit_test(test_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

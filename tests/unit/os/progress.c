/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/progress.h"

#include "../core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* What stderr gets while something is done for so long. */
static size_t watch(useconds_t work_us, char *ret, size_t size)
{
	struct progress progress;
	int pipe_fds[2], saved = dup(STDERR_FILENO);
	ssize_t length;

	assert_int_equal(pipe2(pipe_fds, O_NONBLOCK), 0);
	dup2(pipe_fds[1], STDERR_FILENO);
	progress_begin(&progress, "counting sheep");
	usleep(work_us);
	progress_end(&progress);
	dup2(saved, STDERR_FILENO);
	length = read(pipe_fds[0], ret, size - 1);
	ret[length > 0 ? length : 0] = '\0';
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(saved);
	return length > 0 ? (size_t)length : 0;
}

static void test_quick(void **state)
{
	char text[256];

	(void)state;
	assert_int_equal(watch(0, text, sizeof(text)), 0);
}

static void test_slow(void **state)
{
	char text[256];

	(void)state;
	assert_true(watch(2500000, text, sizeof(text)) > 0);
	assert_string_equal(strchr(text, ':'), ": still counting sheep...\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quick),
		cmocka_unit_test(test_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

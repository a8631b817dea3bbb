/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Progress messages: work that is quick, slow, or without a terminal. */
#include "os/progress.h"

#include "../core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* The two ends of a terminal, or of a pipe: what is written to the second can be read from the first. */
static void open_ends(bool terminal, int ret_ends[2])
{
	if (!terminal) {
		assert_int_equal(pipe2(ret_ends, O_NONBLOCK), 0);
		return;
	}
	ret_ends[0] = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(ret_ends[0] >= 0);
	assert_int_equal(grantpt(ret_ends[0]) | unlockpt(ret_ends[0]), 0);
	ret_ends[1] = open(ptsname(ret_ends[0]), O_RDWR | O_NOCTTY);
	assert_true(ret_ends[1] >= 0);
}

/* Length of what stderr gets while something is done for so long. */
static size_t watch(bool terminal, useconds_t work_us, char *ret, size_t size)
{
	struct progress progress;
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t length;

	open_ends(terminal, ends);
	dup2(ends[1], STDERR_FILENO);
	progress_begin(&progress, "counting sheep");
	usleep(work_us);
	progress_end(&progress);
	dup2(saved, STDERR_FILENO);
	length = read(ends[0], ret, size - 1);
	ret[length > 0 ? length : 0] = '\0';
	close(ends[0]);
	close(ends[1]);
	close(saved);
	return length > 0 ? (size_t)length : 0;
}

static void test_quick(void **state)
{
	char text[256];

	(void)state;
	assert_int_equal(watch(true, 0, text, sizeof(text)), 0);
}

static void test_slow(void **state)
{
	char text[256];

	(void)state;
	assert_true(watch(true, 2500000, text, sizeof(text)) > 0);
	assert_string_equal(strchr(text, ':'), ": still counting sheep...\r\n");
}

static void test_nobody_waits(void **state)
{
	char text[256];

	(void)state;
	assert_int_equal(watch(false, 2500000, text, sizeof(text)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quick),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_nobody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The version of the running kernel. */
#include "os/kernel_version.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "../../kernel/lib/test.h"

/* Of the running one, whichever that is: the version itself, and what is one above and below. */
static void test_running(void **state)
{
	unsigned int major, minor;
	struct utsname name;

	(void)state;
	assert_int_equal(uname(&name), 0);
	assert_int_equal(sscanf(name.release, "%u.%u", &major, &minor), 2);
	assert_true(kernel_is_at_least(major, minor));
	assert_true(kernel_is_at_least(major - 1, minor + 1));
	assert_false(kernel_is_at_least(major, minor + 1));
	assert_false(kernel_is_at_least(major + 1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_running)};

	return cmocka_run_group_tests_name("kernel_version", tests, NULL, NULL);
}

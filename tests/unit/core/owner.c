/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/owner.h"

#include "text.h"

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(owner_source_name(OWNER_UNKNOWN), "unknown");
	assert_string_equal(owner_source_name(OWNER_CONNECT), "connect");
	assert_string_equal(owner_source_name(OWNER_LISTEN), "listen");
	assert_string_equal(owner_source_name(OWNER_ACCEPT), "accept");
	assert_string_equal(owner_source_name(OWNER_USE), "use");
	assert_string_equal(owner_source_name(OWNER_LISTENER), "listener");
	assert_string_equal(owner_source_name(OWNER_SEED), "seed");
	assert_string_equal(owner_source_name(OWNER_KERNEL), "kernel");
}

static void test_other_numbers(void **state)
{
	(void)state;
	for (unsigned int source = OWNER_SOURCES; source < 300; source++)
		assert_string_equal(owner_source_name(source), "unknown");
	assert_string_equal(owner_source_name(~0U), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_other_numbers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

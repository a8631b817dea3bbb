/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text for the owner of a socket, and its pid. */
#include "core/owner.h"

#include "text.h"

static void check_source(unsigned int source, const char *expected)
{
	char text[2 * APPEND_SLACK];

	*owner_source_append(text, source) = '\0';
	assert_string_equal(text, expected);
}

static void test_names(void **state)
{
	(void)state;
	check_source(OWNER_UNKNOWN, "unknown");
	check_source(OWNER_CONNECT, "connect");
	check_source(OWNER_LISTEN, "listen");
	check_source(OWNER_ACCEPT, "accept");
	check_source(OWNER_USE, "use");
	check_source(OWNER_LISTENER, "listener");
	check_source(OWNER_SEED, "seed");
	check_source(OWNER_KERNEL, "kernel");
}

static void test_other_numbers(void **state)
{
	(void)state;
	for (unsigned int source = OWNER_SOURCES; source < 300; source++)
		check_source(source, "unknown");
	check_source(~0U, "unknown");
}

static void test_pid(void **state)
{
	(void)state;
	assert_true(owner_has_pid(&(struct owner){.source = OWNER_USE, .pid = 4194304}));
	assert_false(owner_has_pid(&(struct owner){.source = OWNER_USE, .pid = OWNER_PID_OUTSIDE | 4711}));
	assert_false(owner_has_pid(&(struct owner){.source = OWNER_UNKNOWN, .pid = 4711}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_other_numbers),
		cmocka_unit_test(test_pid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

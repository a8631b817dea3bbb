/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Filters of the scope in combination. */

#include "lib/guest.h"
#include "lib/run.h"
#include "lib/scope_check.h"
#include "lib/test.h"

static void test_combinations(void **state)
{
	scope_check_combinations(state, is_guest() ? 8 : 90);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_combinations, scope_leave),
	};

	return cmocka_run_group_tests_name("scope_combined", tests, run_group_setup, run_group_teardown);
}

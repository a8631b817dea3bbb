/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Each filter of the scope alone. */

#include "lib/run.h"
#include "lib/scope_check.h"
#include "lib/test.h"

static void test_socket(void **state)
{
	scope_check_each(state, NULL, (scope_add_fn *const[]){scope_add_socket_filters, NULL});
}

static void test_processes(void **state)
{
	scope_check_each(state, NULL, (scope_add_fn *const[]){scope_add_process_filters, NULL});
}

static void test_cgroups(void **state)
{
	scope_check_each(state, NULL, (scope_add_fn *const[]){scope_add_cgroup_filters, NULL});
}

static void test_rows(void **state)
{
	scope_check_each(state, NULL, (scope_add_fn *const[]){scope_add_row_filters, scope_add_cause_filters, NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_socket, scope_leave),
		cmocka_unit_test_teardown(test_processes, scope_leave),
		cmocka_unit_test_teardown(test_cgroups, scope_leave),
		cmocka_unit_test_teardown(test_rows, scope_leave),
	};

	return cmocka_run_group_tests_name("scope", tests, run_group_setup, run_group_teardown);
}

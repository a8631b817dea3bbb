/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Each filter of the scope on the ways of older kernels. A value that such a way cannot find is in no list. */

#include "lib/machine.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/scope_check.h"
#include "lib/test.h"

/* Who accepts is not known to a hash, nor which listener a child has. */
static void test_without_socket_storage(void **state)
{
	need_machine("socket_storage");
	scope_check_each(state, (const char *const[]){"--storage", "hash", NULL},
			 (scope_add_fn *const[]){scope_add_process_filters, scope_add_cgroup_filters, NULL});
}

static void test_rows_without_socket_storage(void **state)
{
	need_machine("socket_storage");
	scope_check_each(state, (const char *const[]){"--storage", "hash", NULL},
			 (scope_add_fn *const[]){scope_add_row_filters, scope_add_cause_filters, NULL});
}

/* The owners of accepted connections are unknown there, so that some are in no list. */
static void test_classic_tracepoint(void **state)
{
	scope_check_each(state, (const char *const[]){"--hook", "tracepoint", NULL},
			 (scope_add_fn *const[]){scope_add_row_filters, NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_without_socket_storage, scope_leave),
		cmocka_unit_test_teardown(test_rows_without_socket_storage, scope_leave),
		cmocka_unit_test_teardown(test_classic_tracepoint, scope_leave),
	};

	return cmocka_run_group_tests_name("scope_fallback", tests, run_group_setup, run_group_teardown);
}

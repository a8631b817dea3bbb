/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Checks the scope language: a run with a filter prints exactly those rows of an unfiltered run that the filter admits.
 * Both runs observe the same traffic (scope_traffic.h).
 */
#ifndef TESTS_KERNEL_SCOPE_CHECK_H
#define TESTS_KERNEL_SCOPE_CHECK_H

#include "scope_filters.h"

/*
 * Checks each filter alone, as many at once as there are tools in a run. Each filter must admit some rows and refuse
 * others. `common`: arguments of all tools, which select a way without cookies, or NULL. `adds` ends with NULL.
 */
void scope_check_each(void **state, const char *const *common, scope_add_fn *const *adds);

/* Checks `count` random combinations of two or three filters, the same ones in every run. */
void scope_check_combinations(void **state, size_t count);

/* Teardown of each test. */
int scope_leave(void **state);

#endif

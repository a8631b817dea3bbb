/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The scope language: what is printed under a filter is exactly what an unfiltered run of the same traffic
 * (scope_traffic.h) prints and the filter admits.
 */
#ifndef TESTS_KERNEL_SCOPE_CHECK_H
#define TESTS_KERNEL_SCOPE_CHECK_H

#include "scope_filters.h"

/*
 * Each filter alone, so many at once as there is room for; each must have rows that match and rows that do not.
 * `common`: arguments of all tools that choose a way which makes no cookies, or NULL. `adds` ends with NULL.
 */
void scope_check_each(void **state, const char *const *common, scope_add_fn *const *adds);

/* So many times two or three filters together, by chance, but the same in every run. */
void scope_check_combinations(void **state, size_t count);

/* After each test. */
int scope_leave(void **state);

#endif

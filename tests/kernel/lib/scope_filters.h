/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The filters of the scope language, and the rows that each admits of the traffic of scope_traffic.h. */
#ifndef TESTS_KERNEL_SCOPE_FILTERS_H
#define TESTS_KERNEL_SCOPE_FILTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rows.h"

struct scope_filter {
	const char *option;
	char value[320];
	bool (*admits)(const struct row *row, const struct scope_filter *filter);
	/*
	 * True if the value is too close to the limit: another tool, which measured for itself, may decide otherwise.
	 * May be NULL.
	 */
	bool (*is_close)(const struct row *row, const struct scope_filter *filter);
	const char *text;
	uint64_t number, other;
};

#define SCOPE_FILTERS_MAX 48

struct scope_filters {
	struct scope_filter items[SCOPE_FILTERS_MAX];
	size_t count;
};

/* Append filters and their negations to `filters`, by what the filters look at. */
typedef void scope_add_fn(struct scope_filters *filters);
scope_add_fn scope_add_socket_filters, scope_add_process_filters, scope_add_cgroup_filters, scope_add_row_filters,
	scope_add_cause_filters;

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The order of lines in the live view: the key of each line, and the sort. */
#ifndef TCPVITALS_CORE_LIVE_SORT_H
#define TCPVITALS_CORE_LIVE_SORT_H

#include "core/live_view.h"

struct live_key {
	uint64_t parts[4]; /* compared in this order */
	bool is_unknown;   /* comes last in each direction */
};

struct live_sort_entry {
	struct live_key key;
	uint32_t place; /* the last one: lines of the same key keep their order */
	uint32_t index;
};

/*
 * Return the key of a line for a column. A number that changes keeps its key until it has changed by half, or `anew`.
 */
struct live_key live_sort_row(struct live_row *row, enum live_column column, bool totals, bool anew);
struct live_key live_sort_group(struct live_group *group, enum live_column column, bool totals, bool anew);

void live_sort(struct live_sort_entry *entries, size_t count, bool descends);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/live_layout.h"

/* Widths of a column: the first that is possible, and wider ones. 0: no more. */
#define WIDTHS 3

struct column_plan {
	uint8_t column;
	bool is_number;
	uint8_t rank; /* the columns of the lowest ranks are there first */
	uint8_t widths[WIDTHS];
};

/* 47 cells: [ADDRESS]:PORT of IPv6 */
static const struct column_plan connection_plan[] = {
	{LIVE_COLUMN_NAME, false, 1, {8, 15}},
	{LIVE_COLUMN_PID, true, 11, {7}},
	{LIVE_COLUMN_LOCAL, false, 3, {6, 21, 47}},
	{LIVE_COLUMN_REMOTE, false, 2, {21, 47}},
	{LIVE_COLUMN_STATE, false, 4, {6, 11}},
	{LIVE_COLUMN_AGE, true, 5, {6}},
	{LIVE_COLUMN_IN, true, 6, {5}},
	{LIVE_COLUMN_OUT, true, 7, {5}},
	{LIVE_COLUMN_RTT, true, 8, {5}},
	{LIVE_COLUMN_RETRANS, true, 10, {4}},
	{LIVE_COLUMN_RECV_QUEUE, true, 13, {5}},
	{LIVE_COLUMN_SEND_QUEUE, true, 12, {5}},
	{LIVE_COLUMN_LIMIT, false, 9, {5, 15}},
};

static const struct column_plan group_plan[] = {
	{LIVE_COLUMN_NAME, false, 1, {18, 32, 64}},
	{LIVE_COLUMN_CONNECTIONS, true, 2, {5}},
	{LIVE_COLUMN_IN, true, 3, {5}},
	{LIVE_COLUMN_OUT, true, 4, {5}},
	{LIVE_COLUMN_RTT, true, 5, {5}},
	{LIVE_COLUMN_RETRANS, true, 6, {4}},
	{LIVE_COLUMN_RECV_QUEUE, true, 9, {5}},
	{LIVE_COLUMN_SEND_QUEUE, true, 8, {5}},
	{LIVE_COLUMN_LIMIT, false, 7, {5, 15}},
};

static const struct column_plan listener_plan[] = {
	{LIVE_COLUMN_NAME, false, 1, {9, 15}},   {LIVE_COLUMN_PID, true, 10, {7}},
	{LIVE_COLUMN_LOCAL, false, 2, {21, 47}}, {LIVE_LISTENER_BACKLOG, true, 3, {7}},
	{LIVE_LISTENER_MAX, true, 4, {4}},       {LIVE_LISTENER_HIGHEST, true, 6, {7}},
	{LIVE_LISTENER_ACCEPTED, true, 8, {8}},  {LIVE_LISTENER_DROPS, true, 5, {5}},
	{LIVE_LISTENER_SYN_RECV, true, 11, {7}}, {LIVE_LISTENER_COOKIES, false, 9, {7}},
	{LIVE_LISTENER_OVERFLOW, false, 7, {8}},
};

static const struct column_plan end_plan[] = {
	{LIVE_END_AGO, true, 6, {5}},
	{LIVE_COLUMN_NAME, false, 1, {9, 15}},
	{LIVE_COLUMN_PID, true, 9, {7}},
	{LIVE_COLUMN_LOCAL, false, 4, {6, 21, 47}},
	{LIVE_COLUMN_REMOTE, false, 2, {21, 47}},
	{LIVE_END_CAUSE, false, 3, {14, 22}},
	{LIVE_END_LASTED, true, 5, {6}},
	{LIVE_COLUMN_IN, true, 7, {5}},
	{LIVE_COLUMN_OUT, true, 8, {5}},
	{LIVE_COLUMN_RETRANS, true, 11, {4}},
	{LIVE_COLUMN_LIMIT, false, 10, {5, 15}},
};

struct plan {
	const struct column_plan *columns;
	size_t count;
	enum live_by by;
	int forced; /* a column that is there in any case */
};

static int rank_of(const struct plan *plan, size_t i)
{
	return plan->columns[i].column == plan->forced ? 0 : plan->columns[i].rank;
}

/* Chooses columns by rank. Sets the levels of width (1: the first), 0 for columns without room. Returns the cells left.
 */
static size_t choose(const struct plan *plan, size_t width, uint8_t levels[LIVE_ALL_COLUMNS])
{
	size_t left = width + 1; /* the first column has no blank in front */

	for (int rank = 0; rank < LIVE_ALL_COLUMNS; rank++) {
		for (size_t i = 0; i < plan->count; i++) {
			size_t needed = plan->columns[i].widths[0] + 1;

			if (rank_of(plan, i) != rank || !live_column_applies(plan->columns[i].column, plan->by))
				continue;
			if (needed > left)
				return left;
			levels[i] = 1;
			left -= needed;
		}
	}
	return left;
}

/* Widens columns, each by one step before any by the next. */
static void widen(const struct plan *plan, size_t left, uint8_t levels[LIVE_ALL_COLUMNS])
{
	for (int level = 1; level < WIDTHS; level++) {
		for (size_t i = plan->count; i-- > 0;) {
			const uint8_t *widths = plan->columns[i].widths;
			size_t more = widths[level] - widths[level - 1];

			if (levels[i] != level || !widths[level] || more > left)
				continue;
			levels[i]++;
			left -= more;
		}
	}
}

static struct live_layout layout_of(const struct plan *plan, size_t width)
{
	uint8_t levels[LIVE_ALL_COLUMNS] = {0};
	struct live_layout layout = {.count = 0};
	size_t at = 0;

	widen(plan, choose(plan, width, levels), levels);
	for (size_t i = 0; i < plan->count; i++) {
		const struct column_plan *column = &plan->columns[i];

		if (!levels[i])
			continue;
		layout.slots[layout.count++] =
			(struct live_slot){column->column, column->is_number, at, column->widths[levels[i] - 1]};
		at += column->widths[levels[i] - 1] + 1;
	}
	return layout;
}

#define PLAN_OF(table)                                                                                                 \
	(struct plan)                                                                                                  \
	{                                                                                                              \
		.columns = table, .count = sizeof(table) / sizeof((table)[0])                                          \
	}

struct live_layout live_layout_of(enum live_by by, enum live_column sort, size_t width)
{
	struct plan plan = by == LIVE_BY_CONNECTION ? PLAN_OF(connection_plan)
			   : by == LIVE_LISTENERS   ? PLAN_OF(listener_plan)
						    : PLAN_OF(group_plan);

	plan.by = by;
	plan.forced = (int)sort;
	return layout_of(&plan, width);
}

/* No column is left out for the kind of the lines. */
struct live_layout live_layout_of_ends(size_t width)
{
	struct plan plan = PLAN_OF(end_plan);

	plan.by = LIVE_BY_CONNECTION;
	plan.forced = -1;
	return layout_of(&plan, width);
}

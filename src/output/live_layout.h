/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The columns of the live view that fit into a screen's width, and their places. */
#ifndef TCPVITALS_OUTPUT_LIVE_LAYOUT_H
#define TCPVITALS_OUTPUT_LIVE_LAYOUT_H

#include "core/live_view.h"
#include "output/live_cell.h"

struct live_slot {
	uint8_t column; /* enum live_column or live_end_column */
	bool is_number; /* right-justified */
	size_t at, width;
};

struct live_layout {
	struct live_slot slots[LIVE_ALL_COLUMNS]; /* `count`, from left to right */
	size_t count;
};

/* The lines of a view. The column `sort` is always there. */
struct live_layout live_layout_of(enum live_by by, enum live_column sort, size_t width);

/* The ended connections. */
struct live_layout live_layout_of_ends(size_t width);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lines that the user sees of the connections (core/live.h), and their order: filter, lines, sort, selection,
 * scrolling.
 *
 * Lines keep their places between two arrangements: a line moves only when its value has changed by half since it got
 * its place. A new line comes behind those of the same value.
 */
#ifndef TCPVITALS_CORE_LIVE_VIEW_H
#define TCPVITALS_CORE_LIVE_VIEW_H

#include "core/live.h"
#include "core/live_group.h"
#include "core/scope.h"

enum live_column {
	LIVE_COLUMN_NAME, /* the owner's name, or the group's */
	LIVE_COLUMN_PID,
	LIVE_COLUMN_LOCAL,
	LIVE_COLUMN_REMOTE,
	LIVE_COLUMN_STATE,
	LIVE_COLUMN_AGE, /* time in the state */
	LIVE_COLUMN_CONNECTIONS,
	LIVE_COLUMN_IN,
	LIVE_COLUMN_OUT,
	LIVE_COLUMN_RTT,
	LIVE_COLUMN_RETRANS,
	LIVE_COLUMN_RECV_QUEUE,
	LIVE_COLUMN_SEND_QUEUE,
	LIVE_COLUMN_LIMIT,
	LIVE_COLUMNS
};

/* True if lines of this kind have the column. A number beyond enum live_column is a column of all. */
bool live_column_applies(int column, enum live_by by);

/* True if the greatest comes first: rates, totals, times. Names, addresses and states begin with the least. */
bool live_column_descends(enum live_column column);

struct live_view {
	/* The user's choice. */
	enum live_by by;
	const struct labels *labels; /* LIVE_BY_GROUP: the words; other words are another struct */
	enum live_column sort;
	bool is_reversed;
	bool totals;                    /* since the connections began, instead of rates */
	const struct scope *filter;     /* complete; NULL: none */
	const struct live_world *world; /* may be NULL */
	/* The arrangement. */
	uint32_t *order; /* indices of rows, or of groups; `count` of `room` */
	size_t count, room;
	struct live_groups groups;
	uint64_t ends[LIVE_ENDED_MAX]; /* numbers of ends, as in struct live: the newest first; `end_count` of them */
	size_t end_count;
	struct live_sort_entry *entries; /* memory for the sort, `room` of them */
	uint64_t sorted_by;              /* what the places are about: another choice sorts anew */
	/* The selection. */
	bool is_chosen;    /* by the user; else the first line is selected, and the view does not scroll by itself */
	bool among_ends;   /* the selection is among the ended connections */
	struct live_id id; /* of the selected line */
	size_t selected;   /* its place */
	size_t top;        /* the first line on the screen */
	uint64_t end_selected; /* the number of the selected end */
	size_t end_top;
};

void live_view_close(struct live_view *view);

/* Arranges all anew, after a pass or a change of the user's choice. Returns 0 or -ENOMEM: nothing is shown. */
int live_view_arrange(struct live_view *view, struct live *live, uint64_t now_ns);

/* The row, the group or the listener at a place below `count`. The other kinds are NULL. */
const struct live_row *live_view_row(const struct live_view *view, const struct live *live, size_t place);
const struct live_group *live_view_group(const struct live_view *view, size_t place);
const struct listener_row *live_view_listener(const struct live_view *view, const struct live *live, size_t place);

/* Returns the end at a place below end_count; NULL: it has been forgotten since. */
const struct live_end *live_view_end(const struct live_view *view, const struct live *live, size_t place);

/* Moves the selection by so many lines, as far as there are lines. */
void live_view_move(struct live_view *view, const struct live *live, long lines);

/* Moves the section so that the selection is among the `page` lines (`end_page` of the ends) on the screen. */
void live_view_scroll(struct live_view *view, size_t page, size_t end_page);

/* Returns the last record of the selected connection, open or ended; NULL: none is selected. */
const struct connection *live_view_selected(const struct live_view *view, const struct live *live, bool *ret_is_open);

/* Chooses the next (1) or the previous (-1) column to sort by. Listeners are always in the order of ports. */
void live_view_sort_next(struct live_view *view, int step);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/live_view.h"

#include "core/cause.h"
#include "core/live_sort.h"
#include "core/scope_match.h"

#include <errno.h>
#include <stdlib.h>

void live_view_close(struct live_view *view)
{
	free(view->order);
	free(view->entries);
	live_groups_close(&view->groups);
	*view = (struct live_view){};
}

/* ---- filter ------------------------------------------------------------------------------------------------------ */

static bool admits_socket(const struct live_view *view, const struct transition *socket, uint8_t cause, uint8_t role)
{
	const struct live_world *world = view->world;
	struct scope_subject subject = {.record = socket, .cause = cause, .role = role};

	if (!view->filter)
		return true;
	if (view->filter->settings.numbers[SCOPE_CGROUP] && world && world->cgroups)
		subject.cgroup_count = world->cgroups(world->context, socket->owner.cgroup_id, &subject.cgroups);
	return scope_match(view->filter, &subject);
}

static bool admits(const struct live_view *view, const struct connection *record, bool is_open)
{
	enum cause cause = is_open ? CAUSE_NONE : cause_of_connection(record->end.cause, record->end.oldstate);

	return admits_socket(view, &record->end, (uint8_t)cause, record->life.role);
}

/* ---- arrangement ------------------------------------------------------------------------------------------------- */

static int reserve(struct live_view *view, size_t room)
{
	uint32_t *order;
	struct live_sort_entry *entries;

	if (room <= view->room)
		return 0;
	room += room / 2;
	order = realloc(view->order, room * sizeof(*order));
	if (!order)
		return -ENOMEM;
	view->order = order;
	entries = realloc(view->entries, room * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	view->entries = entries;
	view->room = room;
	return 0;
}

static size_t list_rows(struct live_view *view, struct live *live, bool anew)
{
	size_t count = 0;

	for (size_t i = 0; i < live->count; i++) {
		struct live_row *row = &live->rows[i];

		if (!admits(view, &row->now, true)) {
			row->place = LIVE_NO_PLACE;
			continue;
		}
		view->entries[count++] =
			(struct live_sort_entry){.key = live_sort_row(row, view->sort, view->totals, anew),
						 .place = row->place,
						 .index = (uint32_t)i};
	}
	return count;
}

static int list_groups(struct live_view *view, struct live *live)
{
	const struct live_end *end;
	int error = live_groups_begin(&view->groups, view->labels, view->world);

	for (size_t i = 0; !error && i < live->count; i++)
		if (admits(view, &live->rows[i].now, true))
			error = live_groups_add(&view->groups, view->world, &live->rows[i]);
	/* The newest may belong to the next interval. */
	for (uint64_t i = live->end_count; !error && i-- > 0 && (end = live_end_number(live, i));) {
		if (end->interval + 1 < live->interval)
			break;
		if (live_end_counts(live, end) && admits(view, &end->last, false))
			error = live_groups_add_end(&view->groups, view->world, end, live->totals.length_ns);
	}
	return error;
}

static size_t list_sorted_groups(struct live_view *view, bool anew)
{
	size_t count = 0;

	for (size_t i = 0; i < view->groups.count; i++) {
		struct live_group *group = &view->groups.groups[i];

		if (!live_group_is_shown(group)) {
			group->place = LIVE_NO_PLACE;
			continue;
		}
		view->entries[count++] =
			(struct live_sort_entry){.key = live_sort_group(group, view->sort, view->totals, anew),
						 .place = group->place,
						 .index = (uint32_t)i};
	}
	return count;
}

/* The listeners in their own order. */
static void list_listeners(struct live_view *view, const struct live *live)
{
	for (size_t i = 0; i < live->listeners.count; i++)
		if (admits_socket(view, &live->listeners.rows[i].now.socket, CAUSE_NONE, ROLE_SERVER))
			view->order[view->count++] = (uint32_t)i;
}

static void list_ends(struct live_view *view, const struct live *live, uint64_t now_ns)
{
	const struct live_end *end;

	view->end_count = 0;
	for (uint64_t i = 0; (end = live_end_at(live, i, now_ns)); i++)
		if (admits(view, &end->last, false))
			view->ends[view->end_count++] = live->end_count - 1 - i;
}

static void keep_places(struct live_view *view, struct live *live, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t index = view->entries[i].index;

		view->order[i] = index;
		if (view->by == LIVE_BY_CONNECTION)
			live->rows[index].place = (uint32_t)i;
		else
			view->groups.groups[index].place = (uint32_t)i;
	}
	view->count = count;
}

static struct live_id id_at(const struct live_view *view, const struct live *live, size_t place)
{
	const struct live_row *row = live_view_row(view, live, place);

	if (row)
		return (struct live_id){.first = row->now.end.cookie, .second = row->now.end.conn_seq};
	if (view->by == LIVE_LISTENERS)
		return (struct live_id){.first = live->listeners.rows[view->order[place]].now.socket.skaddr};
	return live_view_group(view, place)->id;
}

/* `place`: below the count, or 0. */
static void select_place(struct live_view *view, const struct live *live, size_t place)
{
	view->selected = place;
	if (view->count)
		view->id = id_at(view, live, place);
}

/* Finds the selected line again. If it is gone, the line at its place is selected. */
static void select_again(struct live_view *view, const struct live *live)
{
	size_t place = 0;

	while (place < view->count && !live_id_equals(id_at(view, live, place), view->id))
		place++;
	if (place < view->count)
		view->selected = place;
	else if (view->selected >= view->count)
		view->selected = view->count ? view->count - 1 : 0;
	if (place == view->count && view->count)
		view->id = id_at(view, live, view->selected);
}

/* Arranges all but listeners. Returns 0 or -ENOMEM. */
static int arrange_sorted(struct live_view *view, struct live *live, bool anew)
{
	bool descends = live_column_descends(view->sort) != view->is_reversed;
	int error = view->by == LIVE_BY_CONNECTION ? 0 : list_groups(view, live);
	size_t count = view->by == LIVE_BY_CONNECTION ? live->count : view->groups.count;

	if (!error)
		error = reserve(view, count);
	if (error)
		return error;
	count = view->by == LIVE_BY_CONNECTION ? list_rows(view, live, anew) : list_sorted_groups(view, anew);
	live_sort(view->entries, count, descends);
	keep_places(view, live, count);
	return 0;
}

int live_view_arrange(struct live_view *view, struct live *live, uint64_t now_ns)
{
	uint64_t choice = 1 + (uint64_t)view->by + ((uint64_t)view->sort << 8) + ((uint64_t)view->totals << 16) +
			  ((uint64_t)view->is_reversed << 17);
	int error;

	view->count = 0;
	if (view->by == LIVE_LISTENERS) {
		error = reserve(view, live->listeners.count);
		if (!error)
			list_listeners(view, live);
	} else {
		error = arrange_sorted(view, live, view->sorted_by != choice);
	}
	if (error)
		return error;
	view->sorted_by = choice;
	list_ends(view, live, now_ns);
	if (view->is_chosen)
		select_again(view, live);
	else
		select_place(view, live, 0);
	return 0;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

const struct live_row *live_view_row(const struct live_view *view, const struct live *live, size_t place)
{
	if (view->by != LIVE_BY_CONNECTION || place >= view->count || view->order[place] >= live->count)
		return NULL;
	return &live->rows[view->order[place]];
}

const struct live_group *live_view_group(const struct live_view *view, size_t place)
{
	return view->by == LIVE_BY_GROUP && place < view->count ? &view->groups.groups[view->order[place]] : NULL;
}

const struct listener_row *live_view_listener(const struct live_view *view, const struct live *live, size_t place)
{
	if (view->by != LIVE_LISTENERS || place >= view->count || view->order[place] >= live->listeners.count)
		return NULL;
	return &live->listeners.rows[view->order[place]];
}

const struct live_end *live_view_end(const struct live_view *view, const struct live *live, size_t place)
{
	return live_end_number(live, view->ends[place]);
}

/* ---- selection --------------------------------------------------------------------------------------------------- */

static size_t moved(size_t place, long lines, size_t count)
{
	if (lines < 0)
		return place > (size_t)-lines ? place - (size_t)-lines : 0;
	place += (size_t)lines;
	return place < count ? place : count ? count - 1 : 0;
}

/* Returns the place of the selected end. If it is gone, the nearest older one. */
static size_t end_place(const struct live_view *view)
{
	size_t place = 0;

	while (place < view->end_count && view->ends[place] > view->end_selected)
		place++;
	return place < view->end_count ? place : view->end_count ? view->end_count - 1 : 0;
}

void live_view_move(struct live_view *view, const struct live *live, long lines)
{
	if (view->among_ends) {
		if (view->end_count)
			view->end_selected = view->ends[moved(end_place(view), lines, view->end_count)];
		return;
	}
	select_place(view, live, moved(view->selected, lines, view->count));
	view->is_chosen = view->selected > 0;
}

static size_t scrolled(size_t top, size_t selected, size_t page, size_t count)
{
	if (selected >= top + page)
		top = selected + 1 - page;
	if (selected < top)
		top = selected;
	/* No empty lines while there is something to show. */
	if (count <= page)
		return 0;
	return top > count - page ? count - page : top;
}

void live_view_scroll(struct live_view *view, size_t page, size_t end_page)
{
	if (page)
		view->top = scrolled(view->top, view->selected, page, view->count);
	if (end_page)
		view->end_top =
			scrolled(view->end_top, view->among_ends ? end_place(view) : 0, end_page, view->end_count);
}

const struct connection *live_view_selected(const struct live_view *view, const struct live *live, bool *ret_is_open)
{
	const struct live_row *row;

	*ret_is_open = !view->among_ends;
	if (view->among_ends) {
		size_t place = end_place(view);
		const struct live_end *end = place < view->end_count ? live_view_end(view, live, place) : NULL;

		return end ? &end->last : NULL;
	}
	row = live_view_row(view, live, view->selected);
	return row ? &row->now : NULL;
}

void live_view_sort_next(struct live_view *view, int step)
{
	int column = (int)view->sort;

	if (view->by == LIVE_LISTENERS)
		return;
	do
		column = (column + step + LIVE_COLUMNS) % LIVE_COLUMNS;
	while (!live_column_applies((enum live_column)column, view->by));
	view->sort = (enum live_column)column;
}

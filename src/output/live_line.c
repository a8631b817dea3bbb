/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/live_line.h"

struct live_line live_line_at(const struct live *live, const struct live_view *view, size_t place)
{
	const struct live_row *row = live_view_row(view, live, place);
	const struct live_group *group = live_view_group(view, place);
	const struct listener_row *listener = live_view_listener(view, live, place);

	if (listener)
		return live_line_of_listener(listener);
	return (struct live_line){.socket = row ? &row->now.end : NULL,
				  .connection = row ? &row->now : NULL,
				  .group = group,
				  .figures = row     ? &row->figures
					     : group ? &group->figures
						     : NULL,
				  .totals = view->totals};
}

struct live_line live_line_of_end(const struct live_end *end, struct live_figures *figures)
{
	*figures = live_figures_of(NULL, &end->last, 0);
	return (struct live_line){.socket = &end->last.end,
				  .connection = &end->last,
				  .figures = figures,
				  .taken_ns = end->taken_ns,
				  .totals = true};
}

struct live_line live_line_of_listener(const struct listener_row *listener)
{
	return (struct live_line){.socket = &listener->now.socket, .listener = listener};
}

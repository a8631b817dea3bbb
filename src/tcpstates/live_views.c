/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/live_views.h"

/* Without words: each connection. */
static const char *const words[] = {NULL, "comm,pid", "prefix:24/64", "unit", "container"};

static void add(struct live_views *views, enum live_by by, const struct labels *labels)
{
	views->kinds[views->count++] = (struct live_kind){by, labels ? *labels : (struct labels){}};
}

void live_views_begin(struct live_views *views, const struct labels *by, struct live_view *view)
{
	*views = (struct live_views){.count = 0};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct labels labels = {};
		struct parse_error error;

		/* The words are known. */
		if (words[i])
			labels_parse_groups(words[i], &labels, &error);
		add(views, words[i] ? LIVE_BY_GROUP : LIVE_BY_CONNECTION, &labels);
	}
	add(views, LIVE_LISTENERS, NULL);
	if (by->count)
		add(views, LIVE_BY_GROUP, by);
	live_views_choose(views, by->count ? views->count - 1 : 0, view);
}

void live_views_choose(struct live_views *views, size_t number, struct live_view *view)
{
	if (number >= views->count)
		return;
	views->current = number;
	view->by = views->kinds[number].by;
	view->labels = &views->kinds[number].labels;
	view->among_ends = false;
	if (!live_column_applies((int)view->sort, view->by))
		view->sort = LIVE_COLUMN_IN;
}

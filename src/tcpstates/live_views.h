/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kinds of lines that the user of the live view can choose, by number. */
#ifndef TCPVITALS_TCPSTATES_LIVE_VIEWS_H
#define TCPVITALS_TCPSTATES_LIVE_VIEWS_H

#include "core/live_view.h"

/* Connections, some groups, listeners, and the group of --by. */
#define LIVE_VIEWS 7

struct live_views {
	struct live_kind {
		enum live_by by;
		struct labels labels; /* LIVE_BY_GROUP */
	} kinds[LIVE_VIEWS];
	size_t count;
	size_t current; /* number of the one that is shown */
};

/* `by`: the group of --by, which is shown first; without words: connections are. */
void live_views_begin(struct live_views *views, const struct labels *by, struct live_view *view);

/* Shows another kind of lines. A number without a kind does nothing. */
void live_views_choose(struct live_views *views, size_t number, struct live_view *view);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of the live view: what each one changes. */
#ifndef TCPVITALS_TCPSTATES_LIVE_KEYS_H
#define TCPVITALS_TCPSTATES_LIVE_KEYS_H

#include "core/parse.h"
#include "core/scope.h"
#include "output/live_draw.h"
#include "tcpstates/live.h"

/* The choice of the user, besides struct live_view. */
struct live_controls {
	bool is_paused, shows_details, shows_help, is_typing;
	bool ends;         /* a key to quit was pressed */
	bool wants_redraw; /* all of the screen, from nothing */
	bool wants_order;  /* the view is to be arranged again */
	size_t help_top;
	struct live_pages pages; /* of the screen */
	char typed[LIVE_FILTER_MAX + 1];
	char filter[LIVE_FILTER_MAX + 1]; /* as typed; "" without one */
	char words[LIVE_FILTER_MAX + 1];  /* of the filter, cut into words: the scope uses them */
	struct scope *scope;              /* of the filter; two, of which one is in use */
	struct scope *spare;
	struct parse_error message; /* "" without one */
};

/* Returns 0 or -ENOMEM. Call live_controls_close() in both cases. */
int live_controls_open(struct live_controls *ret);
void live_controls_close(struct live_controls *controls);

/* Handles a key of os/screen.h. */
void live_key(struct live_tool *tool, struct live_controls *controls, int key);

#endif

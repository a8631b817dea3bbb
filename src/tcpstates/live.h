/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcpstates --live: looks at all connections at intervals, and shows them on the screen, as text or as JSON. */
#ifndef TCPVITALS_TCPSTATES_LIVE_H
#define TCPVITALS_TCPSTATES_LIVE_H

#include "app/app.h"
#include "core/live.h"
#include "core/live_pace.h"
#include "core/live_view.h"
#include "core/loss.h"
#include "output/live_draw.h"
#include "output/sink.h"
#include "tcpstates/live_views.h"
#include "tcpstates/live_world.h"
#include "tcpstates/options.h"

struct live_tool {
	const struct tcpstates_options *options;
	struct app app;
	struct sink sink; /* unused on a screen */
	struct timebase base;
	struct live live;
	struct live_view view;
	struct live_views views;
	struct live_pace pace;
	struct live_surroundings surroundings;
	struct loss_report losses;
	uint64_t undecoded;
	uint64_t unprinted;    /* rows that a slow reader has missed */
	bool is_behind;        /* the reader: it is waited for again when it has taken something */
	uint64_t printed_ends; /* number of the next end to print as JSON */
	bool is_over;          /* the end was asked for while a reader was waited for */
	uint64_t begin_ns;     /* since when ends are seen */
	uint64_t look_ns;      /* when the last look began, CLOCK_MONOTONIC; 0: none yet */
	uint32_t unjudged;     /* of the last look: listeners that may be in scope */
	bool was_partial;      /* network namespaces that could not be entered were reported */
};

/* Runs --live until its end. Returns the exit status. */
int live_run(struct tcpstates_options *options);

/* Takes all ended connections from the ring buffers. Returns their number, or a negative errno. */
int64_t live_drain(struct live_tool *tool);

/* The same in the middle of long work, and only if a ring buffer is getting full. */
void live_relieve(struct live_tool *tool);

/* With -o json: prints each end that has arrived since the last call. */
void live_print_ends(struct live_tool *tool);

/*
 * Waits at most `timeout_ms` (-1: no limit) for events, as event_loop_wait(). `naps`: records have just been taken, so
 * the next ones can wait, unless a ring buffer is getting full.
 */
int live_wait(struct live_tool *tool, int timeout_ms, bool naps);

/* Looks at all connections, and arranges the view. Returns 0 or a negative errno. */
int live_look(struct live_tool *tool);

/* Returns the frame of the last look, without what a user of a screen has chosen. */
struct live_frame live_frame_of(const struct live_tool *tool);

/* Updates the counters of losses, and returns the number of lost events. */
uint64_t live_count_losses(struct live_tool *tool);

/* The loop on a screen (live_screen.c), and that for text or JSON (live_print.c). Return 0 or a negative errno. */
int live_show(struct live_tool *tool);
int live_print(struct live_tool *tool);

#endif

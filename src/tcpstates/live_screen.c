/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --live on a screen: waits for keys, ended connections and the next look, and draws. */
#include "core/picture.h"
#include "os/clock.h"
#include "os/held_stderr.h"
#include "os/message.h"
#include "os/screen.h"
#include "tcpstates/live.h"
#include "tcpstates/live_keys.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The pause between two drains of the ring buffers, while records arrive. */
#define NAP_MS 50

struct show {
	struct live_tool *tool;
	struct live_controls controls;
	struct picture picture;
	int parent_fd; /* pidfd of the process that has started the tool; -1: none */
	bool is_over;
};

/*
 * A shell that is killed leaves its children on the terminal, which another shell then uses. Returns whether the
 * process that has started the tool is gone.
 */
static bool is_orphaned(const struct show *show)
{
	struct pollfd polled = {.fd = show->parent_fd, .events = POLLIN};

	return show->parent_fd >= 0 && poll(&polled, 1, 0) > 0;
}

static void draw(struct show *show)
{
	struct live_tool *tool = show->tool;
	struct live_controls *controls = &show->controls;
	size_t width, height;
	struct live_frame frame = live_frame_of(tool);

	frame.is_paused = controls->is_paused;
	frame.shows_details = controls->shows_details;
	frame.shows_help = controls->shows_help;
	frame.help_top = controls->help_top;
	frame.filter = controls->filter;
	frame.message = controls->message.text[0] ? controls->message.text : NULL;
	frame.is_typing = controls->is_typing;
	frame.typed = controls->typed;
	screen_size(&width, &height);
	if (picture_begin(&show->picture, width, height))
		return;
	show->picture.cell_width = tool->options->columns.width;
	/* The details stay those of one connection. */
	tool->view.is_chosen |= controls->shows_details;
	controls->pages = live_pages_of(height, controls->shows_details);
	live_view_scroll(&tool->view, controls->pages.rows, controls->pages.ends);
	live_draw(&frame, &show->picture);
	if (controls->wants_redraw)
		screen_redraw();
	controls->wants_redraw = false;
	screen_show(&show->picture);
}

/* Handles the keys that were pressed. Returns whether the picture has changed. */
static bool handle_keys(struct show *show)
{
	bool changed = false;
	int key;

	while (!show->controls.ends && (key = screen_key()) != SCREEN_KEY_NONE) {
		changed = true;
		if (key == SCREEN_KEY_GONE)
			show->is_over = true;
		if (key == SCREEN_KEY_GONE)
			break;
		live_key(show->tool, &show->controls, key);
		/* Before the next key, which may move in the new order. */
		if (show->controls.wants_order)
			live_view_arrange(&show->tool->view, &show->tool->live, show->tool->look_ns);
		show->controls.wants_order = false;
	}
	show->is_over |= show->controls.ends || screen_is_stopped() || is_orphaned(show);
	return changed;
}

/* Returns the time until the next look in ms, at most that of a nap if records arrive. */
static int timeout_ms(const struct show *show, bool is_busy)
{
	uint64_t now_ns = clock_monotonic_ns(), end_ns = show->tool->look_ns + show->tool->pace.interval_ns;
	uint64_t left_ms = end_ns > now_ns ? (end_ns - now_ns + 999999) / 1000000 : 0;

	if (show->controls.is_paused)
		return is_busy ? NAP_MS : -1;
	return is_busy && left_ms > NAP_MS ? NAP_MS : (int)left_ms;
}

static bool is_time_to_look(const struct show *show)
{
	const struct live_tool *tool = show->tool;

	return !show->controls.is_paused && clock_monotonic_ns() >= tool->look_ns + tool->pace.interval_ns;
}

/* Returns 0 or a negative errno. */
static int go_on(struct show *show, bool *is_busy)
{
	int events = live_wait(show->tool, timeout_ms(show, *is_busy), *is_busy);
	bool changed;
	int error = 0;

	if (events < 0)
		return events;
	if (events & (EVENT_STOP | EVENT_DEADLINE | EVENT_HANGUP))
		show->is_over = true;
	if (events & EVENT_TICK)
		app_tick(&show->tool->app);
	*is_busy = live_drain(show->tool) > 0;
	changed = handle_keys(show);
	if (show->is_over)
		return 0;
	if (is_time_to_look(show)) {
		error = live_look(show->tool);
		live_count_losses(show->tool);
		changed = true;
	}
	if (changed && !error)
		draw(show);
	return error;
}

static int loop(struct show *show)
{
	bool is_busy = false;
	int error = event_loop_add_service(&show->tool->app.loop, STDIN_FILENO);

	if (!error && show->parent_fd >= 0)
		error = event_loop_add_service(&show->tool->app.loop, show->parent_fd);
	if (!error)
		error = live_look(show->tool);
	if (!error)
		draw(show);
	while (!error && !show->is_over)
		error = go_on(show, &is_busy);
	return error;
}

int live_show(struct live_tool *tool)
{
	struct show show = {.tool = tool};
	struct held_stderr held;
	struct screen_error why;
	int error = live_controls_open(&show.controls);

	if (!error)
		error = screen_open(&why);
	if (error == -ENOTTY || error == -EOPNOTSUPP)
		message("cannot show connections on this terminal: %s", why.text);
	if (error) {
		live_controls_close(&show.controls);
		return error;
	}
	held_stderr_begin(&held);
	show.parent_fd = getppid() > 0 ? (int)syscall(SYS_pidfd_open, getppid(), 0) : -1;
	error = loop(&show);
	tool->view.filter = NULL;
	screen_close();
	held_stderr_end(&held);
	if (show.parent_fd >= 0)
		close(show.parent_fd);
	picture_close(&show.picture);
	live_controls_close(&show.controls);
	return error;
}

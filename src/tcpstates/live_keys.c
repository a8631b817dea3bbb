/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/live_keys.h"

#include "os/scope_line.h"
#include "os/screen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CTRL_C 3
#define CTRL_L 12
#define CTRL_U 21

#define INTERVAL_MIN_NS 100000000ULL
#define INTERVAL_MAX_NS 60000000000ULL

int live_controls_open(struct live_controls *ret)
{
	*ret = (struct live_controls){.scope = calloc(1, sizeof(struct scope)),
				      .spare = calloc(1, sizeof(struct scope))};
	return ret->scope && ret->spare ? 0 : -ENOMEM;
}

void live_controls_close(struct live_controls *controls)
{
	if (controls->scope)
		scope_line_close(controls->scope);
	free(controls->scope);
	free(controls->spare);
	*controls = (struct live_controls){};
}

/* ---- the filter -------------------------------------------------------------------------------------------------- */

static void drop_filter(struct live_tool *tool, struct live_controls *controls)
{
	tool->view.filter = NULL;
	controls->filter[0] = '\0';
	controls->wants_order = true;
}

/* Makes the typed line the filter. A wrong line stays, with the reason, to be corrected. */
static void apply_filter(struct live_tool *tool, struct live_controls *controls)
{
	char words[sizeof(controls->words)];
	struct scope *used = controls->scope;

	memcpy(words, controls->typed, sizeof(words));
	if (!controls->typed[strspn(controls->typed, " ")]) {
		controls->is_typing = false;
		drop_filter(tool, controls);
		return;
	}
	/* A first time for the error only: the words of the filter in use must stay as they are. */
	if (scope_line_parse(words, controls->spare, &controls->message)) {
		scope_line_close(controls->spare);
		return;
	}
	scope_line_close(controls->spare);
	scope_line_close(used);
	memcpy(controls->words, controls->typed, sizeof(controls->words));
	memcpy(controls->filter, controls->typed, sizeof(controls->filter));
	controls->is_typing = false;
	controls->wants_order = true;
	if (scope_line_parse(controls->words, used, &controls->message))
		drop_filter(tool, controls);
	else
		tool->view.filter = used;
}

static void type(struct live_tool *tool, struct live_controls *controls, int key)
{
	size_t length = strlen(controls->typed);

	switch (key) {
	case SCREEN_KEY_ENTER:
		apply_filter(tool, controls);
		return;
	case SCREEN_KEY_ESCAPE:
		controls->is_typing = false;
		return;
	case SCREEN_KEY_BACKSPACE:
		if (length)
			controls->typed[length - 1] = '\0';
		return;
	case CTRL_U:
		controls->typed[0] = '\0';
		return;
	}
	if (key >= ' ' && key < 0x7f && length < LIVE_FILTER_MAX) {
		controls->typed[length] = (char)key;
		controls->typed[length + 1] = '\0';
	}
}

static void begin_typing(struct live_controls *controls)
{
	controls->is_typing = true;
	memcpy(controls->typed, controls->filter, sizeof(controls->typed));
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

/* Returns by how many lines a key moves; 0: it is another key. */
static long lines_of(int key, size_t page)
{
	switch (key) {
	case SCREEN_KEY_UP:
	case 'k':
		return -1;
	case SCREEN_KEY_DOWN:
	case 'j':
		return 1;
	case SCREEN_KEY_PAGE_UP:
		return -(long)(page ? page : 1);
	case SCREEN_KEY_PAGE_DOWN:
		return (long)(page ? page : 1);
	case SCREEN_KEY_HOME:
	case 'g':
		return -1000000000L;
	case SCREEN_KEY_END:
	case 'G':
		return 1000000000L;
	}
	return 0;
}

static bool move_help(struct live_controls *controls, int key)
{
	long lines = lines_of(key, controls->pages.rows), top = (long)controls->help_top + lines;
	long last = (long)live_help_lines() - 1;

	controls->help_top = top < 0 ? 0 : (size_t)(top > last ? last : top);
	return lines;
}

/* Returns false if the key moves nothing. */
static bool move(struct live_tool *tool, struct live_controls *controls, int key)
{
	size_t page = tool->view.among_ends ? controls->pages.ends : controls->pages.rows;
	long lines = lines_of(key, page);

	if (lines)
		live_view_move(&tool->view, &tool->live, lines);
	return lines;
}

/* ---- the view ---------------------------------------------------------------------------------------------------- */

static void choose(struct live_tool *tool, struct live_controls *controls, size_t number)
{
	live_views_choose(&tool->views, number, &tool->view);
	controls->wants_order = true;
}

static void sort_by_next(struct live_tool *tool, struct live_controls *controls, int step)
{
	live_view_sort_next(&tool->view, step);
	controls->wants_order = true;
}

static void stretch(struct live_tool *tool, bool longer)
{
	struct live_pace *pace = &tool->pace;
	uint64_t ns = longer ? pace->wanted_ns * 2 : pace->wanted_ns / 2;

	pace->wanted_ns = ns < INTERVAL_MIN_NS ? INTERVAL_MIN_NS : ns > INTERVAL_MAX_NS ? INTERVAL_MAX_NS : ns;
	pace->interval_ns = pace->wanted_ns;
	live_pace_note(pace, pace->cpu_ns);
}

/* Returns false for a key that changes nothing of the view. */
static bool change_view(struct live_tool *tool, struct live_controls *controls, int key)
{
	struct live_view *view = &tool->view;

	switch (key) {
	case '<':
	case SCREEN_KEY_LEFT:
		sort_by_next(tool, controls, -1);
		return true;
	case '>':
	case SCREEN_KEY_RIGHT:
		sort_by_next(tool, controls, 1);
		return true;
	case 'r':
		view->is_reversed = !view->is_reversed;
		controls->wants_order = true;
		return true;
	case 't':
		view->totals = !view->totals;
		controls->wants_order = true;
		return true;
	case 'v':
		choose(tool, controls, (tool->views.current + 1) % tool->views.count);
		return true;
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
		choose(tool, controls, (size_t)(key - '1'));
		return true;
	case '\t':
		view->among_ends = !view->among_ends && view->end_count;
		view->end_selected = view->end_count ? view->ends[0] : 0;
		return true;
	}
	return false;
}

static void close_or_drop(struct live_tool *tool, struct live_controls *controls)
{
	if (controls->shows_help)
		controls->shows_help = false;
	else if (controls->shows_details)
		controls->shows_details = false;
	else if (tool->view.among_ends)
		tool->view.among_ends = false;
	else if (controls->filter[0])
		drop_filter(tool, controls);
}

static void control(struct live_tool *tool, struct live_controls *controls, int key)
{
	switch (key) {
	case 'q':
	case 'Q':
		controls->ends = !controls->shows_help;
		controls->shows_help = false;
		break;
	case CTRL_C:
		controls->ends = true;
		break;
	case '?':
	case 'h':
		controls->shows_help = !controls->shows_help;
		controls->help_top = 0;
		break;
	case SCREEN_KEY_ESCAPE:
		close_or_drop(tool, controls);
		break;
	case SCREEN_KEY_ENTER:
		controls->shows_details = !controls->shows_details;
		break;
	case '/':
	case 'f':
		begin_typing(controls);
		break;
	case 'p':
	case ' ':
		controls->is_paused = !controls->is_paused;
		break;
	case '+':
	case '-':
		stretch(tool, key == '+');
		break;
	case CTRL_L:
		controls->wants_redraw = true;
		break;
	}
}

void live_key(struct live_tool *tool, struct live_controls *controls, int key)
{
	controls->message.text[0] = '\0';
	if (controls->is_typing) {
		type(tool, controls, key);
		return;
	}
	if (controls->shows_help && move_help(controls, key))
		return;
	if (!move(tool, controls, key) && !change_view(tool, controls, key))
		control(tool, controls, key);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/live_draw.h"

#include "core/human.h"
#include "core/tcp_state.h"
#include "output/live_cell.h"
#include "output/live_details.h"
#include "output/live_help.h"
#include "output/live_layout.h"
#include "output/live_line.h"

#define NS_PER_S 1000000000ULL

#define LINES_AROUND (LIVE_HEADER_LINES + 2) /* with the titles and the bottom */

/* Least lines for connections, before there are lines for ended ones. */
#define ROWS_MIN 4

struct live_pages live_pages_of(size_t height, bool shows_details)
{
	size_t left = height > LINES_AROUND ? height - LINES_AROUND : 0;
	size_t wanted = shows_details ? LIVE_DETAILS_LINES : left / 4;
	struct live_pages pages = {.rows = left};

	if (left < ROWS_MIN + 2)
		return pages;
	if (wanted > left - ROWS_MIN)
		wanted = left - ROWS_MIN;
	/* The first line of the section is its title. */
	pages.rows = left - wanted;
	pages.ends = wanted ? wanted - 1 : 0;
	return pages;
}

/* ---- header ------------------------------------------------------------------------------------------------------ */

#define TEXT_MAX 256

static void add_seconds(struct picture *picture, size_t line, enum picture_style style, uint64_t ns)
{
	char text[HUMAN_MAX];
	struct strbuf out = strbuf_over(text, sizeof(text));

	human_duration(&out, ns);
	picture_add(picture, line, style, text, out.length);
}

static void add_number(struct picture *picture, size_t line, enum picture_style style,
		       void (*append)(struct strbuf *out, uint64_t value), uint64_t value)
{
	char text[HUMAN_MAX + 1];
	struct strbuf out = strbuf_over(text, sizeof(text));

	append(&out, value);
	picture_add(picture, line, style, text, out.length);
}

static void add_clock(const struct live_frame *frame, struct picture *picture, size_t line)
{
	char text[8];
	struct strbuf out = strbuf_over(text, sizeof(text));

	timestamp_format_local(&out, frame->base, frame->now_ns);
	picture_add(picture, line, STYLE_PLAIN, text, out.length);
}

/* The kind of lines: for groups, the words of --by. */
static void add_lines(const struct live_view *view, struct picture *picture, size_t line)
{
	char text[LIVE_TITLE_MAX];
	struct strbuf out = strbuf_over(text, sizeof(text));

	if (view->by == LIVE_BY_GROUP)
		labels_format(&out, view->labels);
	else
		strbuf_append_string(&out, view->by == LIVE_LISTENERS ? "listener" : "connection");
	picture_add(picture, line, STYLE_PLAIN, text, out.length);
}

/* The tool, the time, and how often it looks. */
static void draw_first(const struct live_frame *frame, struct picture *picture)
{
	const struct live_pace *pace = frame->pace;

	picture_add_string(picture, 0, STYLE_STRONG, "tcpstates ");
	add_clock(frame, picture, 0);
	if (frame->is_paused) {
		picture_add_string(picture, 0, STYLE_PLAIN, "  ");
		picture_add_string(picture, 0, STYLE_SELECTED, " PAUSED ");
	} else {
		picture_add_string(picture, 0, STYLE_PLAIN, "  every ");
		add_seconds(picture, 0, STYLE_PLAIN, pace->interval_ns);
	}
	if (pace->interval_ns > pace->wanted_ns) {
		picture_add_string(picture, 0, STYLE_NOTICE, " (stretched: ");
		add_seconds(picture, 0, STYLE_NOTICE, pace->cpu_ns);
		picture_add_string(picture, 0, STYLE_NOTICE, " CPU)");
	}
	picture_add_string(picture, 0, STYLE_PLAIN, "  by ");
	add_lines(frame->view, picture, 0);
	picture_add_string(picture, 0, STYLE_PLAIN, frame->view->totals ? "  totals" : "  rates");
	if (frame->filter[0]) {
		picture_add_string(picture, 0, STYLE_PLAIN, "  filter: ");
		picture_add_string(picture, 0, STYLE_NOTICE, frame->filter);
	}
}

static void draw_states(const struct live_frame *frame, struct picture *picture)
{
	const struct live_totals *totals = &frame->live->totals;
	uint32_t all = totals->figures.connections;

	add_number(picture, 1, STYLE_STRONG, human_count, all);
	picture_add_string(picture, 1, STYLE_PLAIN, all == 1 ? " connection:" : " connections:");
	for (unsigned int state = 0; state < CONNECTION_STATES; state++) {
		if (!totals->states[state])
			continue;
		picture_add_string(picture, 1, STYLE_PLAIN, " ");
		add_number(picture, 1, STYLE_STRONG, human_count, totals->states[state]);
		picture_add_string(picture, 1, STYLE_PLAIN, " ");
		picture_add_string(picture, 1, STYLE_PLAIN, tcp_state_name(state));
	}
}

/* Rounded up: 0 is none. */
static uint64_t per_second(uint64_t count, uint64_t ns)
{
	return ns ? live_per_second(count, ns) : 0;
}

static void draw_rates(const struct live_frame *frame, struct picture *picture)
{
	const struct live_totals *totals = &frame->live->totals;
	uint64_t retransmits = totals->figures.rate[LIVE_RETRANS];

	picture_add_string(picture, 2, STYLE_PLAIN, "a second: ");
	add_number(picture, 2, STYLE_STRONG, human_count, per_second(totals->opened, totals->length_ns));
	picture_add_string(picture, 2, STYLE_PLAIN, " opened, ");
	add_number(picture, 2, STYLE_STRONG, human_count, per_second(totals->closed, totals->length_ns));
	picture_add_string(picture, 2, STYLE_PLAIN, " closed, ");
	add_number(picture, 2, STYLE_STRONG, human_bytes, totals->figures.rate[LIVE_IN]);
	picture_add_string(picture, 2, STYLE_PLAIN, "B in, ");
	add_number(picture, 2, STYLE_STRONG, human_bytes, totals->figures.rate[LIVE_OUT]);
	picture_add_string(picture, 2, STYLE_PLAIN, "B out, ");
	add_number(picture, 2, retransmits ? STYLE_BAD : STYLE_STRONG, human_count, retransmits);
	picture_add_string(picture, 2, STYLE_PLAIN, " retransmitted");
	if (frame->lost || frame->live->omitted) {
		picture_add_string(picture, 2, STYLE_PLAIN, "; ");
		add_number(picture, 2, STYLE_BAD, human_count, frame->lost + frame->live->omitted);
		picture_add_string(picture, 2, STYLE_BAD, " lost");
	}
	/* Not cut off: on a narrow screen, the rest is more important. */
	if (frame->live->crowded_out &&
	    picture->lines[2].cells + HUMAN_MAX + strlen(";  ended not kept") <= picture->width) {
		picture_add_string(picture, 2, STYLE_PLAIN, "; ");
		add_number(picture, 2, STYLE_NOTICE, human_count, frame->live->crowded_out);
		picture_add_string(picture, 2, STYLE_NOTICE, " ended not kept");
	}
}

void live_draw_header(const struct live_frame *frame, struct picture *picture)
{
	draw_first(frame, picture);
	draw_states(frame, picture);
	draw_rates(frame, picture);
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static void pad_heading(struct picture *picture, size_t line, size_t column)
{
	while (picture->lines[line].cells < column)
		picture_add_string(picture, line, STYLE_HEADING, " ");
}

/* `sorted`: the column that the lines are sorted by, or -1. */
static void draw_titles(const struct live_layout *layout, const struct labels *groups, int sorted, bool totals,
			struct picture *picture, size_t line)
{
	for (size_t i = 0; i < layout->count; i++) {
		const struct live_slot *slot = &layout->slots[i];
		char title[LIVE_TITLE_MAX];
		struct strbuf out = strbuf_over(title, sizeof(title));
		size_t length;

		live_column_title(&out, slot->column, groups, totals);
		length = out.length < slot->width ? out.length : slot->width;
		pad_heading(picture, line, slot->at + (slot->is_number ? slot->width - length : 0));
		picture_add(picture, line, slot->column == sorted ? STYLE_SORTED : STYLE_HEADING, title, length);
	}
	pad_heading(picture, line, picture->width);
}

static void draw_line(const struct live_layout *layout, const struct live_line *source, struct picture *picture,
		      size_t line)
{
	struct live_cell cell;

	for (size_t i = 0; i < layout->count; i++) {
		const struct live_slot *slot = &layout->slots[i];
		size_t at = slot->at;

		live_cell(source, slot->column, slot->width, &cell);
		if (slot->is_number && cell.cells <= slot->width)
			at += slot->width - cell.cells;
		else if (slot->is_number && at)
			at -= 1; /* the mark of a lower bound */
		picture_pad(picture, line, at);
		picture_add_cells(picture, line, cell.style, cell.text, cell.length, cell.cells);
	}
}

static void draw_rows(const struct live_frame *frame, struct picture *picture, size_t line, size_t page)
{
	const struct live_view *view = frame->view;
	struct live_layout layout = live_layout_of(view->by, view->sort, picture->width);

	draw_titles(&layout, view->by == LIVE_BY_GROUP ? view->labels : NULL,
		    view->by == LIVE_LISTENERS ? LIVE_COLUMN_LOCAL : (int)view->sort, view->totals, picture, line++);
	if (!view->count && page)
		picture_add_string(picture, line, STYLE_FAINT,
				   frame->filter[0] ? "nothing passes the filter" : "there is nothing to show");
	for (size_t i = 0; i < page && view->top + i < view->count; i++) {
		struct live_line source = live_line_at(frame->live, view, view->top + i);

		if (!source.figures && !source.listener)
			continue;
		source.cell_width = picture->cell_width;
		draw_line(&layout, &source, picture, line + i);
		if (!view->among_ends && view->top + i == view->selected)
			picture_paint(picture, line + i, STYLE_SELECTED);
	}
}

static void draw_ends(const struct live_frame *frame, struct picture *picture, size_t line, size_t page)
{
	const struct live_view *view = frame->view;
	struct live_layout layout = live_layout_of_ends(picture->width);
	size_t last = view->end_top + page < view->end_count ? view->end_top + page : view->end_count;

	draw_titles(&layout, NULL, -1, true, picture, line++);
	for (size_t i = view->end_top; i < last; i++, line++) {
		const struct live_end *end = live_view_end(view, frame->live, i);
		struct live_figures figures;
		struct live_line source;

		if (!end)
			continue;
		source = live_line_of_end(end, &figures);
		source.now_ns = frame->now_ns;
		source.cell_width = picture->cell_width;
		draw_line(&layout, &source, picture, line);
		if (view->among_ends && view->ends[i] == view->end_selected)
			picture_paint(picture, line, STYLE_SELECTED);
	}
}

/* ---- bottom ------------------------------------------------------------------------------------------------------ */

static void draw_keys(struct picture *picture, size_t line)
{
	static const char *const keys[][2] = {{"q", "quit"},        {"?", "help"},  {"/", "filter"},
					      {"Enter", "details"}, {"<>", "sort"}, {"v", "group"},
					      {"t", "totals"},      {"p", "pause"}, {"Tab", "ended"}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		picture_add_string(picture, line, STYLE_PLAIN, i ? " " : "");
		picture_add_string(picture, line, STYLE_STRONG, keys[i][0]);
		picture_add_string(picture, line, STYLE_PLAIN, " ");
		picture_add_string(picture, line, STYLE_PLAIN, keys[i][1]);
	}
}

static void draw_bottom(const struct live_frame *frame, struct picture *picture)
{
	size_t line = picture->height - 1;

	if (frame->is_typing) {
		if (frame->message) {
			picture_empty(picture, line - 1);
			picture_add_string(picture, line - 1, STYLE_BAD, frame->message);
		}
		picture_add_string(picture, line, STYLE_STRONG, "filter: ");
		picture_add_string(picture, line, STYLE_PLAIN, frame->typed);
		picture->cursor_line = line;
		picture->cursor_column = picture->lines[line].cells;
		if (!frame->typed[0])
			picture_add_string(picture, line, STYLE_FAINT,
					   "  lport 80   comm nginx   state ESTABLISHED   raddr !10.0.0.0/8");
	} else if (frame->message) {
		picture_add_string(picture, line, STYLE_BAD, frame->message);
	} else {
		draw_keys(picture, line);
	}
}

void live_draw(const struct live_frame *frame, struct picture *picture)
{
	struct live_pages pages = live_pages_of(picture->height, frame->shows_details);
	size_t section = LIVE_HEADER_LINES + 1 + pages.rows;

	if (picture->height < LINES_AROUND) {
		picture_add_string(picture, 0, STYLE_PLAIN, "the terminal is too small");
		return;
	}
	live_draw_header(frame, picture);
	if (frame->shows_help) {
		live_draw_help(picture, LIVE_HEADER_LINES, picture->height - LIVE_HEADER_LINES - 1, frame->help_top);
	} else {
		draw_rows(frame, picture, LIVE_HEADER_LINES, pages.rows);
		if (pages.ends && frame->shows_details)
			live_draw_details(frame, picture, section, pages.ends + 1);
		else if (pages.ends)
			draw_ends(frame, picture, section, pages.ends);
	}
	draw_bottom(frame, picture);
}

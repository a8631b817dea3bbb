/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/picture.h"

#include <errno.h>
#include <stdlib.h>

/* Bytes of a line of `width` cells. A cell may hold a character with its combining marks. */
static size_t bytes_of(size_t width)
{
	return 8 * width + 1024;
}

static int grow(struct picture *picture, size_t width, size_t height)
{
	struct picture_line *lines = calloc(height, sizeof(*lines));
	char *memory = malloc(height * bytes_of(width));

	if (!lines || !memory) {
		free(lines);
		free(memory);
		return -ENOMEM;
	}
	free(picture->lines);
	free(picture->memory);
	picture->lines = lines;
	picture->memory = memory;
	picture->width = width;
	picture->height = height;
	return 0;
}

void picture_empty(struct picture *picture, size_t line_number)
{
	struct picture_line *line = &picture->lines[line_number];
	size_t size = bytes_of(picture->width);

	line->text = strbuf_over(picture->memory + line_number * size, size);
	line->run_count = line->cells = 0;
}

int picture_begin(struct picture *picture, size_t width, size_t height)
{
	bool fits = picture->lines && picture->width == width && picture->height == height;
	int error = fits ? 0 : grow(picture, width, height);

	if (error)
		return error;
	for (size_t i = 0; i < height; i++)
		picture_empty(picture, i);
	picture->cursor_line = height;
	return 0;
}

void picture_close(struct picture *picture)
{
	free(picture->lines);
	free(picture->memory);
	*picture = (struct picture){};
}

static void begin_run(struct picture_line *line, enum picture_style style)
{
	struct picture_run *last = line->run_count ? &line->runs[line->run_count - 1] : NULL;

	if (last && last->style == style)
		return;
	/* Without room, the text takes the style of the run before. */
	if (line->run_count < PICTURE_RUNS_MAX)
		line->runs[line->run_count++] =
			(struct picture_run){.offset = (uint16_t)line->text.length, .style = (uint8_t)style};
}

void picture_add_cells(struct picture *picture, size_t line_number, enum picture_style style, const char *text,
		       size_t length, size_t cells)
{
	struct picture_line *line = &picture->lines[line_number];

	if (cells > picture->width - line->cells)
		return;
	begin_run(line, style);
	strbuf_append(&line->text, text, length);
	line->cells += cells;
}

void picture_add(struct picture *picture, size_t line_number, enum picture_style style, const char *text, size_t length)
{
	size_t room = picture->width - picture->lines[line_number].cells;

	if (length > room)
		length = room;
	if (length)
		picture_add_cells(picture, line_number, style, text, length, length);
}

void picture_add_name(struct picture *picture, size_t line_number, enum picture_style style, const char *bytes,
		      size_t length, size_t max_cells)
{
	struct picture_line *line = &picture->lines[line_number];
	size_t room = picture->width - line->cells;

	if (max_cells > room)
		max_cells = room;
	/* An empty name takes two cells. */
	if (max_cells < 2) {
		picture_add(picture, line_number, style, "+", max_cells);
		return;
	}
	begin_run(line, style);
	line->cells += escape_name(&line->text, bytes, length, max_cells, picture->cell_width);
}

void picture_pad(struct picture *picture, size_t line_number, size_t column)
{
	struct picture_line *line = &picture->lines[line_number];

	if (column > picture->width)
		column = picture->width;
	if (!line->run_count && line->cells < column)
		begin_run(line, STYLE_PLAIN);
	while (line->cells < column) {
		strbuf_append_char(&line->text, ' ');
		line->cells++;
	}
}

void picture_paint(struct picture *picture, size_t line_number, enum picture_style style)
{
	struct picture_line *line = &picture->lines[line_number];

	picture_pad(picture, line_number, picture->width);
	line->run_count = 1;
	line->runs[0] = (struct picture_run){.style = (uint8_t)style};
}

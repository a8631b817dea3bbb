/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "replay/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int lines_open(struct lines *ret)
{
	char *data = malloc(LINES_CAPACITY);

	if (!data)
		return -ENOMEM;
	*ret = (struct lines){.data = data};
	return 0;
}

void lines_close(struct lines *lines)
{
	free(lines->data);
	*lines = (struct lines){};
}

/* Takes `length` bytes, and a newline behind them if there is one. */
static void take(struct lines *lines, size_t length, bool has_newline, struct line *ret)
{
	lines->number++;
	*ret = (struct line){
		.bytes = lines->data + lines->begin,
		.length = length,
		.is_too_long = length > MEMBERS_LINE_MAX,
		.is_cut_off = !has_newline,
	};
	lines->begin = lines->searched = lines->begin + length + has_newline;
}

bool lines_next(struct lines *lines, struct line *ret)
{
	const char *from = lines->data + lines->searched;
	const char *newline = memchr(from, '\n', lines->end - lines->searched);
	size_t length;

	if (lines->is_skipping) {
		lines->begin = lines->searched = newline ? (size_t)(newline - lines->data) + 1 : lines->end;
		lines->is_skipping = !newline;
		return newline && lines_next(lines, ret);
	}
	length = (newline ? (size_t)(newline - lines->data) : lines->end) - lines->begin;
	if (!newline && length > MEMBERS_LINE_MAX) {
		take(lines, length, false, ret);
		ret->is_cut_off = false;
		lines->is_skipping = true;
		return true;
	}
	if (!newline)
		lines->searched = lines->end;
	if (!newline && (!lines->is_over || !length))
		return false;
	take(lines, length, newline, ret);
	return true;
}

ssize_t lines_fill(struct lines *lines, struct source *source)
{
	ssize_t length;

	lines->end -= lines->begin;
	lines->searched -= lines->begin;
	memmove(lines->data, lines->data + lines->begin, lines->end);
	lines->begin = 0;
	length = source->read(source->context, lines->data + lines->end, LINES_CAPACITY - lines->end);
	if (length > 0)
		lines->end += (size_t)length;
	if (length == 0)
		lines->is_over = true;
	return length;
}

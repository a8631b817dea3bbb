/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/cover.h"

#include <errno.h>
#include <stdlib.h>

int cover_begin(struct cover *cover, size_t lines)
{
	uint64_t *more = lines > cover->room ? reallocarray(cover->lines, lines, sizeof(*more)) : cover->lines;

	if (lines && !more)
		return -ENOMEM;
	if (lines > cover->room)
		cover->room = lines;
	cover->lines = more;
	cover->count = 0;
	return 0;
}

void cover_close(struct cover *cover)
{
	free(cover->lines);
	*cover = (struct cover){};
}

void cover_line(struct cover *cover, uint64_t events)
{
	cover->lines[cover->count++] = events;
	cover->printed += events;
}

uint64_t cover_unwritten(const struct cover *cover, uint64_t lines)
{
	uint64_t events = 0;

	for (size_t i = cover->count; i > 0 && lines > 0; i--, lines--)
		events += cover->lines[i - 1];
	return events;
}

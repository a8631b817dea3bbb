/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A text of unknown length: it is written again with more room until it fits. */
#ifndef TCPVITALS_EXPORTER_TEXT_H
#define TCPVITALS_EXPORTER_TEXT_H

#include "core/strbuf.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* A scrape or an event is rarely longer. */
#define TEXT_BYTES_FIRST ((size_t)128 << 10)

/* A text that grows as needed. */
struct text {
	char *data;
	size_t capacity;
	struct strbuf out;
};

/* Begins to write. */
static inline void text_begin(struct text *text)
{
	text->out = strbuf_over(text->data, text->capacity);
}

/* Returns whether all has fitted. If not, the text has more room now, or `ret_error` is -ENOMEM. */
static inline bool text_fits(struct text *text, int *ret_error)
{
	char *larger;

	*ret_error = 0;
	if (text->capacity && !text->out.overflow)
		return true;
	larger = realloc(text->data, text->capacity ? text->capacity * 2 : TEXT_BYTES_FIRST);
	if (!larger) {
		*ret_error = -ENOMEM;
		return false;
	}
	text->data = larger;
	text->capacity = text->capacity ? text->capacity * 2 : TEXT_BYTES_FIRST;
	return false;
}

#endif

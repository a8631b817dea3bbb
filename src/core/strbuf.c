/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/strbuf.h"

#include "core/append.h"

void strbuf_pad(struct strbuf *sb, size_t start, size_t width)
{
	size_t used = sb->length - start, missing = used < width ? width - used : 0;
	char *room = strbuf_room(sb, missing);

	if (!room)
		return;
	memset(room, ' ', missing);
	strbuf_end(sb, room + missing);
}

void strbuf_append_u64(struct strbuf *sb, uint64_t value)
{
	strbuf_append_u64_digits(sb, value, 1);
}

void strbuf_append_u64_digits(struct strbuf *sb, uint64_t value, unsigned int digits)
{
	char text[APPEND_NUMBER_MAX + APPEND_NUMBER_MAX + APPEND_SLACK], *number = text + APPEND_NUMBER_MAX, *end;

	memset(text, '0', APPEND_NUMBER_MAX);
	end = append_u64(number, value);
	if (number > end - digits)
		number = end - digits;
	strbuf_append(sb, number, end - number);
}

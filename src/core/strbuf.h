/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Appending to a buffer that the caller owns. What does not fit is dropped whole (an append is all or nothing) and
 * remembered in `overflow`; nothing is ever written past `capacity`. The contents are not NUL-terminated.
 */
#ifndef TCPVITALS_CORE_STRBUF_H
#define TCPVITALS_CORE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct strbuf {
	char *data;
	size_t length;
	size_t capacity;
	bool overflow;
};

static inline struct strbuf strbuf_over(char *data, size_t capacity)
{
	return (struct strbuf){.data = data, .capacity = capacity};
}

/*
 * Where the next `length` bytes go, or NULL: the append that needs them is dropped whole. Who writes there himself,
 * with core/append.h, asks for all that this may touch.
 */
static inline char *strbuf_room(struct strbuf *sb, size_t length)
{
	if (length > sb->capacity - sb->length) {
		sb->overflow = true;
		return NULL;
	}
	return sb->data + sb->length;
}

/* What has been written from strbuf_room() on, up to `end`, is appended. */
static inline void strbuf_end(struct strbuf *sb, const char *end)
{
	sb->length = end - sb->data;
}

static inline void strbuf_append(struct strbuf *sb, const char *text, size_t length)
{
	char *room = strbuf_room(sb, length);

	if (!room)
		return;
	memcpy(room, text, length);
	sb->length += length;
}

static inline void strbuf_append_string(struct strbuf *sb, const char *text)
{
	strbuf_append(sb, text, strlen(text));
}

/* A string literal: its length is known to the compiler, which then copies it without a call. */
#define strbuf_append_literal(sb, literal) strbuf_append((sb), "" literal, sizeof(literal) - 1)

static inline void strbuf_append_char(struct strbuf *sb, char c)
{
	strbuf_append(sb, &c, 1);
}

/* Spaces until the text that began at `start` (a former sb->length) is `width` bytes long; nothing if it already is. */
void strbuf_pad(struct strbuf *sb, size_t start, size_t width);

void strbuf_append_u64(struct strbuf *sb, uint64_t value);

/* With leading zeros up to `digits` (1 to 20); a longer value is written in full. */
void strbuf_append_u64_digits(struct strbuf *sb, uint64_t value, unsigned int digits);

#endif

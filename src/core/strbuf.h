/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A string in a buffer that the caller owns. An append is all or nothing: text that does not fit is dropped whole, and
 * sets `overflow`. Nothing is written past `capacity`. The contents are not NUL-terminated.
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
 * Returns where the next `length` bytes go. Without room, returns NULL and sets `overflow`. A caller that writes there
 * with core/append.h includes APPEND_SLACK in `length`.
 */
static inline char *strbuf_room(struct strbuf *sb, size_t length)
{
	if (length > sb->capacity - sb->length) {
		sb->overflow = true;
		return NULL;
	}
	return sb->data + sb->length;
}

/* Appends the bytes that the caller has written from strbuf_room() up to `end`. */
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

/* Appends a string literal. The length is a constant, so the compiler copies the text without a call. */
#define strbuf_append_literal(sb, literal) strbuf_append((sb), "" literal, sizeof(literal) - 1)

static inline void strbuf_append_char(struct strbuf *sb, char c)
{
	strbuf_append(sb, &c, 1);
}

/*
 * Appends spaces until the text that began at `start` (an earlier sb->length) has `width` bytes; nothing if it has
 * them.
 */
void strbuf_pad(struct strbuf *sb, size_t start, size_t width);

void strbuf_append_u64(struct strbuf *sb, uint64_t value);

/* Appends a number with leading zeros up to `digits` (1 to 20); a longer number is written in full. */
void strbuf_append_u64_digits(struct strbuf *sb, uint64_t value, unsigned int digits);

#endif

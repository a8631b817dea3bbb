/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared by the tests of core and output: cmocka, and checks of the text that was appended to a buffer. */
#ifndef TCPVITALS_TEST_TEXT_H
#define TCPVITALS_TEST_TEXT_H

#include "../../kernel/lib/test.h"

#include "core/strbuf.h"

#include <stdbool.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A buffer on the heap of exactly that size: AddressSanitizer detects a write beyond its end. */
static inline struct strbuf text_new(size_t capacity)
{
	char *data = malloc(capacity ? capacity : 1);

	assert_non_null(data);
	return strbuf_over(data, capacity);
}

/* Compares the contents, and frees the buffer. */
static inline void text_check_bytes(struct strbuf *sb, const char *expected, size_t length)
{
	char *text = malloc(sb->length + 1);

	assert_non_null(text);
	memcpy(text, sb->data, sb->length);
	text[sb->length] = '\0';
	assert_false(sb->overflow);
	if (!memchr(text, 0, sb->length) && !memchr(expected, 0, length))
		assert_string_equal(text, expected);
	assert_int_equal(sb->length, length);
	assert_memory_equal(sb->data, expected, length);
	free(text);
	free(sb->data);
	sb->data = NULL;
}

static inline void text_check(struct strbuf *sb, const char *expected)
{
	text_check_bytes(sb, expected, strlen(expected));
}

static inline bool text_has(const struct strbuf *sb, const char *part)
{
	return memmem(sb->data, sb->length, part, strlen(part));
}

/* A pseudorandom number. The numbers are the same in every run, so a failure can be repeated. */
static inline uint64_t text_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

#endif

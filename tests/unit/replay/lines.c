/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines are whole, whatever the pieces in which their bytes come. */
#include "replay/lines.h"

#include "../core/text.h"

#include <errno.h>

struct pieces {
	const char *text;
	size_t length, size; /* a piece has `size` bytes */
	bool waits;          /* before the next piece */
};

static ssize_t read_piece(void *context, char *buffer, size_t size)
{
	struct pieces *pieces = context;
	size_t length = pieces->size;

	pieces->waits = !pieces->waits;
	if (pieces->waits)
		return -EAGAIN;
	if (length > size)
		length = size;
	if (length > pieces->length)
		length = pieces->length;
	memcpy(buffer, pieces->text, length);
	pieces->text += length;
	pieces->length -= length;
	return (ssize_t)length;
}

/* Appends each line in brackets; '!' for one that is too long, '?' for one that is cut off. */
static void check(const char *text, size_t length, size_t size, const char *expected, uint64_t count)
{
	struct pieces pieces = {.text = text, .length = length, .size = size};
	struct source source = {.read = read_piece, .context = &pieces};
	struct strbuf out = text_new(1024);
	struct lines lines;
	struct line line;
	ssize_t filled;

	assert_int_equal(lines_open(&lines), 0);
	do {
		while (lines_next(&lines, &line)) {
			strbuf_append_char(&out, '[');
			if (!line.is_too_long)
				strbuf_append(&out, line.bytes, line.length);
			strbuf_append_string(&out, line.is_too_long ? "!" : line.is_cut_off ? "?" : "");
			strbuf_append_char(&out, ']');
		}
		filled = lines.is_over ? 0 : lines_fill(&lines, &source);
	} while (filled || !lines.is_over || lines.begin < lines.end);
	assert_int_equal(lines.number, count);
	lines_close(&lines);
	text_check(&out, expected);
}

static void test_pieces(void **state)
{
	(void)state;
	for (size_t size = 1; size < 12; size++) {
		check("", 0, size, "", 0);
		check("one\ntwo\n", 8, size, "[one][two]", 2);
		check("\n\nthree", 7, size, "[][][three?]", 3);
		check("{\"a\":\n}\n", 8, size, "[{\"a\":][}]", 2);
	}
}

static void test_long(void **state)
{
	size_t length = 3 * LINES_CAPACITY;
	char *text = malloc(length + 8);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', length);
	memcpy(text + length, "\nnext\n", 6);
	for (size_t size = 1; size < length; size = size * 7 + 1) {
		check(text, length + 6, size, "[!][next]", 2);
		check(text, length, size, "[!]", 1);
	}
	text[MEMBERS_LINE_MAX + 1] = '\n';
	memcpy(text + MEMBERS_LINE_MAX + 2, "next\n", 5);
	check(text, MEMBERS_LINE_MAX + 7, LINES_CAPACITY, "[!][next]", 2);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces), cmocka_unit_test(test_long)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

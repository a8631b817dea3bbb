/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names in columns: a name that fits, a cut name, and a name that reads like an unknown one. */
#include "core/escape.h"

#include "text.h"

/* As far as the names below need it. */
static int cells_of(uint32_t code)
{
	return code == 0x301 || code == 0x200b ? 0 : code == 0x378 ? -1 : code >= 0x3041 && code < 0xa000 ? 2 : 1;
}

static void check_name_of(cell_width *width, const char *bytes, size_t max_cells, const char *expected, size_t cells)
{
	struct strbuf sb = text_new(ESCAPED_MAX * strlen(bytes) + 2);

	assert_int_equal(escape_name(&sb, bytes, strlen(bytes), max_cells, width), cells);
	text_check(&sb, expected);
}

static void check_name(const char *bytes, size_t max_cells, const char *expected, size_t cells)
{
	check_name_of(cells_of, bytes, max_cells, expected, cells);
}

#define NI  "\xe6\x97\xa5"
#define HON "\xe6\x9c\xac"

static void test_name_that_fits(void **state)
{
	(void)state;
	check_name("curl", 4, "curl", 4);
	check_name("curl", SIZE_MAX, "curl", 4);
	check_name(NI HON, 4, NI HON, 4);
	check_name("a\xcc\x81", 1, "a\xcc\x81", 1);
	check_name("\x01", 4, "\\x01", 4);
	check_name("a\\b", 4, "a\\\\b", 4);
	check_name("two words ", 10, "two words ", 10);
	/* without widths all characters are as good as any */
	check_name_of(NULL, NI HON, 2, NI HON, 2);
	check_name_of(NULL, "\xcc\x81", 1, "\xcc\x81", 1);
	check_name_of(NULL, "\xcd\xb8", 1, "\xcd\xb8", 1);
	check_name_of(NULL, "\xe2\x80\xae", SIZE_MAX, "\\xE2\\x80\\xAE", 12);
}

/* A mark says that there is more; a character, what is on it, and the escape of a byte stay whole. */
static void test_name_that_is_cut(void **state)
{
	(void)state;
	check_name("curl", 3, "cu+", 3);
	check_name("curl", 1, "+", 1);
	check_name(NI HON, 3, NI "+", 3);
	check_name(NI HON, 2, "+", 1);
	check_name("a" NI HON, 4, "a" NI "+", 4);
	check_name("ab" NI HON, 5, "ab" NI "+", 5);
	check_name("ab\xcc\x81"
		   "c",
		   2, "a+", 2);
	check_name("a\xcc\x81"
		   "bc",
		   2, "a\xcc\x81+", 2);
	check_name("\x01\x02", 5, "\\x01+", 5);
	check_name("\x01\x02", 4, "+", 1);
	check_name("\xe2\x80\xae", 11, "\\xE2\\x80+", 9);
	check_name("a\\b", 3, "a+", 2);
}

/* Nothing that could be taken for an empty name, an unknown one, or a part of the column in front. */
static void test_name_that_reads_as_none(void **state)
{
	(void)state;
	check_name("", 10, "\"\"", 2);
	check_name("-", 10, "\\x2D", 4);
	check_name("\"\"", 10, "\\x22\\x22", 8);
	check_name("--", 10, "--", 2);
	check_name("\"", 10, "\"", 1);
	check_name("\"\"\"", 10, "\"\"\"", 3);
	check_name("  ", 10, "\\x20 ", 5);
	check_name("\xc2\xa0x", 10, "\\xC2\\xA0x", 9);                               /* no-break space */
	check_name("\xe3\x80\x80x", SIZE_MAX, "\\xE3\\x80\\x80x", 13);               /* ideographic space */
	check_name("\xe2\x80\x8bx", SIZE_MAX, "\\xE2\\x80\\x8Bx", 13);               /* zero width space */
	check_name("\xcc\x81x", SIZE_MAX, "\\xCC\\x81x", 9);                         /* combining acute accent */
	check_name("x\xcd\xb8", SIZE_MAX, "x\\xCD\\xB8", 9);                         /* not assigned */
	check_name("x\xe3\x80\x80\xc2\xa0y", SIZE_MAX, "x\xe3\x80\x80\xc2\xa0y", 4); /* only in front */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_that_fits),
		cmocka_unit_test(test_name_that_is_cut),
		cmocka_unit_test(test_name_that_reads_as_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

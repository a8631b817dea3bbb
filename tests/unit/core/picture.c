/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pictures: lines that end at the width, runs of styles, untrusted names. */
#include "core/picture.h"

#include "text.h"

static struct picture picture;

static int teardown(void **state)
{
	(void)state;
	picture_close(&picture);
	return 0;
}

static void check_line(size_t line, const char *expected)
{
	assert_int_equal(picture.lines[line].text.length, strlen(expected));
	assert_memory_equal(picture.lines[line].text.data, expected, strlen(expected));
}

static void test_cut(void **state)
{
	(void)state;
	assert_int_equal(picture_begin(&picture, 10, 3), 0);
	picture_add_string(&picture, 0, STYLE_PLAIN, "0123456");
	picture_add_string(&picture, 0, STYLE_BAD, "789abc");
	picture_add_string(&picture, 0, STYLE_GOOD, "more");
	check_line(0, "0123456789");
	assert_int_equal(picture.lines[0].run_count, 2);
	picture_add_string(&picture, 1, STYLE_PLAIN, "012345678");
	picture_add_cells(&picture, 1, STYLE_PLAIN, "\xe6\x97\xa5", 3, 2);
	check_line(1, "012345678");
	picture_pad(&picture, 1, 100);
	check_line(1, "012345678 ");
	assert_int_equal(picture.lines[1].cells, 10);
}

static void test_runs(void **state)
{
	(void)state;
	assert_int_equal(picture_begin(&picture, 40, 2), 0);
	/* Blanks are part of a run, also in front. */
	picture_pad(&picture, 0, 3);
	picture_add_string(&picture, 0, STYLE_BAD, "a");
	picture_add_string(&picture, 0, STYLE_BAD, "b");
	picture_add_string(&picture, 0, STYLE_GOOD, "");
	picture_add_string(&picture, 0, STYLE_PLAIN, "c");
	assert_int_equal(picture.lines[0].run_count, 3);
	assert_int_equal(picture.lines[0].runs[0].offset, 0);
	assert_int_equal(picture.lines[0].runs[1].offset, 3);
	assert_int_equal(picture.lines[0].runs[2].offset, 5);
	picture_paint(&picture, 0, STYLE_SELECTED);
	assert_int_equal(picture.lines[0].run_count, 1);
	assert_int_equal(picture.lines[0].cells, 40);
	/* more runs than there is room for */
	assert_int_equal(picture_begin(&picture, 200, 2), 0);
	for (int i = 0; i < 150; i++)
		picture_add_string(&picture, 0, i % 2 ? STYLE_BAD : STYLE_GOOD, "x");
	assert_int_equal(picture.lines[0].run_count, PICTURE_RUNS_MAX);
	assert_int_equal(picture.lines[0].cells, 150);
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(picture_begin(&picture, 12, 4), 0);
	picture_add_name(&picture, 0, STYLE_PLAIN, "\x1b[31m\n", 6, 40);
	check_line(0, "\\x1B[31m\\x0A");
	picture_add_name(&picture, 1, STYLE_PLAIN, "abcdefgh", 8, 5);
	check_line(1, "abcd+");
	/* an empty name takes two cells */
	picture_add_string(&picture, 2, STYLE_PLAIN, "0123456789a");
	picture_add_name(&picture, 2, STYLE_PLAIN, "", 0, 5);
	check_line(2, "0123456789a+");
	picture_add_name(&picture, 2, STYLE_PLAIN, "x", 1, 5);
	check_line(2, "0123456789a+");
}

static void test_begin_again(void **state)
{
	char *memory;

	(void)state;
	assert_int_equal(picture_begin(&picture, 30, 5), 0);
	memory = picture.memory;
	picture_add_string(&picture, 4, STYLE_PLAIN, "old");
	assert_int_equal(picture_begin(&picture, 30, 5), 0);
	assert_ptr_equal(picture.memory, memory);
	check_line(4, "");
	assert_int_equal(picture.cursor_line, 5);
	assert_int_equal(picture_begin(&picture, 500, 200), 0);
	picture_pad(&picture, 199, 500);
	assert_int_equal(picture.lines[199].cells, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_cut, teardown),
		cmocka_unit_test_teardown(test_runs, teardown),
		cmocka_unit_test_teardown(test_names, teardown),
		cmocka_unit_test_teardown(test_begin_again, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

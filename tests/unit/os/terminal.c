/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cells of a character on a terminal. */
#include "os/terminal.h"

#include <locale.h>

#include "../../kernel/lib/test.h"

/* Whatever the user's locale is. A C library without UTF-8 has nothing to say. */
static void counts_cells(void **state)
{
	cell_width *width;

	(void)state;
	assert_non_null(setlocale(LC_ALL, "C"));
	width = terminal_cells();
	if (!width) {
		print_message("needs the locale C.UTF-8\n");
		skip();
	}
	assert_int_equal(width('a'), 1);
	assert_int_equal(width(0xe4), 1);
	assert_int_equal(width(0x65e5), 2);  /* an ideograph */
	assert_int_equal(width(0x1f600), 2); /* an emoji */
	assert_int_equal(width(0x301), 0);   /* a combining accent */
	assert_int_equal(width(0x200b), 0);  /* a space of no width */
	assert_true(width(0x378) < 0);       /* not assigned */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_cells),
	};

	return cmocka_run_group_tests_name("os/terminal", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of groups in a narrow column. Whole names are in sum.c, as text, CSV and JSON. */
#include "output/group_name.h"

#include "../core/text.h"

static void check(const char *joined, size_t length, size_t max_cells, const char *expected)
{
	struct strbuf sb = text_new(GROUP_TEXT_MAX);
	struct group_name name;
	size_t cells;

	group_name_read(joined, length, &name);
	cells = group_name_text(&sb, &name, max_cells, NULL);
	assert_int_equal(cells, strlen(expected));
	text_check(&sb, expected);
}

#define CHECK(joined, max_cells, expected) check(joined, sizeof(joined) - 1, max_cells, expected)

static void test_text(void **state)
{
	(void)state;
	CHECK("2nginx\0"
	      "2811\0",
	      64, "nginx,811");
	CHECK("2nginx\0", 5, "nginx");
	CHECK("2nginx\0", 4, "ngi+");
	CHECK("0\0", 18, "-");
	CHECK("1\0", 18, "none");
	CHECK("0\0"
	      "2443\0",
	      18, "-,443");
	CHECK("2nginx\0"
	      "0\0",
	      18, "nginx,-");
	/* the second value stays, as far as there is room */
	CHECK("2a-service-of-a-long-name\0"
	      "2443\0",
	      18, "a-service-of-+,443");
	CHECK("2a-service-of-a-long-name\0"
	      "2another-long-name\0",
	      18, "a-servi+,another-+");
	/* not the name of all other groups, and not an unknown value */
	CHECK("2other\0", 18, "\\x6Fther");
	CHECK("2-\0", 18, "\\x2D");
	check(NULL, 0, 18, "other");
}

/* The cells are never more than allowed. */
static void test_narrow(void **state)
{
	static const char joined[] = "2\x1b[2J\xe6\x97\xa5\0"
				     "2a,b\\\\c\0";

	(void)state;
	for (size_t max = 1; max < 40; max++) {
		struct strbuf sb = text_new(GROUP_TEXT_MAX);
		struct group_name name;

		group_name_read(joined, sizeof(joined) - 1, &name);
		assert_true(group_name_text(&sb, &name, max, NULL) <= max);
		free(sb.data);
	}
}

/* A value without end keeps its end, where a cgroup's path has the container. */
static void test_long_value(void **state)
{
	static char joined[2 * GROUP_VALUE_MAX];
	struct strbuf sb = text_new(GROUP_TEXT_MAX);
	struct group_name name;

	(void)state;
	memset(joined, 'x', sizeof(joined));
	joined[0] = '2';
	memcpy(joined + sizeof(joined) - 4, "END", 4);
	group_name_read(joined, sizeof(joined), &name);
	group_name_raw(&sb, &name);
	assert_int_equal(sb.length, GROUP_VALUE_MAX);
	assert_memory_equal(sb.data, "...x", 4);
	assert_memory_equal(sb.data + sb.length - 3, "END", 3);
	free(sb.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_long_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

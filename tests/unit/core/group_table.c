/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Groups by key and by name: what is one group, and the limits. Sums (sum.c) and the live view (live_view.c) use it. */
#include "core/group_table.h"

#include "text.h"

#include <errno.h>

static struct group_key key_of(uint32_t number)
{
	struct group_key key = {};

	memcpy(key.part[0], &number, sizeof(number));
	return key;
}

static int64_t make(struct group_table *table, uint32_t number, const char *name)
{
	struct group_key key = key_of(number);

	return group_table_make(table, &key, name, strlen(name));
}

static int64_t find(const struct group_table *table, uint32_t number)
{
	struct group_key key = key_of(number);

	return group_table_find(table, &key);
}

static void test_by_key(void **state)
{
	struct group_table table;

	(void)state;
	assert_int_equal(group_table_open(2, GROUP_TABLE_BY_KEY, &table), 0);
	assert_int_equal(find(&table, 7), -ENOENT);
	assert_int_equal(make(&table, 7, "same"), 0);
	assert_int_equal(make(&table, 8, "same"), 1);
	assert_int_equal(find(&table, 7), 0);
	assert_int_equal(find(&table, 8), 1);
	/* no room */
	assert_int_equal(make(&table, 9, "same"), -ENOSPC);
	assert_int_equal(find(&table, 9), -ENOENT);
	assert_int_equal(make(&table, 8, "same"), 1);
	group_table_close(&table);
	group_table_close(&table);
}

/* Two cgroups of a unit; a name with a NUL inside. */
static void test_by_name(void **state)
{
	struct group_key a = key_of(1), b = key_of(2), c = key_of(3);
	struct group_table table;

	(void)state;
	c.part[1][0] = 1;
	assert_int_equal(group_table_open(10, 0, &table), 0);
	assert_int_equal(group_table_make(&table, &a, "x\0y", 3), 0);
	assert_int_equal(group_table_make(&table, &b, "x\0y", 3), 0);
	assert_int_equal(group_table_make(&table, &b, "x\0z", 3), 1);
	/* another part of the key is another group */
	assert_int_equal(group_table_make(&table, &c, "x\0y", 3), 2);
	assert_int_equal(find(&table, 1), 0);
	assert_int_equal(table.count, 3);
	assert_memory_equal(table.groups[0].name, "x\0y", 4);
	assert_int_equal(table.groups[0].name_length, 3);
	group_table_close(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_key),
		cmocka_unit_test(test_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

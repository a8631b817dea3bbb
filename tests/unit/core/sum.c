/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sums of connections by group: groups, parts, intervals, rows. */
#include "core/sum.h"

#include "text.h"

#define START_NS 1000000000ULL

static struct group_key key_of(uint32_t number)
{
	struct group_key key = {};

	memcpy(key.part[0], &number, sizeof(number));
	return key;
}

static struct sum_group *group_of(struct sum_table *table, uint32_t number, const char *name)
{
	struct group_key key = key_of(number);
	struct sum_group *group = sum_find(table, &key);

	return group ? group : sum_make(table, &key, name, strlen(name));
}

/* A connection with `bytes` sent and twice as many received so far. */
static struct connection at(uint64_t cookie, uint64_t time_ns, uint64_t start_ns, uint64_t bytes)
{
	struct connection c = {.bytes_sent = bytes,
			       .bytes_acked = bytes,
			       .bytes_received = 2 * bytes,
			       .bytes_retrans = 3,
			       .segs_out = 4,
			       .segs_in = 5,
			       .retransmits = 1};

	c.end.cookie = cookie;
	c.end.time_ns = time_ns;
	c.life.start_ns = start_ns;
	return c;
}

static void add_open(struct sum_table *table, struct part_table *parts, struct sum_group *group, struct connection c)
{
	struct part part;

	assert_int_equal(part_take(parts, &c, &part), 0);
	sum_add_open(table, group, &part);
}

static void add_end(struct sum_table *table, struct part_table *parts, struct sum_group *group, struct connection c)
{
	struct part part;

	part_take_last(parts, &c, &part);
	sum_add_end(table, group, &part);
}

static void test_one_connection(void **state)
{
	struct part_table parts = {};
	struct sum_table table;
	struct sum_group *group;

	(void)state;
	assert_int_equal(sum_open(10, GROUP_TABLE_BY_KEY, true, &table), 0);
	sum_walk_begin(&table);
	sum_walk_end(&table);
	group = group_of(&table, 1, "a");
	sum_walk_begin(&table);
	add_open(&table, &parts, group, at(7, START_NS + 50, START_NS, 100));
	sum_walk_end(&table);
	assert_int_equal(group->open, 1);
	assert_int_equal(group->interval.opened, 1);
	assert_int_equal(group->interval.bytes_acked, 100);
	assert_int_equal(group->interval.time_ns, 50);
	sum_next_interval(&table);
	assert_int_equal(group->interval.bytes_acked, 0);
	sum_walk_begin(&table);
	add_open(&table, &parts, group, at(7, START_NS + 80, START_NS, 130));
	sum_walk_end(&table);
	assert_int_equal(group->interval.opened, 0);
	assert_int_equal(group->interval.bytes_acked, 30);
	assert_int_equal(group->interval.bytes_received, 60);
	assert_int_equal(group->interval.time_ns, 30);
	sum_next_interval(&table);
	add_end(&table, &parts, group, at(7, START_NS + 90, START_NS, 131));
	assert_int_equal(group->open, 0);
	assert_int_equal(group->interval.closed, 1);
	assert_int_equal(group->interval.bytes_acked, 1);
	assert_int_equal(group->total.opened, 1);
	assert_int_equal(group->total.closed, 1);
	assert_int_equal(group->total.bytes_sent, 131);
	assert_int_equal(group->total.bytes_acked, 131);
	assert_int_equal(group->total.bytes_received, 262);
	assert_int_equal(group->total.bytes_retrans, 3);
	assert_int_equal(group->total.segs_out, 4);
	assert_int_equal(group->total.segs_in, 5);
	assert_int_equal(group->total.retransmits, 1);
	assert_int_equal(group->total.time_ns, 90);
	assert_int_equal(group->total.unmeasured, 0);
	part_table_close(&parts);
	sum_close(&table);
}

/* A connection ends during a walk that has not reached it; another is visited twice by that walk. */
static void test_end_during_walk(void **state)
{
	struct part_table parts = {};
	struct sum_table table;
	struct sum_group *group;

	(void)state;
	assert_int_equal(sum_open(10, GROUP_TABLE_BY_KEY, true, &table), 0);
	group = group_of(&table, 1, "a");
	for (unsigned int walk = 0; walk < 2; walk++) {
		part_walk_begin(&parts);
		sum_walk_begin(&table);
		add_open(&table, &parts, group, at(7, START_NS + 50 * (walk + 1), START_NS, 100));
		if (walk == 0)
			add_open(&table, &parts, group, at(8, START_NS + 50, START_NS, 100));
		else
			add_open(&table, &parts, group, at(7, START_NS + 101, START_NS, 100));
		sum_walk_end(&table);
		part_walk_end(&parts);
		assert_int_equal(group->open, walk == 0 ? 2 : 1);
	}
	add_end(&table, &parts, group, at(8, START_NS + 90, START_NS, 110));
	assert_int_equal(group->open, 1);
	assert_int_equal(group->total.closed, 1);
	assert_int_equal(group->total.bytes_acked, 210);
	add_end(&table, &parts, group, at(7, START_NS + 110, START_NS, 100));
	assert_int_equal(group->open, 0);
	part_table_close(&parts);
	sum_close(&table);
}

/* Traffic from before the first walk does not count, and none of a connection that no walk has found. */
static void test_older_connections(void **state)
{
	struct part_table parts = {};
	struct connection unseen = at(9, START_NS + 60, START_NS, 500);
	struct sum_table table;
	struct sum_group *group;

	(void)state;
	assert_int_equal(sum_open(10, GROUP_TABLE_BY_KEY, true, &table), 0);
	group = group_of(&table, 1, "a");
	sum_walk_begin(&table);
	add_open(&table, &parts, group, at(7, START_NS, 0, 1000));
	sum_walk_end(&table);
	assert_int_equal(group->open, 1);
	assert_int_equal(group->total.opened, 0);
	assert_int_equal(group->total.bytes_acked, 0);
	assert_int_equal(group->total.unmeasured, 0);
	add_end(&table, &parts, group, at(7, START_NS + 10, 0, 1007));
	assert_int_equal(group->total.closed, 1);
	assert_int_equal(group->total.bytes_acked, 7);
	assert_int_equal(group->total.time_ns, 10);
	unseen.life.is_old = 1;
	add_end(&table, &parts, group, unseen);
	assert_int_equal(group->total.closed, 2);
	assert_int_equal(group->total.bytes_acked, 7);
	assert_int_equal(group->total.unmeasured, 1);
	part_table_close(&parts);
	sum_close(&table);
}

/* Without walks, each connection counts as a whole. */
static void test_ends_only(void **state)
{
	struct connection c = at(7, START_NS + 10, 0, 1000);
	struct sum_table table;
	struct sum_group *group;
	struct part part;

	(void)state;
	assert_int_equal(sum_open(10, GROUP_TABLE_BY_KEY, false, &table), 0);
	group = group_of(&table, 1, "a");
	part_between(NULL, &c, &part);
	sum_add_end(&table, group, &part);
	assert_int_equal(group->total.closed, 1);
	assert_int_equal(group->total.opened, 0);
	assert_int_equal(group->total.bytes_acked, 1000);
	assert_int_equal(group->total.unmeasured, 0);
	sum_close(&table);
}

/* Many keys; those beyond the limit share one group. */
static void test_limit(void **state)
{
	struct sum_table table;

	(void)state;
	assert_int_equal(sum_open(1000, GROUP_TABLE_BY_KEY, true, &table), 0);
	for (uint32_t i = 0; i < 1500; i++) {
		struct sum_group *group = group_of(&table, i, "same");

		assert_ptr_equal(group, i < 1000 ? &table.groups[i] : &table.other);
		group->open++;
	}
	for (uint32_t i = 0; i < 1500; i++) {
		struct group_key key = key_of(i);
		struct sum_group *group = sum_find(&table, &key);

		assert_ptr_equal(group, i < 1000 ? &table.groups[i] : NULL);
	}
	assert_int_equal(table.names.count, 1000);
	assert_int_equal(table.other.open, 500);
	sum_close(&table);
}

static long index_of(const struct sum_table *table, const struct sum_group *group)
{
	return group - table->groups;
}

/* Cgroups that come and go are one group as long as the name is the same, also when their keys find no room. */
static void test_groups_by_name(void **state)
{
	struct sum_table table;

	(void)state;
	assert_int_equal(sum_open(2, 0, true, &table), 0);
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(index_of(&table, group_of(&table, i, i % 2 ? "odd" : "even")), i % 2);
		assert_int_equal(index_of(&table, group_of(&table, i, i % 2 ? "odd" : "even")), i % 2);
	}
	assert_int_equal(table.names.count, 2);
	assert_true(table.names.key_count < 100);
	assert_ptr_equal(group_of(&table, 1000, "third"), &table.other);
	sum_close(&table);
}

/* Another part of the key still tells groups apart. */
static void test_name_is_not_all(void **state)
{
	struct group_key a = key_of(1), b = key_of(2);
	struct sum_table table;

	(void)state;
	b.part[1][0] = 1;
	assert_int_equal(sum_open(10, 0, true, &table), 0);
	assert_int_equal(index_of(&table, sum_make(&table, &a, "x", 1)), 0);
	assert_int_equal(index_of(&table, sum_make(&table, &b, "x", 1)), 1);
	sum_close(&table);
}

static void fill(struct sum_table *table)
{
	static const struct {
		const char *name;
		uint64_t bytes, received, open;
	} groups[] = {{"b", 5, 0, 1}, {"idle", 0, 0, 0}, {"c", 1, 9, 0}, {"a", 5, 0, 3}, {"open", 0, 0, 2}};

	for (uint32_t i = 0; i < COUNT(groups); i++) {
		struct sum_group *group = group_of(table, i, groups[i].name);

		group->interval.bytes_acked = groups[i].bytes;
		group->interval.bytes_received = groups[i].received;
		group->open = groups[i].open;
		group->total.bytes_acked = 100 * i;
	}
}

static void assert_names(const struct sum_rows *rows, const char *expected)
{
	char text[64] = "";

	for (size_t i = 0; i < rows->count; i++) {
		strcat(text, i ? " " : "");
		strcat(text, rows->rows[i].is_other ? "OTHER" : rows->rows[i].name);
	}
	assert_string_equal(text, expected);
}

static void test_rows(void **state)
{
	struct sum_rows rows = {};
	struct sum_table table;

	(void)state;
	assert_int_equal(sum_open(10, GROUP_TABLE_BY_KEY, true, &table), 0);
	assert_int_equal(sum_list(&table, &(struct sum_order){}, &rows), 0);
	assert_int_equal(rows.count, 0);
	fill(&table);
	sum_list(&table, &(struct sum_order){.sort = SUM_SORT_BYTES}, &rows);
	assert_names(&rows, "c a b open");
	sum_list(&table, &(struct sum_order){.sort = SUM_SORT_TX}, &rows);
	assert_names(&rows, "a b c open");
	sum_list(&table, &(struct sum_order){.sort = SUM_SORT_OPEN}, &rows);
	assert_names(&rows, "a open b c");
	sum_list(&table, &(struct sum_order){.sort = SUM_SORT_TX, .by_total = true}, &rows);
	assert_names(&rows, "open a c b");
	sum_list(&table, &(struct sum_order){.sort = SUM_SORT_BYTES, .top = 2}, &rows);
	assert_names(&rows, "c a OTHER");
	assert_int_equal(rows.rows[2].interval.bytes_acked, 5);
	assert_int_equal(rows.rows[2].open, 3);
	assert_int_equal(rows.rows[2].total.bytes_acked, 0 + 100 + 400);
	/* The idle group has a part in the total. */
	sum_list(&table, &(struct sum_order){.sort = SUM_SORT_BYTES, .top = 4}, &rows);
	assert_names(&rows, "c a b open OTHER");
	assert_int_equal(rows.rows[4].total.bytes_acked, 100);
	assert_int_equal(rows.rows[4].interval.bytes_acked, 0);
	table.other.interval.closed = 8;
	sum_list(&table, &(struct sum_order){.sort = SUM_SORT_BYTES, .top = 3}, &rows);
	assert_names(&rows, "c a b OTHER");
	assert_int_equal(rows.rows[3].interval.closed, 8);
	assert_int_equal(rows.rows[3].open, 2);
	sum_rows_close(&rows);
	sum_close(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_connection),
		cmocka_unit_test(test_end_during_walk),
		cmocka_unit_test(test_older_connections),
		cmocka_unit_test(test_ends_only),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_groups_by_name),
		cmocka_unit_test(test_name_is_not_all),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

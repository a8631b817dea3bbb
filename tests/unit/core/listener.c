/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of listeners: what has happened since the walk before, order, listeners that come and go, and the verdict. */
#include "core/listener.h"

#include "abi/tcp_state.h"

#include "text.h"

#define NS_PER_S 1000000000ULL

/* A listener older than the tool, found by the first walk at 10 s. */
static const struct listener_record older = {
	.socket = {.skaddr = 0xffff888102a1e5c0,
		   .cookie = 7,
		   .time_ns = 10 * NS_PER_S,
		   .lport = 80,
		   .ip_version = 4,
		   .oldstate = STATE_LISTEN,
		   .newstate = STATE_LISTEN},
	.since_ns = 10 * NS_PER_S,
	.backlog = 2,
	.backlog_before = 2,
	.limit = 3,
	.highest = 2,
	.drops = 40,
	.drops_before = 40,
	.syn_cookies = 1,
	.syn_cookie_age_ns = SYN_COOKIE_NEVER,
};

/* Another walk, `seconds` after the first, that finds these. */
static void walk(struct listener_table *table, uint64_t seconds, const struct listener_record *records, size_t count)
{
	listener_table_begin(table);
	for (size_t i = 0; i < count; i++) {
		struct listener_record record = records[i];

		record.socket.time_ns = (10 + seconds) * NS_PER_S;
		assert_int_equal(listener_table_add(table, &record), 0);
	}
	listener_table_end(table);
}

static void test_first(void **state)
{
	struct listener_table table = {};

	(void)state;
	walk(&table, 0, &older, 1);
	assert_int_equal(table.count, 1);
	assert_int_equal(table.rows[0].interval_ns, 0);
	assert_false(listener_counts(&table.rows[0]));
	assert_int_equal(table.rows[0].highest_ever, 2);
	assert_int_equal(table.rows[0].overflow, LISTENER_PAST);
	listener_table_close(&table);
}

/* Seven came, and four were accepted; the queue was full for a moment. Then one more is accepted, in half a second. */
static void test_counts(void **state)
{
	struct listener_record now = older;
	struct listener_table table = {};
	const struct listener_row *row;

	(void)state;
	walk(&table, 0, &now, 1);
	now.queued = 5;
	now.backlog = 3;
	now.highest = 4;
	now.drops = 42;
	walk(&table, 2, &now, 1);
	row = &table.rows[0];
	assert_true(listener_counts(row));
	assert_int_equal(row->interval_ns, 2 * NS_PER_S);
	assert_int_equal(row->queued, 5);
	assert_int_equal(row->accepted, 4);
	assert_int_equal(listener_accepted_tenths(row), 20);
	assert_int_equal(row->dropped, 2);
	assert_int_equal(row->highest, 4);
	assert_int_equal(row->overflow, LISTENER_OVERFLOWED);
	now.backlog = now.highest = 2;
	walk(&table, 5, &now, 1);
	row = &table.rows[0];
	assert_int_equal(row->queued, 0);
	assert_int_equal(row->accepted, 1);
	assert_int_equal(listener_accepted_tenths(row), 3);
	assert_int_equal(row->dropped, 0);
	assert_int_equal(row->highest, 2);
	assert_int_equal(row->highest_ever, 4);
	assert_int_equal(row->overflow, LISTENER_PAST);
	listener_table_close(&table);
}

/* Another walk with overflows of the listener's network namespace, before and after it. */
static void walk_and_tell(struct listener_table *table, uint64_t seconds, struct listener_record record,
			  uint64_t overflows_before, uint64_t overflows_after)
{
	record.socket.time_ns = (10 + seconds) * NS_PER_S;
	listener_table_begin(table);
	assert_int_equal(listener_table_add(table, &record), 0);
	listener_table_tell(table, overflows_before, overflows_after);
	listener_table_end(table);
}

/* While no accept queue of the network namespace has overflowed, the listener's drops have other reasons. */
static void test_other_drops(void **state)
{
	struct listener_record now = older;
	struct listener_table table = {};

	(void)state;
	walk_and_tell(&table, 0, now, 0, 0);
	assert_int_equal(table.rows[0].overflow, LISTENER_FINE);
	now.drops = 42;
	walk_and_tell(&table, 1, now, 0, 0);
	assert_int_equal(table.rows[0].dropped, 2);
	assert_int_equal(table.rows[0].overflow, LISTENER_FINE);
	now.highest = 4;
	now.drops = 43;
	walk_and_tell(&table, 2, now, 0, 0);
	assert_int_equal(table.rows[0].overflow, LISTENER_FULL);
	/* Another listener of the namespace, or this one. */
	now.drops = 44;
	walk_and_tell(&table, 3, now, 1, 1);
	assert_int_equal(table.rows[0].overflow, LISTENER_OVERFLOWED);
	now.highest = 2;
	now.drops = 45;
	walk_and_tell(&table, 4, now, 1, 2);
	assert_int_equal(table.rows[0].overflow, LISTENER_DROPS);
	/* The drop was counted between this walk's reading of the listener and its second one of the namespace. */
	now.drops = 46;
	walk_and_tell(&table, 5, now, 2, 2);
	assert_int_equal(table.rows[0].overflow, LISTENER_DROPS);
	now.drops = 47;
	walk_and_tell(&table, 6, now, 2, 2);
	assert_int_equal(table.rows[0].overflow, LISTENER_PAST);
	/* Unknown may be. */
	now.drops = 48;
	walk_and_tell(&table, 7, now, LISTENER_UNKNOWN, LISTENER_UNKNOWN);
	assert_int_equal(table.rows[0].overflow, LISTENER_DROPS);
	now.drops = 49;
	walk_and_tell(&table, 8, now, 2, 2);
	assert_int_equal(table.rows[0].overflow, LISTENER_DROPS);
	listener_table_close(&table);
}

/* Overflows of the namespace from before the tool, or before a younger listener, say nothing of drops that come later.
 */
static void test_old_overflows(void **state)
{
	struct listener_record now = older, young = older;
	struct listener_table table = {};

	(void)state;
	now.drops = now.drops_before = 0;
	walk_and_tell(&table, 0, now, 5, 5);
	assert_int_equal(table.rows[0].overflow, LISTENER_FINE);
	now.drops = 1;
	walk_and_tell(&table, 1, now, 5, 5);
	assert_int_equal(table.rows[0].dropped, 1);
	assert_int_equal(table.rows[0].overflow, LISTENER_FINE);
	young.socket.lport = 81;
	young.since_ns = 11 * NS_PER_S + NS_PER_S / 2;
	young.drops = 3;
	young.drops_before = 0;
	walk_and_tell(&table, 2, young, 5, 5);
	assert_int_equal(table.rows[0].dropped, 3);
	assert_int_equal(table.rows[0].overflow, LISTENER_FINE);
	/* Its namespace had no listener in the walk before: that counter's beginning is all that is known. */
	young.socket.lport = 82;
	young.socket.netns = 7;
	walk_and_tell(&table, 3, young, 5, 5);
	assert_int_equal(table.rows[0].overflow, LISTENER_DROPS);
	listener_table_close(&table);
}

/* A walk that visits a listener twice takes the longest queue with one of the visits. */
static void test_visited_twice(void **state)
{
	struct listener_record records[] = {older, older, older};
	struct listener_table table = {};

	(void)state;
	records[1].highest = 4;
	walk(&table, 0, records, 3);
	assert_int_equal(table.count, 1);
	assert_int_equal(table.rows[0].highest, 4);
	listener_table_close(&table);
}

/* A birth is counted before the connection is in the queue, which takes it a moment later. */
static void test_birth_before_queue(void **state)
{
	struct listener_record now = older;
	struct listener_table table = {};

	(void)state;
	walk(&table, 0, &now, 1);
	now.queued = 1;
	walk(&table, 1, &now, 1);
	assert_int_equal(table.rows[0].accepted, 1);
	now.backlog = 3;
	walk(&table, 2, &now, 1);
	assert_int_equal(table.rows[0].accepted, 0);
	now.backlog = 2;
	walk(&table, 3, &now, 1);
	assert_int_equal(table.rows[0].accepted, 0);
	now.backlog = 1;
	walk(&table, 4, &now, 1);
	assert_int_equal(table.rows[0].accepted, 1);
	listener_table_close(&table);
}

/* A listener that began between two walks is known from its beginning. Its drops were those of an earlier use. */
static void test_new(void **state)
{
	struct listener_record now = older;
	struct listener_table table = {};

	(void)state;
	walk(&table, 0, NULL, 0);
	now.since_ns = 10 * NS_PER_S + NS_PER_S / 2;
	now.backlog_before = 0;
	now.queued = 12;
	walk(&table, 1, &now, 1);
	assert_int_equal(table.rows[0].interval_ns, NS_PER_S / 2);
	assert_int_equal(table.rows[0].accepted, 10);
	assert_int_equal(table.rows[0].dropped, 0);
	assert_int_equal(listener_accepted_tenths(&table.rows[0]), 200);
	listener_table_close(&table);
}

/* Without memory for the count, the drops are known, and no accepts. */
static void test_no_memory(void **state)
{
	struct listener_record now = older;
	struct listener_table table = {};

	(void)state;
	now.since_ns = 0;
	now.highest = 0;
	walk(&table, 0, &now, 1);
	now.drops = 41;
	walk(&table, 1, &now, 1);
	assert_false(listener_counts(&table.rows[0]));
	assert_int_equal(table.rows[0].dropped, 1);
	assert_int_equal(table.rows[0].highest, 2);
	assert_int_equal(table.rows[0].overflow, LISTENER_DROPS);
	listener_table_close(&table);
}

/* Another socket at the address, or another listen() on the same socket, is another listener. */
static void test_another(void **state)
{
	struct listener_record now = older;
	struct listener_table table = {};

	(void)state;
	for (int i = 0; i < 2; i++) {
		now = older;
		walk(&table, 0, &now, 1);
		if (i)
			now.socket.cookie = 8;
		else
			now.since_ns = 11 * NS_PER_S;
		walk(&table, 1, &now, 1);
		assert_int_equal(table.rows[0].interval_ns, i ? NS_PER_S : 0);
	}
	listener_table_close(&table);
}

/* One walk may skip a listener. Two walks without it: it is gone. A walk may find it twice. */
static void test_missed(void **state)
{
	struct listener_record twice[2] = {older, older};
	struct listener_table table = {};

	(void)state;
	walk(&table, 0, twice, 2);
	assert_int_equal(table.count, 1);
	walk(&table, 1, NULL, 0);
	assert_int_equal(table.count, 0);
	walk(&table, 2, twice, 1);
	assert_int_equal(table.rows[0].interval_ns, 2 * NS_PER_S);
	walk(&table, 3, NULL, 0);
	walk(&table, 4, NULL, 0);
	walk(&table, 5, twice, 1);
	assert_int_equal(table.rows[0].dropped, 0);
	assert_int_equal(table.rows[0].interval_ns, 5 * NS_PER_S); /* since_ns */
	listener_table_close(&table);
}

/* More than there is room for at first, in another order each time. */
static void test_many(void **state)
{
	static struct listener_record records[300];
	struct listener_table table = {};

	(void)state;
	for (size_t walks = 0; walks < 3; walks++) {
		for (size_t i = 0; i < 300; i++) {
			size_t number = walks % 2 ? i : 299 - i;

			records[i] = older;
			records[i].socket.lport = (uint16_t)(1000 + number / 4);
			records[i].socket.laddr[3] = number / 2 % 2;
			records[i].socket.skaddr += number * 64;
			records[i].queued = walks * number;
		}
		walk(&table, walks, records, 300);
		assert_int_equal(table.count, 300);
		for (size_t i = 0; i < 300; i++) {
			assert_int_equal(table.rows[i].now.socket.skaddr, older.socket.skaddr + i * 64);
			assert_int_equal(table.rows[i].queued, walks ? i : 0);
		}
	}
	listener_table_close(&table);
}

static void test_verdict(void **state)
{
	static const struct {
		uint32_t backlog, highest, drops;
		const char *word;
	} cases[] = {
		{0, 0, 0, "no"},   {3, 3, 0, "no"},  {4, 4, 0, "full"},  {0, 4, 0, "full"},
		{4, 0, 0, "full"}, {0, 4, 1, "yes"}, {3, 3, 1, "drops"}, {4, 4, ~0U, "yes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct listener_record now = older;
		struct listener_table table = {};

		now.drops = 0;
		walk(&table, 0, &now, 1);
		now.backlog = cases[i].backlog;
		now.highest = cases[i].highest;
		now.drops = cases[i].drops;
		walk(&table, 1, &now, 1);
		assert_string_equal(listener_overflow_name(table.rows[0].overflow), cases[i].word);
		assert_int_equal(listener_is_full(&now), cases[i].backlog == 4);
		listener_table_close(&table);
	}
}

/* The kernel's counter wraps around. */
static void test_wrap(void **state)
{
	struct listener_record now = older;
	struct listener_table table = {};

	(void)state;
	now.drops = ~0U - 1;
	walk(&table, 0, &now, 1);
	now.drops = 3;
	walk(&table, 1, &now, 1);
	assert_int_equal(table.rows[0].dropped, 5);
	listener_table_close(&table);
}

static void test_cookies(void **state)
{
	struct listener_record now = older;
	bool known = false;

	(void)state;
	assert_false(listener_uses_cookies(&now, &known));
	assert_true(known);
	now.syn_cookie_age_ns = SYN_COOKIE_AGE_UNKNOWN;
	assert_false(listener_uses_cookies(&now, &known));
	assert_false(known);
	now.syn_cookie_age_ns = SYN_COOKIE_VALID_NS;
	assert_false(listener_uses_cookies(&now, &known));
	now.syn_cookie_age_ns--;
	assert_true(listener_uses_cookies(&now, &known));
	assert_true(known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),         cmocka_unit_test(test_counts),
		cmocka_unit_test(test_other_drops),   cmocka_unit_test(test_old_overflows),
		cmocka_unit_test(test_visited_twice), cmocka_unit_test(test_birth_before_queue),
		cmocka_unit_test(test_new),           cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_another),       cmocka_unit_test(test_missed),
		cmocka_unit_test(test_many),          cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_wrap),          cmocka_unit_test(test_cookies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

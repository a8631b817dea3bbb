/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/loss.h"

#include "text.h"

static void check(struct loss_report report, const char *expected)
{
	struct strbuf sb = text_new(256);

	loss_format(&sb, &report);
	text_check(&sb, expected);
}

static void test_format(void **state)
{
	(void)state;
	check((struct loss_report){}, "lost 0 of 0");
	check((struct loss_report){.delivered = 20}, "lost 0 of 20");
	check((struct loss_report){.delivered = 100020, .ring_full = 12}, "lost 12 of 100032: 12 ring full");
	check((struct loss_report){.delivered = 15, .ring_full = 3, .recursion = 2},
	      "lost 5 of 20: 3 ring full, 2 missed by recursion");
	check((struct loss_report){.delivered = 1, .recursion = 1}, "lost 1 of 2: 1 missed by recursion");
	check((struct loss_report){.delivered = 7, .summary_full = 3}, "lost 3 of 10: 3 summary full");
	check((struct loss_report){.undecoded = 4, .unwritten = 6}, "lost 10 of 10: 4 undecoded, 6 unwritten");
	check((struct loss_report){.delivered = 5, .ring_full = 1, .recursion = 2, .undecoded = 3, .unwritten = 4},
	      "lost 10 of 15: 1 ring full, 2 missed by recursion, 3 undecoded, 4 unwritten");
	check((struct loss_report){.delivered = 20, .storage_full = 7}, "lost 0 of 20; 7 rows without stored state");
	check((struct loss_report){.delivered = 20, .recovered = 3}, "lost 0 of 20; 3 recovered");
	check((struct loss_report){.delivered = 20, .gaps = 2, .unclosed = 1},
	      "lost 0 of 20; 2 gaps between a socket's states, 1 sockets that ended unseen");
	check((struct loss_report){.delivered = 20, .recovered = 3, .storage_full = 7},
	      "lost 0 of 20; 3 recovered; 7 rows without stored state");
	check((struct loss_report){.delivered = 20, .held = 1}, "lost 0 of 20; 1 held back without a local port");
	check((struct loss_report){.delivered = 20, .unclosed = 1, .unaccepted = 3, .unjournaled = 2},
	      "lost 0 of 20; 1 sockets that ended unseen, 3 accepts that were missed, 2 rows that the journal did not "
	      "take");
	check((struct loss_report){.delivered = 20, .unjournaled = 2},
	      "lost 0 of 20; 2 rows that the journal did not take");
	check((struct loss_report){.delivered = 20, .unfollowed = 3, .unsampled = 4},
	      "lost 0 of 20; 3 processes not followed, 4 round-trip samples skipped");
	check((struct loss_report){.delivered = 20, .unwritten = 1, .storage_full = 7, .unjournaled = 2},
	      "lost 1 of 21: 1 unwritten; 7 rows without stored state, 2 rows that the journal did not take");
}

static void test_total(void **state)
{
	struct loss_report report = {.delivered = 1000, .storage_full = 100, .unjournaled = 100};

	(void)state;
	assert_int_equal(loss_total(&report), 0);
	report.ring_full = 1;
	report.recursion = 20;
	report.undecoded = 300;
	report.unwritten = 4000;
	report.summary_full = 50000;
	assert_int_equal(loss_total(&report), 54321);
}

static void test_impaired(void **state)
{
	(void)state;
	assert_false(loss_impaired(
		&(struct loss_report){.delivered = 1, .ring_full = 2, .recursion = 3, .undecoded = 4, .unwritten = 5}));
	assert_true(loss_impaired(&(struct loss_report){.storage_full = 1}));
	assert_true(loss_impaired(&(struct loss_report){.unjournaled = 1}));
}

/* What --strict is about: that an event, or an entry of the journal, is not there for certain. */
static void test_missed(void **state)
{
	(void)state;
	assert_false(loss_missed(
		&(struct loss_report){.delivered = 1, .recovered = 1, .storage_full = 2, .held = 3, .unsampled = 4}));
	assert_true(loss_missed(&(struct loss_report){.ring_full = 1}));
	assert_true(loss_missed(&(struct loss_report){.recursion = 1}));
	assert_true(loss_missed(&(struct loss_report){.gaps = 1}));
	assert_true(loss_missed(&(struct loss_report){.unclosed = 1}));
	assert_true(loss_missed(&(struct loss_report){.unfollowed = 1}));
	assert_true(loss_missed(&(struct loss_report){.unjournaled = 1}));
}

static void test_grew(void **state)
{
	static const struct loss_report before = {10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
	struct loss_report now = before;

	(void)state;
	assert_false(loss_grew(&before, &now));
	now.delivered++;
	now.recovered++;
	assert_false(loss_grew(&before, &now));

	now = before;
	now.ring_full++;
	assert_true(loss_grew(&before, &now));
	assert_false(loss_grew(&now, &before));
	now = before;
	now.recursion++;
	assert_true(loss_grew(&before, &now));
	now = before;
	now.undecoded++;
	assert_true(loss_grew(&before, &now));
	now = before;
	now.unwritten++;
	assert_true(loss_grew(&before, &now));
	now = before;
	now.storage_full++;
	assert_true(loss_grew(&before, &now));
	now = before;
	now.gaps++;
	assert_true(loss_grew(&before, &now));
	now = before;
	now.unclosed++;
	assert_true(loss_grew(&before, &now));
	now = before;
	now.unaccepted++;
	assert_true(loss_grew(&before, &now));
	now = before;
	now.unjournaled++;
	assert_true(loss_grew(&before, &now));
	now = before;
	now.summary_full++;
	assert_true(loss_grew(&before, &now));
	now = before;
	now.unfollowed++;
	assert_true(loss_grew(&before, &now));
	now = before;
	now.unsampled++;
	assert_true(loss_grew(&before, &now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format), cmocka_unit_test(test_total), cmocka_unit_test(test_impaired),
		cmocka_unit_test(test_missed), cmocka_unit_test(test_grew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

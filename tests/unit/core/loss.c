/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters of losses, and the line that reports them. */
#include "core/loss.h"

#include "text.h"

static void check(struct loss_report report, const char *expected)
{
	struct strbuf sb = text_new(512);

	loss_format(&sb, &report);
	text_check(&sb, expected);
}

#define NO_MEMORY "for lack of memory (raise net.core.optmem_max or --hash-size)"

static void test_nothing(void **state)
{
	(void)state;
	check((struct loss_report){}, "lost 0 of 0 rows: nothing was missed");
	check((struct loss_report){.delivered = 1}, "lost 0 of 1 row: nothing was missed");
	check((struct loss_report){.delivered = 20, .unit = "sample"}, "lost 0 of 20 samples: nothing was missed");
	check((struct loss_report){.delivered = 20, .recovered = 1},
	      "lost 0 of 20 rows: nothing was missed; 1 was recorded by the second program");
	check((struct loss_report){.delivered = 20, .recovered = 3},
	      "lost 0 of 20 rows: nothing was missed; 3 were recorded by the second program");
}

static void test_lost(void **state)
{
	(void)state;
	check((struct loss_report){.delivered = 100020, .ring_full = 12},
	      "lost 12 of 100032 rows: 12 found no room in the ring buffers (try --buffer-size)");
	check((struct loss_report){.delivered = 15, .ring_full = 3, .recursion = 2},
	      "lost 5 of 20 rows: 3 found no room in the ring buffers (try --buffer-size), "
	      "2 came while the program was busy on that CPU");
	check((struct loss_report){.delivered = 1, .held_lost = 1},
	      "lost 1 of 2 rows: 1 waited for its local port, and the event with the port was missed");
	check((struct loss_report){.held_lost = 2},
	      "lost 2 of 2 rows: 2 waited for their local ports, and the events with the ports were missed");
	check((struct loss_report){.delivered = 7, .summary_full = 3, .unit = "transition"},
	      "lost 3 of 10 transitions: 3 found no room among the counters of --summary");
	check((struct loss_report){.undecoded = 4, .unwritten = 6},
	      "lost 10 of 10 rows: 4 could not be decoded (a bug: please report it), 6 could not be written");
	check((struct loss_report){.delivered = 20, .unwritten = 1, .storage_full = 7, .unjournaled = 2},
	      "lost 1 of 21 rows: 1 could not be written; 2 rows are not in the journal; "
	      "7 rows are without owner and duration " NO_MEMORY);
}

/* Nobody knows how many: the first number is 0 all the same. */
static void test_omitted(void **state)
{
	(void)state;
	check((struct loss_report){.delivered = 20, .gaps = 1},
	      "lost 0 of 20 rows, but something was missed: 1 gap between the states of a socket");
	check((struct loss_report){.delivered = 20, .gaps = 2, .unclosed = 1},
	      "lost 0 of 20 rows, but something was missed: 2 gaps between the states of sockets, "
	      "1 socket ended unseen");
	check((struct loss_report){.delivered = 20, .unclosed = 2, .unjournaled = 1},
	      "lost 0 of 20 rows, but something was missed: 2 sockets ended unseen, 1 row is not in the journal");
	check((struct loss_report){.delivered = 20, .unfollowed = 1, .unit = "sample"},
	      "lost 0 of 20 samples, but something was missed: 1 process of the command was not followed");
	check((struct loss_report){.delivered = 20, .unaccepted = 1, .untracked = 1, .unit = "sample"},
	      "lost 0 of 20 samples, but something was missed: 1 change of state was missed, "
	      "1 accept was missed: a connection keeps its listener's owner");
	check((struct loss_report){.delivered = 20, .untracked = 2, .unit = "sample"},
	      "lost 0 of 20 samples, but something was missed: 2 changes of state were missed");
	check((struct loss_report){.delivered = 20, .unjudged = 1},
	      "lost 0 of 20 rows, but something was missed: 1 change of state could not be filtered " NO_MEMORY);
	check((struct loss_report){.delivered = 20, .unjudged = 2},
	      "lost 0 of 20 rows, but something was missed: 2 changes of state could not be filtered " NO_MEMORY);
	check((struct loss_report){.delivered = 20, .unaccepted = 3},
	      "lost 0 of 20 rows, but something was missed: "
	      "3 accepts were missed: connections keep their listener's owner");
	check((struct loss_report){.delivered = 20, .recovered = 3, .unfollowed = 2},
	      "lost 0 of 20 rows, but something was missed: 2 processes of the command were not followed; "
	      "3 were recorded by the second program");
}

static void test_impairments(void **state)
{
	(void)state;
	check((struct loss_report){.delivered = 20, .storage_full = 1},
	      "lost 0 of 20 rows: nothing was missed; 1 row is without owner and duration " NO_MEMORY);
	check((struct loss_report){.delivered = 20, .held = 1, .unsampled = 1},
	      "lost 0 of 20 rows: nothing was missed; 1 row was held back: its local port stayed unknown; "
	      "1 round-trip sample is not in a connection's mean");
	check((struct loss_report){.delivered = 20, .held = 2, .unsampled = 4},
	      "lost 0 of 20 rows: nothing was missed; 2 rows were held back: their local ports stayed unknown; "
	      "4 round-trip samples are not in their connections' means");
}

/* Everything at once. */
static void test_longest(void **state)
{
	struct loss_report report = {.unit = "transition"};
	char text[LOSS_TEXT_MAX];
	struct strbuf out = strbuf_over(text, sizeof(text));
	uint64_t *counters = (uint64_t *)&report;

	(void)state;
	for (size_t i = 0; i < offsetof(struct loss_report, unit) / sizeof(*counters); i++)
		counters[i] = UINT64_MAX;
	loss_format(&out, &report);
	assert_false(out.overflow);
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
	report.held_lost = 600000;
	assert_int_equal(loss_total(&report), 654321);
}

static void test_impaired(void **state)
{
	(void)state;
	assert_false(loss_impaired(
		&(struct loss_report){.delivered = 1, .ring_full = 2, .recursion = 3, .undecoded = 4, .unwritten = 5}));
	assert_true(loss_impaired(&(struct loss_report){.storage_full = 1}));
	assert_false(loss_impaired(&(struct loss_report){.held = 1}));
	assert_true(loss_impaired(&(struct loss_report){.unjournaled = 1}));
}

/* --strict: the output may lack an event, or the journal an entry. */
static void test_missed(void **state)
{
	(void)state;
	assert_false(loss_missed(
		&(struct loss_report){.delivered = 1, .recovered = 1, .storage_full = 2, .held = 3, .unsampled = 4}));
	assert_true(loss_missed(&(struct loss_report){.ring_full = 1}));
	assert_true(loss_missed(&(struct loss_report){.recursion = 1}));
	assert_true(loss_missed(&(struct loss_report){.gaps = 1}));
	assert_true(loss_missed(&(struct loss_report){.unjudged = 1}));
	assert_true(loss_missed(&(struct loss_report){.unclosed = 1}));
	assert_true(loss_missed(&(struct loss_report){.unfollowed = 1}));
	assert_true(loss_missed(&(struct loss_report){.unaccepted = 1}));
	assert_true(loss_missed(&(struct loss_report){.untracked = 1}));
	assert_true(loss_missed(&(struct loss_report){.held_lost = 1}));
	assert_true(loss_missed(&(struct loss_report){.unjournaled = 1}));
}

static void test_grew(void **state)
{
	static const struct loss_report before = {10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, NULL};
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
		cmocka_unit_test(test_nothing),     cmocka_unit_test(test_lost),    cmocka_unit_test(test_omitted),
		cmocka_unit_test(test_impairments), cmocka_unit_test(test_longest), cmocka_unit_test(test_total),
		cmocka_unit_test(test_impaired),    cmocka_unit_test(test_missed),  cmocka_unit_test(test_grew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

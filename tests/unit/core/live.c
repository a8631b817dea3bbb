/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connections of the live view: passes, ends, rates, and what is forgotten when. */
#include "core/live.h"

#include "live_records.h"

static struct live live;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(live_open(&live), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	live_close(&live);
	return 0;
}

static void test_rates(void **state)
{
	struct connection records[2] = {live_record(1, 5), live_record(2, 5)};
	const struct live_row *row;

	(void)state;
	records[0].bytes_received = 4000;
	records[1].life.is_old = 1;
	records[1].bytes_received = 70000;
	live_pass(&live, 5, records, 2);
	row = live_find(&live, 1001, 0);
	/* from its beginning at 1 s */
	assert_true(row->figures.has_rate);
	assert_int_equal(row->figures.rate[LIVE_IN], 1000);
	assert_int_equal(row->figures.total[LIVE_IN], 4000);
	/* an older one has counted before it was found */
	assert_false(live_find(&live, 1002, 0)->figures.has_rate);
	records[0].end.time_ns = records[1].end.time_ns = 7 * SECOND;
	records[0].bytes_received = 4501;
	records[0].retransmits = 1;
	records[1].bytes_received = 80000;
	live_pass(&live, 7, records, 2);
	row = live_find(&live, 1001, 0);
	assert_int_equal(row->figures.rate[LIVE_IN], 251);
	assert_int_equal(row->figures.rate[LIVE_RETRANS], 1);
	assert_int_equal(live_find(&live, 1002, 0)->figures.rate[LIVE_IN], 5000);
	assert_int_equal(live.totals.figures.rate[LIVE_IN], 5251);
	assert_int_equal(live.totals.figures.connections, 2);
	assert_true(live.totals.length_ns == 2 * SECOND);
}

/* A connection that began after the last look has its rate in the interval, and so has one that ended since. */
static void test_rates_of_brief_ones(void **state)
{
	struct connection records[2] = {live_record(1, 5), live_record(2, 9)};
	struct connection ended[3] = {live_ended(1, 8), live_ended(3, 8), live_ended(4, 8)};

	(void)state;
	records[0].bytes_received = 1000;
	live_pass(&live, 5, records, 1);
	records[1].life.start_ns = 8900000000;
	records[1].bytes_received = 400;
	ended[0].bytes_received = 1200;
	ended[1].bytes_received = 7000;
	/* what an unknown older one did may be long ago */
	ended[2].bytes_received = 90000;
	ended[2].life.is_old = 1;
	for (size_t i = 0; i < COUNT(ended); i++)
		live_take_end(&live, &ended[i], 8 * SECOND);
	live_pass(&live, 9, records + 1, 1);
	assert_int_equal(live_find(&live, 1002, 0)->figures.rate[LIVE_IN], 100);
	assert_int_equal(live.totals.figures.rate[LIVE_IN], 100 + (200 + 7000) / 4);
	assert_true(live_end_counts(&live, live_end_at(&live, 0, 9 * SECOND)));
	live_pass(&live, 10, records + 1, 1);
	assert_false(live_end_counts(&live, live_end_at(&live, 0, 10 * SECOND)));
	assert_int_equal(live.totals.figures.rate[LIVE_IN], 0);
}

static void test_opened_and_closed(void **state)
{
	struct connection records[3] = {live_record(1, 5), live_record(2, 5), live_record(3, 5)};
	struct connection ended = live_ended(1, 6), brief = live_ended(9, 6);

	(void)state;
	/* those of the first pass were open before */
	live_pass(&live, 5, records, 2);
	assert_int_equal(live.totals.opened, 0);
	live_take_end(&live, &ended, 6 * SECOND);
	/* one that no pass has found */
	live_take_end(&live, &brief, 6 * SECOND);
	live_pass(&live, 7, records + 1, 2);
	assert_int_equal(live.totals.opened, 2);
	assert_int_equal(live.totals.closed, 2);
	assert_int_equal(live.totals.states[STATE_ESTABLISHED], 2);
	live_pass(&live, 8, records + 1, 2);
	assert_int_equal(live.totals.opened + live.totals.closed, 0);
}

static void test_end(void **state)
{
	struct connection record = live_record(1, 5), ended = live_ended(1, 6);

	(void)state;
	live_pass(&live, 5, &record, 1);
	live_take_end(&live, &ended, 6 * SECOND);
	/* its row stays until the next pass, also if that still finds it */
	assert_true(live_find(&live, 1001, 0)->is_ended);
	live_pass_begin(&live, 6 * SECOND);
	live_take(&live, &record);
	live_pass_end(&live);
	assert_null(live_find(&live, 1001, 0));
	assert_int_equal(live_end_at(&live, 0, 65 * SECOND)->last.end.cause, CAUSE_RESET_RECEIVED);
	assert_null(live_end_at(&live, 0, 66 * SECOND));
	assert_null(live_end_at(&live, 1, 6 * SECOND));
}

/* The next connection of the same socket is another one. */
static void test_reuse(void **state)
{
	struct connection records[2] = {live_record(1, 5), live_record(1, 5)};
	struct connection ended = live_ended(1, 6);

	(void)state;
	records[1].end.conn_seq = 1;
	live_pass(&live, 5, records, 2);
	assert_int_equal(live.count, 2);
	live_take_end(&live, &ended, 6 * SECOND);
	live_pass(&live, 7, records + 1, 1);
	assert_null(live_find(&live, 1001, 0));
	assert_non_null(live_find(&live, 1001, 1));
}

/* The second visit of a pass is not a rate over no time. */
static void test_visited_twice(void **state)
{
	struct connection records[2] = {live_record(1, 5), live_record(1, 5)};
	struct connection later;

	(void)state;
	live_pass(&live, 5, records, 1);
	records[0].end.time_ns += SECOND;
	records[1] = records[0];
	records[1].end.time_ns += 1000;
	later = records[0];
	live_pass(&live, 6, records, 2);
	assert_int_equal(live_find(&live, 1001, 0)->now.end.time_ns, later.end.time_ns);
	assert_int_equal(live.count, 1);
}

/* The rates of all: known from the second pass on, also if there is no connection. */
static void test_rates_of_none(void **state)
{
	(void)state;
	live_pass(&live, 2, NULL, 0);
	assert_false(live.totals.figures.has_rate);
	live_pass(&live, 3, NULL, 0);
	assert_true(live.totals.figures.has_rate);
	assert_int_equal(live.totals.figures.rate[LIVE_IN], 0);
}

static void test_unseen_end(void **state)
{
	struct connection record = live_record(1, 5);

	(void)state;
	live_pass(&live, 5, &record, 1);
	live_pass(&live, 6, NULL, 0);
	assert_int_equal(live.count, 1);
	live_pass(&live, 7, NULL, 0);
	assert_int_equal(live.count, 0);
}

static void test_many_ends(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * LIVE_ENDED_MAX; i++) {
		struct connection ended = live_ended(i, 6);

		live_take_end(&live, &ended, 6 * SECOND);
	}
	assert_int_equal(live_end_at(&live, 0, 7 * SECOND)->last.end.cookie, 1000 + 2 * LIVE_ENDED_MAX - 1);
	assert_int_equal(live_end_at(&live, LIVE_ENDED_MAX - 1, 7 * SECOND)->last.end.cookie, 1000 + LIVE_ENDED_MAX);
	assert_null(live_end_at(&live, LIVE_ENDED_MAX, 7 * SECOND));
	assert_null(live_end_number(&live, LIVE_ENDED_MAX - 1));
	assert_int_equal(live_end_number(&live, LIVE_ENDED_MAX)->last.end.cookie, 1000 + LIVE_ENDED_MAX);
	assert_null(live_end_number(&live, 2 * LIVE_ENDED_MAX));
	assert_int_equal(live.crowded_out, LIVE_ENDED_MAX);
	/* those of more than a minute ago make room */
	for (unsigned int i = 0; i < LIVE_ENDED_MAX; i++) {
		struct connection ended = live_ended(i, 66);

		live_take_end(&live, &ended, 66 * SECOND);
	}
	assert_int_equal(live.crowded_out, LIVE_ENDED_MAX);
}

/* Many connections come and go: each row is found, and none is there twice. */
static void test_churn(void **state)
{
	uint64_t random = 7;
	uint32_t seqs[500] = {0};

	(void)state;
	for (unsigned int pass = 1; pass < 60; pass++) {
		live_pass_begin(&live, pass * SECOND);
		for (unsigned int i = 0; i < 500; i++) {
			struct connection record = live_record(i, pass + 1), ended = live_ended(i, pass + 1);

			record.end.conn_seq = ended.end.conn_seq = seqs[i];
			live_take(&live, &record);
			if (text_random(&random) % 3)
				continue;
			live_take_end(&live, &ended, pass * SECOND);
			seqs[i]++;
		}
		live_pass_end(&live);
		assert_true(live.count < 500);
		for (size_t i = 0; i < live.count; i++)
			assert_ptr_equal(live_find(&live, live.rows[i].now.end.cookie, live.rows[i].now.end.conn_seq),
					 &live.rows[i]);
	}
	assert_int_equal(live.omitted, 0);
}

static void test_limits(void **state)
{
	struct connection record = live_record(1, 5);
	const struct live_figures *figures;

	(void)state;
	record.bytes_sent = record.bytes_acked = 1000000;
	record.chrono_ns[CHRONO_RWND] = 3 * SECOND;
	live_pass(&live, 5, &record, 1);
	record.end.time_ns = 7 * SECOND;
	record.life.in_state_ns[STATE_ESTABLISHED] += 2 * SECOND;
	record.bytes_sent += 1000000;
	record.chrono_ns[CHRONO_SEND_BUFFER] = 2 * SECOND;
	live_pass(&live, 7, &record, 1);
	figures = &live_find(&live, 1001, 0)->figures;
	assert_int_equal(live_figures_limit(figures, false), LIMITED_BY_SEND_BUFFER);
	assert_int_equal(live_figures_limit(figures, true), LIMITED_BY_RECEIVER_WINDOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rates_of_brief_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_opened_and_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reuse, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rates_of_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unseen_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_visited_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_churn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

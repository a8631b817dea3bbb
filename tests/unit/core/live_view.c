/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The order of the live view: sort, places that stay, filter, selection and scrolling. */
#include "live_scene.h"

/* The order as digits: the numbers of the connections. */
static void check_order(const char *expected)
{
	char text[RECORDS + 1] = {0};

	for (size_t i = 0; i < view.count; i++)
		text[i] = (char)('0' + live_view_row(&view, &live, i)->now.end.cookie - 1000);
	assert_string_equal(text, expected);
}

static void test_numbers(void **state)
{
	const uint64_t rates[RECORDS] = {10, 500, 0, 40, 9000, 300};

	(void)state;
	pass(NULL);
	/* no rate is known yet */
	check_order("012345");
	pass(rates);
	check_order("415302");
	sort_by(LIVE_COLUMN_IN, true);
	check_order("203514");
	view.totals = true;
	sort_by(LIVE_COLUMN_IN, false);
	check_order("415302");
}

/* A value that changes a little moves no line; one that changes by half does. */
static void test_places_stay(void **state)
{
	(void)state;
	pass(NULL);
	pass((uint64_t[]){600, 500, 400, 300, 200, 100});
	check_order("012345");
	pass((uint64_t[]){400, 500, 590, 300, 200, 100});
	check_order("012345");
	pass((uint64_t[]){400, 500, 610, 300, 200, 100});
	check_order("201345");
	/* one that is silent, and one that wakes up */
	pass((uint64_t[]){0, 500, 610, 300, 200, 700});
	check_order("521340");
	/* another choice sorts anew */
	pass((uint64_t[]){0, 500, 510, 300, 200, 490});
	check_order("521340");
	view.totals = true;
	arrange();
	view.totals = false;
	arrange();
	check_order("215340");
}

static void test_words(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < RECORDS; i++) {
		records[i].end.owner.comm[3] = (char)('f' - i);
		records[i].end.duration_ns = SECOND / 2;
	}
	records[2].end.owner.source = OWNER_UNKNOWN;
	records[1].end.newstate = records[1].end.oldstate = STATE_CLOSE_WAIT;
	records[4].end.duration_ns = 100;
	records[5].end.duration_ns = DURATION_UNKNOWN;
	records[3].end.duration_ns = 200;
	pass(NULL);
	/* an unknown owner is last in each direction */
	sort_by(LIVE_COLUMN_NAME, false);
	check_order("543102");
	sort_by(LIVE_COLUMN_NAME, true);
	check_order("013452");
	sort_by(LIVE_COLUMN_PID, false);
	check_order("013452");
	sort_by(LIVE_COLUMN_REMOTE, true);
	check_order("543210");
	sort_by(LIVE_COLUMN_STATE, true);
	assert_int_equal(view.order[0], 1);
	sort_by(LIVE_COLUMN_AGE, true);
	assert_int_equal(view.order[0], 4);
	assert_int_equal(view.order[1], 3);
	assert_int_equal(view.order[5], 5);
}

static void test_sort_next(void **state)
{
	(void)state;
	for (int by = 0; by < LIVE_LISTENERS; by++) {
		view.by = (enum live_by)by;
		view.sort = LIVE_COLUMN_IN;
		for (int i = 0; i < LIVE_COLUMNS; i++) {
			live_view_sort_next(&view, 1);
			assert_true(live_column_applies((int)view.sort, view.by));
		}
		view.sort = LIVE_COLUMN_IN;
		live_view_sort_next(&view, 1);
		assert_int_equal(view.sort, LIVE_COLUMN_OUT);
		live_view_sort_next(&view, -1);
		assert_int_equal(view.sort, LIVE_COLUMN_IN);
	}
}

static void test_filter(void **state)
{
	static struct scope scope;
	struct parse_error error;
	struct connection ended[2] = {live_ended(2, 3), live_ended(3, 3)};

	(void)state;
	memset(&scope, 0, sizeof(scope));
	assert_int_equal(scope_add_comms(&scope, "app[24]", &error), 0);
	assert_int_equal(scope_complete(&scope, false, &error), 0);
	view.filter = &scope;
	pass(NULL);
	check_order("24");
	live_take_end(&live, &ended[0], 3 * SECOND);
	live_take_end(&live, &ended[1], 3 * SECOND);
	arrange();
	assert_int_equal(view.end_count, 1);
	assert_int_equal(live_view_end(&view, &live, 0)->last.end.cookie, 1002);
	view.filter = NULL;
	arrange();
	assert_int_equal(view.end_count, 2);
	assert_int_equal(view.count, RECORDS);
	/* the newest first */
	assert_int_equal(live_view_end(&view, &live, 0)->last.end.cookie, 1003);
}

static uint64_t selected_cookie(void)
{
	bool is_open;
	const struct connection *connection = live_view_selected(&view, &live, &is_open);

	return connection ? connection->end.cookie : 0;
}

/* The selection goes with its connection, and stays at its place when that is gone. */
static void test_selection(void **state)
{
	struct connection ended = live_ended(1, 4);
	bool is_open;

	(void)state;
	pass(NULL);
	pass((uint64_t[]){600, 500, 400, 300, 200, 100});
	assert_int_equal(selected_cookie(), 1000);
	live_view_move(&view, &live, 1);
	assert_int_equal(selected_cookie(), 1001);
	pass((uint64_t[]){600, 50, 400, 300, 200, 100});
	check_order("023451");
	assert_int_equal(selected_cookie(), 1001);
	live_view_move(&view, &live, -100);
	assert_int_equal(selected_cookie(), 1000);
	live_view_move(&view, &live, 100);
	assert_int_equal(selected_cookie(), 1001);
	live_take_end(&live, &ended, now * SECOND);
	live_pass(&live, ++now, records + 2, RECORDS - 2);
	arrange();
	check_order("02345");
	assert_int_equal(selected_cookie(), 1005);
	view.among_ends = true;
	assert_ptr_equal(live_view_selected(&view, &live, &is_open), &live.ends[0].last);
	assert_false(is_open);
}

/* The busiest stays in sight while nobody has chosen a line. */
static void test_first_selected(void **state)
{
	(void)state;
	pass(NULL);
	pass((uint64_t[]){600, 500, 400, 300, 200, 100});
	pass((uint64_t[]){1, 500, 400, 300, 200, 100});
	check_order("123450");
	assert_int_equal(selected_cookie(), 1001);
	/* as for the details of the first one */
	view.is_chosen = true;
	pass((uint64_t[]){1, 5, 400, 300, 200, 100});
	check_order("234510");
	assert_int_equal(selected_cookie(), 1001);
	live_view_move(&view, &live, -100);
	pass((uint64_t[]){1, 5, 4, 300, 200, 100});
	check_order("345120");
	assert_int_equal(selected_cookie(), 1003);
}

static void test_scroll(void **state)
{
	(void)state;
	pass(NULL);
	live_view_scroll(&view, 3, 2);
	assert_int_equal(view.top, 0);
	live_view_move(&view, &live, 3);
	live_view_scroll(&view, 3, 2);
	assert_int_equal(view.top, 1);
	live_view_move(&view, &live, -1);
	live_view_scroll(&view, 3, 2);
	assert_int_equal(view.top, 1);
	live_view_move(&view, &live, 100);
	live_view_scroll(&view, 3, 2);
	assert_int_equal(view.top, 3);
	/* a larger screen has no empty lines while there is something to show */
	live_view_scroll(&view, 5, 2);
	assert_int_equal(view.top, 1);
	live_view_scroll(&view, 10, 2);
	assert_int_equal(view.top, 0);
	live_view_scroll(&view, 0, 0);
}

static void test_listeners(void **state)
{
	static struct scope scope;
	struct listener_record listener = {.socket = {.lport = 80, .ip_version = 4, .newstate = STATE_LISTEN}};
	struct parse_error error;

	(void)state;
	listener_table_begin(&live.listeners);
	for (uint64_t i = 0; i < 3; i++) {
		listener.socket.skaddr = 100 + i;
		listener.socket.lport = (uint16_t)(82 - i);
		assert_int_equal(listener_table_add(&live.listeners, &listener), 0);
	}
	listener_table_end(&live.listeners);
	view.by = LIVE_LISTENERS;
	pass(NULL);
	assert_int_equal(view.count, 3);
	assert_int_equal(live_view_listener(&view, &live, 0)->now.socket.lport, 80);
	assert_null(live_view_row(&view, &live, 0));
	assert_null(live_view_group(&view, 0));
	live_view_move(&view, &live, 1);
	assert_int_equal(view.selected, 1);
	live_view_sort_next(&view, 1);
	memset(&scope, 0, sizeof(scope));
	assert_int_equal(scope_add_ports(&scope, false, "82", &error), 0);
	assert_int_equal(scope_complete(&scope, false, &error), 0);
	view.filter = &scope;
	arrange();
	assert_int_equal(view.count, 1);
	assert_int_equal(live_view_listener(&view, &live, 0)->now.socket.lport, 82);
	assert_null(live_view_listener(&view, &live, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_places_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sort_next, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_selection, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_selected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scroll, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listeners, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The order of the live view: sort, places that stay, filter, groups, selection and scrolling. */
#include "core/live_view.h"

#include "live_records.h"

#define RECORDS 6

static struct live live;
static struct live_view view;
static struct connection records[RECORDS];
static uint64_t bytes[RECORDS];
static unsigned int now;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(live_open(&live), 0);
	view = (struct live_view){.sort = LIVE_COLUMN_IN};
	now = 1;
	for (unsigned int i = 0; i < RECORDS; i++) {
		records[i] = live_record(i, 1);
		records[i].life.is_old = 1;
		bytes[i] = 0;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	live_view_close(&view);
	live_close(&live);
	return 0;
}

static void group_by(const char *words)
{
	static struct labels labels[2];
	static unsigned int count;
	struct parse_error error;

	/* other words are another struct */
	view.by = LIVE_BY_GROUP;
	view.labels = &labels[++count % 2];
	assert_int_equal(labels_parse_groups(words, &labels[count % 2], &error), 0);
}

/* The name of the group at a place: values with commas between them, a dash for an unknown one. */
static const char *name_at(size_t place)
{
	static char text[LABELS_RAW_MAX];
	const struct live_group *group = live_view_group(&view, place);
	struct label_part parts[LABELS_MAX];
	size_t count = labels_split(group->name, group->name_length, parts);

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(text, i ? "," : "");
		if (parts[i].known == LABEL_KNOWN)
			strncat(text, parts[i].value.bytes, parts[i].value.length);
		else
			strcat(text, parts[i].known == LABEL_NONE ? "none" : "-");
	}
	return text;
}

static void arrange(void)
{
	assert_int_equal(live_view_arrange(&view, &live, now * SECOND), 0);
}

/* A pass a second later, in which connection I has received rates[I] bytes. */
static void pass(const uint64_t rates[RECORDS])
{
	now++;
	for (unsigned int i = 0; i < RECORDS; i++) {
		records[i].end.time_ns = now * SECOND;
		records[i].bytes_received = bytes[i] += rates ? rates[i] : 0;
	}
	live_pass(&live, now, records, RECORDS);
	arrange();
}

/* The order as digits: the numbers of the connections. */
static void check_order(const char *expected)
{
	char text[RECORDS + 1] = {0};

	for (size_t i = 0; i < view.count; i++)
		text[i] = (char)('0' + live_view_row(&view, &live, i)->now.end.cookie - 1000);
	assert_string_equal(text, expected);
}

static void sort_by(enum live_column column, bool reverse)
{
	view.sort = column;
	view.is_reversed = reverse;
	arrange();
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

static void test_processes(void **state)
{
	(void)state;
	records[1].end.owner = records[0].end.owner;
	records[4].end.owner = records[5].end.owner = (struct owner){.source = OWNER_UNKNOWN};
	group_by("comm,pid");
	pass(NULL);
	pass((uint64_t[]){600, 500, 400, 300, 9000, 100});
	assert_int_equal(view.count, 4);
	assert_int_equal(live_view_group(&view, 0)->figures.connections, 2);
	assert_string_equal(name_at(0), "-,-");
	assert_int_equal(live_view_group(&view, 1)->figures.rate[LIVE_IN], 1100);
	assert_string_equal(name_at(1), "app0,300");
	assert_null(live_view_row(&view, &live, 0));
	sort_by(LIVE_COLUMN_NAME, false);
	/* the unknown one is last */
	assert_string_equal(name_at(3), "-,-");
	/* a process without connections is forgotten */
	live_pass(&live, ++now, records, 2);
	live_pass(&live, ++now, records, 2);
	arrange();
	assert_int_equal(view.count, 1);
}

/* A process whose connections are brief has their rates, also when none is open. */
static void test_processes_of_brief_ones(void **state)
{
	struct connection ended = live_ended(0, 3), other = live_ended(7, 3);

	(void)state;
	group_by("comm");
	pass(NULL);
	ended.end.cookie = 4711;
	ended.bytes_received = 500;
	other.bytes_received = 900;
	live_take_end(&live, &ended, 3 * SECOND);
	live_take_end(&live, &other, 3 * SECOND);
	pass((uint64_t[]){600, 500, 400, 300, 200, 100});
	assert_int_equal(view.count, RECORDS + 1);
	assert_string_equal(name_at(0), "app0");
	assert_int_equal(live_view_group(&view, 0)->figures.rate[LIVE_IN], 1100);
	assert_int_equal(live_view_group(&view, 0)->figures.connections, 1);
	assert_string_equal(name_at(1), "app7");
	assert_int_equal(live_view_group(&view, 1)->figures.connections, 0);
	pass(NULL);
	assert_int_equal(view.count, RECORDS);
}

static void test_peers(void **state)
{
	(void)state;
	records[1].end.raddr[2] = records[0].end.raddr[2];
	records[1].end.raddr[3] = 77;
	records[2].end.ip_version = 6;
	memcpy(records[2].end.raddr, (uint8_t[16]){0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 16);
	group_by("prefix:24/64");
	pass(NULL);
	sort_by(LIVE_COLUMN_CONNECTIONS, false);
	assert_int_equal(view.count, 5);
	assert_string_equal(name_at(0), "192.0.2.0/24");
	assert_int_equal(live_view_group(&view, 0)->figures.connections, 2);
	sort_by(LIVE_COLUMN_NAME, true);
	assert_string_equal(name_at(0), "2001:db8:1:2::/64");
}

static uint64_t nameless; /* cgroups from this one on have no name */

/* Cgroups 70 and 71 are of one unit, 72 is of another, and 73 of none. */
static const struct names *find_names(void *context, const struct grouping *grouping, const struct group_key *key)
{
	static struct names names;
	uint64_t cgroup = grouping_ids(grouping, key).cgroup_id;

	(void)context;
	names = (struct names){.cgroup = {"/a", 2}};
	if (cgroup == 70 || cgroup == 71)
		names.unit = (struct name){"ssh.service", 11};
	else if (cgroup == 72)
		names.unit = (struct name){"nginx.service", 13};
	return cgroup >= nameless ? NULL : &names;
}

static void test_units(void **state)
{
	static const struct live_world world = {.names = find_names};
	struct live_id id;

	(void)state;
	nameless = 74;
	view.world = &world;
	group_by("unit");
	pass(NULL);
	sort_by(LIVE_COLUMN_NAME, false);
	assert_int_equal(view.count, 4);
	assert_string_equal(name_at(0), "nginx.service");
	assert_string_equal(name_at(1), "ssh.service");
	assert_int_equal(live_view_group(&view, 1)->figures.connections, 2);
	/* "-" and "none" */
	assert_int_equal(
		live_view_group(&view, 2)->figures.connections + live_view_group(&view, 3)->figures.connections, 3);
	/* a name is found later */
	id = live_view_group(&view, 1)->id;
	nameless = 75;
	pass(NULL);
	assert_int_equal(view.count, 4);
	assert_true(live_id_equals(live_view_group(&view, 1)->id, id));
	nameless = 100;
	pass(NULL);
	assert_int_equal(view.count, 3);
	/* back to connections */
	view.by = LIVE_BY_CONNECTION;
	arrange();
	assert_int_equal(view.count, RECORDS);
}

/* Ports are numbers, and an ephemeral one is no name of a service. */
static void test_ports(void **state)
{
	static const struct live_world world = {.ephemeral_first = 32768, .ephemeral_last = 60999};

	(void)state;
	records[0].end.lport = 8080;
	records[1].end.lport = 80;
	records[2].end.lport = 9;
	records[3].end.lport = 40000;
	view.world = &world;
	group_by("port,role");
	pass(NULL);
	sort_by(LIVE_COLUMN_NAME, false);
	assert_int_equal(view.count, 5);
	assert_string_equal(name_at(0), "9,server");
	assert_string_equal(name_at(1), "80,server");
	assert_string_equal(name_at(2), "443,server");
	assert_string_equal(name_at(3), "8080,server");
	assert_string_equal(name_at(4), "ephemeral,server");
}

static void pass_of_peers(unsigned int first, unsigned int count)
{
	static struct connection many[3 * GROUP_TABLE_MAX];

	for (unsigned int i = 0; i < count; i++) {
		many[i] = live_record(1, now + 1);
		many[i].end.cookie = 5000 + first + i;
		memcpy(many[i].end.raddr + 2, &(uint16_t){(uint16_t)(first + i)}, 2);
	}
	live_pass(&live, ++now, many, count);
	live_pass(&live, ++now, many, count);
	arrange();
}

/* Groups beyond the limit are one line. Groups that are gone make room, and the others keep their line. */
static void test_many_groups(void **state)
{
	uint64_t connections = 0;
	struct live_id id;

	(void)state;
	group_by("raddr");
	pass_of_peers(0, GROUP_TABLE_MAX + 5);
	assert_int_equal(view.count, GROUP_TABLE_MAX + 1);
	for (size_t i = 0; i < view.count; i++) {
		const struct live_group *group = live_view_group(&view, i);

		connections += group->figures.connections;
		assert_int_equal(group->figures.connections, group->name ? 1 : 5);
	}
	assert_int_equal(connections, GROUP_TABLE_MAX + 5);
	pass_of_peers(7, 3);
	assert_int_equal(view.count, 3);
	id = live_view_group(&view, 0)->id;
	pass_of_peers(7, 3);
	assert_int_equal(view.groups.count, 4);
	assert_true(live_id_equals(live_view_group(&view, 0)->id, id));
	pass_of_peers(20000, 3);
	assert_int_equal(view.count, 3);
	assert_non_null(live_view_group(&view, 0)->name);
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
		cmocka_unit_test_setup_teardown(test_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_processes_of_brief_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_peers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_units, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listeners, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

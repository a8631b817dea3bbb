/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Groups of the live view: names, rates, and a bounded number of them. */
#include "live_scene.h"

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

/* Groups that are gone give their places back, also while most are not gone. */
static void test_places_of_groups(void **state)
{
	(void)state;
	group_by("raddr");
	pass_of_peers(0, 6000);
	pass_of_peers(4000, 8240);
	pass_of_peers(4000, 8240);
	assert_int_equal(view.count, 8240);
	for (size_t i = 0; i < view.count; i++)
		assert_non_null(live_view_group(&view, i)->name);
}

/* An interval of more than the minute in which ends are shown has all its ends in the rates. */
static void test_long_interval(void **state)
{
	struct connection ended = live_ended(7, 3);

	(void)state;
	group_by("comm");
	pass(NULL);
	ended.bytes_received = 9900;
	live_take_end(&live, &ended, 3 * SECOND);
	now += 98;
	pass(NULL);
	assert_int_equal(view.end_count, 0);
	assert_string_equal(name_at(0), "app7");
	assert_int_equal(live_view_group(&view, 0)->figures.rate[LIVE_IN], 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_processes_of_brief_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_peers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_units, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_places_of_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_interval, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

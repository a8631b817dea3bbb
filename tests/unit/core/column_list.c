/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists of columns: the columns of each view, and lists that a user names. */
#include "core/column.h"

#include "text.h"

#include <errno.h>
#include <stdio.h>

static void check_list(struct column_list list, const char *names)
{
	struct strbuf sb = text_new(256);

	for (size_t i = 0; i < list.count; i++) {
		if (i)
			strbuf_append_char(&sb, ',');
		strbuf_append_string(&sb, column_table[list.ids[i]].name);
	}
	text_check(&sb, names);
}

static void test_default(void **state)
{
	(void)state;
	check_list(column_list_default(COLUMN_STYLE_TEXT, false, false),
		   "SKADDR,PID,COMM,LADDR,LPORT,RADDR,RPORT,OLDSTATE,NEWSTATE,MS");
	check_list(column_list_default(COLUMN_STYLE_WIDE, true, false),
		   "TIME,SKADDR,PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,OLDSTATE,NEWSTATE,MS");
	check_list(column_list_default(COLUMN_STYLE_CSV, false, true),
		   "TIME(s),SKADDR,PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,OLDSTATE,NEWSTATE,MS");
	check_list(column_list_default(COLUMN_STYLE_TEXT, true, true),
		   "TIME,TIME(s),SKADDR,PID,COMM,LADDR,LPORT,RADDR,RPORT,OLDSTATE,NEWSTATE,MS");
}

static void test_stuck(void **state)
{
	(void)state;
	check_list(column_list_stuck(COLUMN_STYLE_TEXT, false, false),
		   "PID,COMM,OWNER,LADDR,LPORT,RADDR,RPORT,STATE,SINCE,ATLEAST");
	check_list(column_list_stuck(COLUMN_STYLE_WIDE, true, true),
		   "TIME,TIME(s),PID,COMM,OWNER,IP,LADDR,LPORT,RADDR,RPORT,STATE,SINCE,ATLEAST");
}

static void test_connections(void **state)
{
	(void)state;
	check_list(column_list_connections(COLUMN_STYLE_TEXT, false, false), "PID,COMM,LADDR,LPORT,RADDR,RPORT");
	check_list(column_list_connections(COLUMN_STYLE_CSV, true, true),
		   "TIME,TIME(s),PID,COMM,IP,LADDR,LPORT,RADDR,RPORT");
}

static void check_refused(const char *text, bool stuck, const char *word)
{
	struct parse_error error;
	struct column_list list;

	assert_int_equal(column_list_parse(text, &list, &error), 0);
	assert_int_equal(column_list_check(&list, !stuck, &error), 0);
	assert_int_equal(column_list_check(&list, stuck, &error), -EINVAL);
	assert_non_null(strstr(error.text, word));
}

/* Columns that a transition has and a connection has not, and the other way round; the rest is of both. */
static void test_check(void **state)
{
	struct parse_error error;
	struct column_list list = column_list_default(COLUMN_STYLE_CSV, true, true);

	(void)state;
	check_refused("PID,OLDSTATE", true, "\"OLDSTATE\"");
	check_refused("NEWSTATE", true, "\"NEWSTATE\"");
	check_refused("MS,SYNRETRANS", true, "\"SYNRETRANS\"");
	check_refused("CAUSE", true, "\"CAUSE\"");
	check_refused("PID,STATE", false, "\"STATE\"");
	assert_int_equal(column_list_check(&list, false, &error), 0);
	assert_int_equal(column_list_parse("PID,MS,SINCE,ATLEAST,CGPATH,NETNS", &list, &error), 0);
	assert_int_equal(column_list_check(&list, false, &error), 0);
	assert_int_equal(column_list_check(&list, true, &error), 0);
}

static void accept(const char *text, const char *names)
{
	struct parse_error error = {"untouched"};
	struct column_list list;

	assert_int_equal(column_list_parse(text, &list, &error), 0);
	assert_string_equal(error.text, "untouched");
	check_list(list, names);
}

static void refuse(const char *text, const char *word, const char *why)
{
	struct parse_error error;
	struct column_list list = {.ids = {7}, .count = 1};
	char message[1024];

	assert_int_equal(column_list_parse(text, &list, &error), -EINVAL);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.ids[0], 7);
	snprintf(message, sizeof(message), "column \"%s\": %s", word, why);
	assert_string_equal(error.text, message);
}

static void test_parse(void **state)
{
	static const char twice[] = "named twice; name each column once";
	char not [512];

	(void)state;
	/* all of it: the names at the end must not be cut */
	snprintf(not, sizeof(not ), "not one of %s", column_names());
	accept("PID", "PID");
	accept("pid,Comm,mS", "PID,COMM,MS");
	accept("ms,pid", "MS,PID");
	accept("time(s)", "TIME(s)");
	accept("elapsed", "TIME(s)");
	accept("TIME,TIMESTAMP,ELAPSED", "TIME,TIMESTAMP,TIME(s)");
	accept("newstate,oldstate", "NEWSTATE,OLDSTATE");
	refuse("", "", not );
	refuse(",", "", not );
	refuse("PID,", "", not );
	refuse(",PID", "", not );
	refuse("PID,,COMM", "", not );
	refuse("PIDS", "PIDS", not );
	refuse("PI", "PI", not );
	refuse("PID ,COMM", "PID ", not );
	refuse("PID, COMM", " COMM", not );
	refuse("PID;COMM", "PID;COMM", not );
	refuse("pid,\x1b[31m", "\\x1B[31m", not );
	refuse("PID,COMM,PID", "PID", twice);
	refuse("PID,pid", "pid", twice);
	refuse("ELAPSED,TIME(s)", "TIME(s)", twice);
	refuse("\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
	       "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
	       "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
	       "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80...",
	       not );
}

static void test_prepend(void **state)
{
	struct column_list list = {.ids = {COLUMN_PID, COLUMN_MS}, .count = 2};

	(void)state;
	column_list_prepend(&list, COLUMN_TIME);
	check_list(list, "TIME,PID,MS");
	column_list_prepend(&list, COLUMN_MS);
	check_list(list, "TIME,PID,MS");
	column_list_prepend(&list, COLUMN_ELAPSED);
	check_list(list, "TIME(s),TIME,PID,MS");
	for (enum column_id id = 0; id < COLUMN_COUNT; id++)
		column_list_prepend(&list, id);
	assert_int_equal(list.count, COLUMN_COUNT);
}

/* The list of names parses as a whole and is every column in the order of the enum. */
static void test_names(void **state)
{
	struct parse_error error;
	struct column_list list;

	(void)state;
	assert_int_equal(column_list_parse(column_names(), &list, &error), 0);
	assert_int_equal(list.count, COLUMN_COUNT);
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		assert_int_equal(list.ids[i], i);
}

static void check_asked(const char *columns, unsigned int names)
{
	struct parse_error error;
	struct column_list list;

	assert_int_equal(column_list_parse(columns, &list, &error), 0);
	assert_int_equal(column_list_names(&list), names);
}

/* Nothing is looked up that no column shows. */
static void test_asked(void **state)
{
	struct column_list peers = column_list_default(COLUMN_STYLE_WIDE, true, true);

	(void)state;
	assert_int_equal(column_list_names(&peers), 0);
	check_asked("CGROUP,NETNS,LPORT,RPORT,COMM,CAUSE", 0);
	check_asked("PID,CGPATH", NAMES_CGROUP);
	check_asked("UNIT", NAMES_CGROUP);
	check_asked("CONTAINER", NAMES_CGROUP);
	check_asked("POD", NAMES_CGROUP);
	check_asked("NETNSNAME", NAMES_NETNS);
	check_asked(column_names(), NAMES_CGROUP | NAMES_NETNS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default), cmocka_unit_test(test_stuck), cmocka_unit_test(test_connections),
		cmocka_unit_test(test_check),   cmocka_unit_test(test_parse), cmocka_unit_test(test_prepend),
		cmocka_unit_test(test_names),   cmocka_unit_test(test_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

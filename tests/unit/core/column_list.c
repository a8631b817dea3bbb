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
	check_list(column_list_connections(COLUMN_STYLE_TEXT, false, false),
		   "PID,COMM,LADDR,LPORT,RADDR,RPORT,TX_KB,RX_KB,MS,CAUSE,LIMIT");
	check_list(column_list_connections(COLUMN_STYLE_CSV, true, true),
		   "TIME,TIME(s),PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,ROLE,TX,RX,MS,RETRANS,SRTT_US,CAUSE,LIMIT");
}

static void test_retransmissions(void **state)
{
	(void)state;
	check_list(column_list_retransmissions(COLUMN_STYLE_TEXT, false, false),
		   "PID,COMM,LADDR,LPORT,RADDR,RPORT,STATE,KIND,SEQNO,BYTES,SEGS,RETRANS");
	check_list(column_list_retransmissions(COLUMN_STYLE_CSV, true, true),
		   "TIME,TIME(s),PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,STATE,KIND,SEQNO,BYTES,SEGS,RETRANS");
}

static void test_listeners(void **state)
{
	struct parse_error error;
	struct column_list list;

	(void)state;
	check_list(column_list_listeners(COLUMN_STYLE_TEXT, false, true),
		   "TIME(s),PID,COMM,LADDR,LPORT,BACKLOG,MAX,HIGHEST,ACCEPT/S,DROPS,SYNRECV,COOKIES,OVERFLOW");
	check_list(
		column_list_listeners(COLUMN_STYLE_CSV, false, false),
		"TIMESTAMP,PID,COMM,IP,LADDR,LPORT,BACKLOG,MAX,HIGHEST,ACCEPT/S,ACCEPTED,DROPPED,DROPS,SYNRECV,COOKIES,"
		"OVERFLOW");
	assert_int_equal(column_list_parse("unit,queued,LPORT", COLUMNS_OF_LISTENERS, &list, &error), 0);
	check_list(list, "UNIT,QUEUED,LPORT");
	/* no remote end, and no column of another kind of row */
	assert_int_equal(column_list_parse("RADDR", COLUMNS_OF_LISTENERS, &list, &error), -EINVAL);
	assert_int_equal(column_list_parse("LIMIT", COLUMNS_OF_LISTENERS, &list, &error), -EINVAL);
	assert_non_null(strstr(error.text, "--listeners does not have this column"));
	assert_int_equal(column_list_parse("BACKLOGS", COLUMNS_OF_LISTENERS, &list, &error), -EINVAL);
	assert_non_null(strstr(error.text, column_names(COLUMNS_OF_LISTENERS)));
	for (enum column_set set = COLUMNS_OF_TRANSITIONS; set < COLUMNS_OF_CONNECTIONS; set++) {
		assert_int_equal(column_list_parse("BACKLOG", set, &list, &error), -EINVAL);
		assert_non_null(strstr(error.text, "only --listeners has this column"));
	}
	assert_int_equal(column_list_parse("BACKLOG", COLUMNS_OF_CONNECTIONS, &list, &error), -EINVAL);
}

/* All names of a transition's or a stuck connection's columns without STATE. */
static const char *without_state(void)
{
	static char names[1024];
	const char *all = column_names(COLUMNS_OF_TRANSITIONS), *state = strstr(all, "STATE,SINCE");

	snprintf(names, sizeof(names), "%.*s%s", (int)(state - all), all, state + strlen("STATE,"));
	return names;
}

static void check_refused(const char *text, enum column_set set, enum column_set other, const char *word)
{
	struct parse_error error;
	struct column_list list;

	assert_int_equal(column_list_parse(text, other, &list, &error), 0);
	assert_int_equal(column_list_parse(text, set, &list, &error), -EINVAL);
	assert_non_null(strstr(error.text, word));
	assert_null(strstr(error.text, "not one of"));
}

/* Columns that only some kinds of rows have; the rest is of all. */
static void test_sets(void **state)
{
	static const char common[] = "PID,MS,CGPATH,NETNS";
	struct parse_error error;
	struct column_list list;

	(void)state;
	check_refused("PID,OLDSTATE", COLUMNS_OF_STUCK, COLUMNS_OF_TRANSITIONS, "\"OLDSTATE\"");
	check_refused("NEWSTATE", COLUMNS_OF_STUCK, COLUMNS_OF_TRANSITIONS, "\"NEWSTATE\"");
	check_refused("MS,SYNRETRANS", COLUMNS_OF_STUCK, COLUMNS_OF_TRANSITIONS, "\"SYNRETRANS\"");
	check_refused("CAUSE", COLUMNS_OF_STUCK, COLUMNS_OF_TRANSITIONS, "\"CAUSE\"");
	check_refused("PID,STATE", COLUMNS_OF_TRANSITIONS, COLUMNS_OF_STUCK, "\"STATE\"");
	check_refused("NEWSTATE", COLUMNS_OF_CONNECTIONS, COLUMNS_OF_TRANSITIONS, "\"NEWSTATE\"");
	check_refused("SINCE", COLUMNS_OF_CONNECTIONS, COLUMNS_OF_STUCK, "\"SINCE\"");
	check_refused("LIMIT", COLUMNS_OF_TRANSITIONS, COLUMNS_OF_CONNECTIONS, "only -c");
	check_refused("RTO_MS", COLUMNS_OF_STUCK, COLUMNS_OF_CONNECTIONS, "only -c");
	check_refused("KIND", COLUMNS_OF_TRANSITIONS, COLUMNS_OF_RETRANSMISSIONS, "only --retransmits");
	check_refused("SEQNO", COLUMNS_OF_STUCK, COLUMNS_OF_RETRANSMISSIONS, "only --retransmits");
	check_refused("SEGS", COLUMNS_OF_CONNECTIONS, COLUMNS_OF_RETRANSMISSIONS, "-c does not have");
	check_refused("OLDSTATE", COLUMNS_OF_RETRANSMISSIONS, COLUMNS_OF_TRANSITIONS, "--retransmits does not have");
	check_refused("MS", COLUMNS_OF_RETRANSMISSIONS, COLUMNS_OF_STUCK, "--retransmits does not have");
	check_refused("LIMIT", COLUMNS_OF_RETRANSMISSIONS, COLUMNS_OF_CONNECTIONS, "--retransmits does not have");
	assert_int_equal(
		column_list_parse("pid,state,kind,retrans,netnsname", COLUMNS_OF_RETRANSMISSIONS, &list, &error), 0);
	assert_int_equal(list.ids[3], COLUMN_RETRANS_TOTAL);
	assert_int_equal(column_list_parse("NOPE", COLUMNS_OF_RETRANSMISSIONS, &list, &error), -EINVAL);
	assert_non_null(strstr(error.text, ",RPORT,STATE,KIND,SEQNO,BYTES,SEGS,RETRANS,CGPATH,"));
	for (enum column_set set = COLUMNS_OF_TRANSITIONS; set <= COLUMNS_OF_CONNECTIONS; set++)
		assert_int_equal(column_list_parse(common, set, &list, &error), 0);
	/* the names that connections share with transitions are columns of their own */
	assert_int_equal(column_list_parse("MS,CAUSE,SYNRETRANS", COLUMNS_OF_CONNECTIONS, &list, &error), 0);
	assert_int_equal(list.ids[0], COLUMN_TOTAL_MS);
	assert_int_equal(list.ids[1], COLUMN_END);
	assert_int_equal(list.ids[2], COLUMN_SYNS_RETRANS);
}

static void accept(const char *text, const char *names)
{
	struct parse_error error = {"untouched"};
	struct column_list list;

	assert_int_equal(column_list_parse(text, COLUMNS_OF_TRANSITIONS, &list, &error), 0);
	assert_string_equal(error.text, "untouched");
	check_list(list, names);
}

static void refuse(const char *text, const char *word, const char *why)
{
	struct parse_error error;
	struct column_list list = {.ids = {7}, .count = 1};
	char message[2048];

	assert_int_equal(column_list_parse(text, COLUMNS_OF_TRANSITIONS, &list, &error), -EINVAL);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.ids[0], 7);
	snprintf(message, sizeof(message), "column \"%s\": %s", word, why);
	assert_string_equal(error.text, message);
}

static void test_parse(void **state)
{
	static const char twice[] = "named twice; name each column once";
	char not [1024];

	(void)state;
	/* all of it: the names at the end must not be cut */
	snprintf(not, sizeof(not ), "not one of %s", column_names(COLUMNS_OF_TRANSITIONS));
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

/* The lists of names parse as a whole, and have all columns, in the order of the enum. */
static void test_names(void **state)
{
	struct column_list rows, connections, retransmissions, listeners;
	struct parse_error error;
	bool seen[COLUMN_COUNT] = {};

	(void)state;
	/* each set but STATE and the four columns that it stands for */
	assert_int_equal(column_list_parse("STATE", COLUMNS_OF_STUCK, &rows, &error), 0);
	seen[rows.ids[0]] = true;
	assert_int_equal(column_list_parse(without_state(), COLUMNS_OF_TRANSITIONS, &rows, &error), 0);
	assert_int_equal(
		column_list_parse(column_names(COLUMNS_OF_CONNECTIONS), COLUMNS_OF_CONNECTIONS, &connections, &error),
		0);
	assert_int_equal(column_list_parse(column_names(COLUMNS_OF_RETRANSMISSIONS), COLUMNS_OF_RETRANSMISSIONS,
					   &retransmissions, &error),
			 0);
	for (size_t i = 0; i < retransmissions.count; i++)
		seen[retransmissions.ids[i]] = true;
	assert_int_equal(
		column_list_parse(column_names(COLUMNS_OF_LISTENERS), COLUMNS_OF_LISTENERS, &listeners, &error), 0);
	for (size_t i = 0; i < listeners.count; i++)
		seen[listeners.ids[i]] = true;
	for (size_t i = 0; i < rows.count; i++)
		seen[rows.ids[i]] = true;
	for (size_t i = 0; i < connections.count; i++)
		seen[connections.ids[i]] = true;
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		assert_true(seen[i]);
}

/* The error about a connection's column has all of their names, too. */
static void test_unknown_of_connections(void **state)
{
	struct parse_error error;
	struct column_list list;

	(void)state;
	assert_int_equal(column_list_parse("LIMITS", COLUMNS_OF_CONNECTIONS, &list, &error), -EINVAL);
	assert_non_null(strstr(error.text, column_names(COLUMNS_OF_CONNECTIONS)));
}

static void test_append_names(void **state)
{
	struct column_list list = {.ids = {COLUMN_PID}, .count = 1};

	(void)state;
	column_list_append_names(&list);
	check_list(list, "PID,CGPATH,UNIT,CONTAINER,POD,NETNSNAME");
}

static void check_asked(const char *columns, unsigned int names)
{
	struct parse_error error;
	struct column_list list;

	assert_int_equal(column_list_parse(columns, COLUMNS_OF_TRANSITIONS, &list, &error), 0);
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
	check_asked(without_state(), NAMES_CGROUP | NAMES_NETNS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default),      cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_connections),  cmocka_unit_test(test_retransmissions),
		cmocka_unit_test(test_listeners),    cmocka_unit_test(test_sets),
		cmocka_unit_test(test_append_names), cmocka_unit_test(test_unknown_of_connections),
		cmocka_unit_test(test_parse),        cmocka_unit_test(test_prepend),
		cmocka_unit_test(test_names),        cmocka_unit_test(test_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

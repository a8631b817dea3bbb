/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of tcpstates --listeners. */
#include "output/listener.h"

#include "core/append.h"
#include "output/csv.h"
#include "output/table.h"

#include "records.h"

#define NS_PER_S 1000000000ULL

static struct listener_row listener(void)
{
	struct listener_row row = {
		.now = {.socket = records[0],
			.since_ns = NS_PER_S,
			.limit = 128,
			.backlog = 3,
			.drops = 17,
			.syn_recv = 2,
			.syn_cookies = 1,
			.syn_cookie_age_ns = SYN_COOKIE_NEVER},
		.interval_ns = 2 * NS_PER_S,
		.queued = 27,
		.accepted = 25,
		.dropped = 4,
		.highest = 90,
		.highest_ever = 129,
		.overflow = LISTENER_DROPS,
	};

	row.now.socket.owner.source = OWNER_LISTEN;
	row.now.socket.oldstate = row.now.socket.newstate = STATE_LISTEN;
	row.now.socket.lport = 80;
	memset(row.now.socket.raddr, 0, sizeof(row.now.socket.raddr));
	row.now.socket.rport = 0;
	return row;
}

/* The first row of a listener without an owner, for which there was no memory. */
static struct listener_row unknown(void)
{
	struct listener_row row = listener();

	row.now.socket.owner.source = OWNER_UNKNOWN;
	row.now.since_ns = 0;
	row.now.syn_cookies = SYN_COOKIES_UNKNOWN;
	row.now.syn_cookie_age_ns = SYN_COOKIE_AGE_UNKNOWN;
	row.interval_ns = 0;
	row.overflow = LISTENER_PAST;
	return row;
}

static void test_text(void **state)
{
	struct column_list columns = column_list_listeners(COLUMN_STYLE_TEXT, false, false);
	struct listener_row row = listener(), first = unknown();
	struct strbuf sb = text_new(4 * ROW_TEXT_MAX);

	(void)state;
	table_header(&sb, &columns, COLUMN_STYLE_TEXT);
	listener_text(&sb, &columns, COLUMN_STYLE_TEXT, &row, NULL, &records_base);
	listener_text(&sb, &columns, COLUMN_STYLE_TEXT, &first, NULL, &records_base);
	text_check(&sb,
		   "PID     COMM       LADDR           LPORT BACKLOG MAX     HIGHEST ACCEPT/S DROPS   SYNRECV COOKIES "
		   "OVERFLOW\n"
		   "2607    curl       127.0.0.1       80    3       128     129     12.5     17      2       no      "
		   "drops\n"
		   "-       -          127.0.0.1       80    3       128     129     -        17      2       -       "
		   "past\n");
}

static void test_csv(void **state)
{
	struct column_list columns = column_list_listeners(COLUMN_STYLE_CSV, false, false);
	struct listener_row row = listener(), first = unknown();
	struct strbuf sb = text_new(4 * ROW_TEXT_MAX);

	(void)state;
	csv_header(&sb, &columns);
	listener_csv(&sb, &columns, &row, NULL, &records_base);
	listener_csv(&sb, &columns, &first, NULL, &records_base);
	text_check(
		&sb,
		"TIMESTAMP,PID,COMM,IP,LADDR,LPORT,BACKLOG,MAX,HIGHEST,ACCEPT/S,ACCEPTED,DROPPED,DROPS,SYNRECV,COOKIES,"
		"OVERFLOW\n"
		"2026-11-22T12:31:49.123456Z,2607,curl,4,127.0.0.1,80,3,128,129,12.5,25,4,17,2,no,drops\n"
		"2026-11-22T12:31:49.123456Z,,,4,127.0.0.1,80,3,128,129,,,,17,2,,past\n");
}

#define SOCKET(owner)                                                                                                  \
	"{\"v\":1,\"type\":\"listener\",\"time\":\"2026-11-22T12:31:49.123456Z\",\"cookie\":4711,\"conn_seq\":0,"      \
	"\"skaddr\":\"ffff888102a1e5c0\"," owner "\"family\":4,\"laddr\":\"127.0.0.1\",\"lport\":80,"                  \
	"\"raddr\":\"0.0.0.0\",\"rport\":0,"

static void test_json(void **state)
{
	struct listener_row row = listener();
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	(void)state;
	row.now.syn_cookie_age_ns = 41 * NS_PER_S + 1;
	listener_json(&sb, &row, &records_base);
	text_check(&sb,
		   SOCKET("\"pid\":2607,\"comm\":\"curl\",\"owner\":\"listen\",\"uid\":1000,\"netns\":4026531840,"
			  "\"cgroup_id\":1,") "\"backlog\":3,\"backlog_max\":128,\"highest\":90,\"highest_ever\":129,"
					      "\"interval_s\":2.000000,\"queued\":27,\"accepted\":25,\"dropped\":4,"
					      "\"drops\":17,\"syn_recv\":2,\"syn_cookies\":true,"
					      "\"syn_cookie_age_s\":41,\"tcp_syncookies\":1,"
					      "\"overflow\":\"drops\"}\n");
}

static void test_json_unknown(void **state)
{
	struct listener_row row = unknown();
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	(void)state;
	listener_json(&sb, &row, &records_base);
	text_check(&sb, SOCKET("\"pid\":null,\"comm\":null,\"owner\":\"unknown\",\"uid\":1000,\"netns\":4026531840,"
			       "\"cgroup_id\":null,") "\"backlog\":3,\"backlog_max\":128,\"highest\":90,"
						      "\"highest_ever\":129,\"interval_s\":null,\"queued\":null,"
						      "\"accepted\":null,\"dropped\":null,\"drops\":17,\"syn_recv\":2,"
						      "\"syn_cookies\":null,\"syn_cookie_age_s\":null,"
						      "\"tcp_syncookies\":null,\"overflow\":\"past\"}\n");
}

/* "off": forbidden, unless one was sent before that. */
static void test_cookies(void **state)
{
	static const struct {
		uint64_t age_ns;
		uint8_t allowed;
		const char *word;
	} cases[] = {
		{SYN_COOKIE_NEVER, 0, "off"},
		{SYN_COOKIE_AGE_UNKNOWN, 0, "off"},
		{0, 0, "yes"},
		{SYN_COOKIE_NEVER, 2, "no"},
		{5, 1, "yes"},
		{SYN_COOKIE_AGE_UNKNOWN, 1, ""},
	};
	struct column_list columns = {.ids = {COLUMN_COOKIES, COLUMN_OVERFLOW}, .count = 2};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf sb = text_new(ROW_TEXT_MAX);
		struct listener_row row = listener();
		char expected[32];

		row.now.syn_cookie_age_ns = cases[i].age_ns;
		row.now.syn_cookies = cases[i].allowed;
		snprintf(expected, sizeof(expected), "%s,drops\n", cases[i].word);
		listener_csv(&sb, &columns, &row, NULL, &records_base);
		text_check(&sb, expected);
	}
}

/* With the longest of everything, there is room for it, in all columns. */
static void test_longest(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct column_list columns;
	struct parse_error error;

	(void)state;
	assert_int_equal(column_list_parse(column_names(COLUMNS_OF_LISTENERS), COLUMNS_OF_LISTENERS, &columns, &error),
			 0);
	for (size_t i = 0; i < COUNT(records); i++) {
		struct listener_row row = listener();

		row.now.socket = records[i];
		row.now.backlog = row.now.limit = row.highest = row.highest_ever = row.dropped = row.now.drops =
			UINT32_MAX;
		row.now.syn_recv = UINT32_MAX;
		row.queued = row.accepted = row.interval_ns = UINT64_MAX;
		row.now.syn_cookie_age_ns = 0;
		for (int format = 0; format < 3; format++) {
			sb.length = 0;
			if (format == 0)
				listener_json(&sb, &row, &records_base);
			else if (format == 1)
				listener_csv(&sb, &columns, &row, NULL, &records_base);
			else
				listener_text(&sb, &columns, COLUMN_STYLE_WIDE, &row, NULL, &records_base);
			assert_true(sb.length && sb.length + APPEND_SLACK <= ROW_TEXT_MAX);
			assert_int_equal(sb.data[sb.length - 1], '\n');
		}
	}
	free(sb.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),         cmocka_unit_test(test_csv),     cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_unknown), cmocka_unit_test(test_cookies), cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

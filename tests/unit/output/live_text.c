/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tables of --live as text: no value that is cut, but names. */
#include "output/live_text.h"

#include "../core/live_records.h"
#include "records.h"

static struct live_row row_of_record(unsigned int number)
{
	struct live_row row = {.now = live_record(number, 13)};

	row.now.srtt_us = 812;
	row.now.bytes_acked = row.now.bytes_sent = 2000;
	row.figures = live_figures_of(NULL, &row.now, 0);
	row.figures.rate[LIVE_IN] = 1536;
	row.figures.rate[LIVE_RETRANS] = 2;
	return row;
}

static struct live_line line_of(const struct live_row *row)
{
	return (struct live_line){.socket = &row->now.end, .connection = &row->now, .figures = &row->figures};
}

static void append(struct strbuf *sb, const struct live_row *row)
{
	struct live_line line = line_of(row);

	live_text(sb, LIVE_TABLE_CONNECTIONS, &line);
}

static void test_connections(void **state)
{
	struct live_row row = row_of_record(1);
	struct strbuf sb = text_new(4096);

	(void)state;
	live_text_titles(&sb, LIVE_TABLE_CONNECTIONS, NULL);
	append(&sb, &row);
	row.now.end.ip_version = 6;
	memset(row.now.end.raddr, 0x12, 16);
	row.now.end.owner.source = OWNER_UNKNOWN;
	row.figures.has_rate = false;
	row.now.end.flags |= TRANSITION_AT_LEAST;
	append(&sb, &row);
	text_check(&sb,
		   "COMM            PID     LOCAL                 REMOTE                STATE       AGE    IN/s  OUT/s "
		   "RTT   RETR RECVQ SENDQ LIMIT\n"
		   "app1            301     10.0.0.1:443          192.0.3.9:50001       ESTABLISHED 12s    1.5K  167   "
		   "812us 2    0     0     application\n"
		   "-               -       [a00:1::]:443         [1212:1212:1212:1212:1212:1212:1212:1212]:50001 "
		   "ESTABLISHED >12s   -     -     812us -    0     0     application\n");
}

static void test_groups(void **state)
{
	static const char name[] = "2some-service-of-a-name-of-many-letters\0"
				   "2443\0";
	struct live_row row = row_of_record(1);
	struct live_group group = {.name = name, .name_length = sizeof(name) - 1, .figures = row.figures};
	struct live_line line = {.group = &group, .figures = &group.figures};
	struct strbuf sb = text_new(4096);
	struct labels labels;
	struct parse_error error;

	(void)state;
	assert_int_equal(labels_parse_groups("comm,port", &labels, &error), 0);
	group.figures.connections = 7;
	live_text_titles(&sb, LIVE_TABLE_GROUPS, &labels);
	live_text(&sb, LIVE_TABLE_GROUPS, &line);
	group.name = NULL;
	live_text(&sb, LIVE_TABLE_GROUPS, &line);
	text_check(&sb, "COMM,PORT                        CONNS IN/s  OUT/s RTT   RETR RECVQ SENDQ LIMIT\n"
			"some-service-of-a-name-of-many-letters,443 7     1.5K  167   812us 2    0     0     "
			"application\n"
			"other                            7     1.5K  167   812us 2    0     0     application\n");
}

static void test_ends(void **state)
{
	struct live_end end = {.last = live_ended(2, 13), .taken_ns = 13 * SECOND};
	struct live_figures figures;
	struct live_line line = live_line_of_end(&end, &figures);
	struct strbuf sb = text_new(4096);

	(void)state;
	line.now_ns = 15 * SECOND;
	live_text_titles(&sb, LIVE_TABLE_ENDS, NULL);
	live_text(&sb, LIVE_TABLE_ENDS, &line);
	text_check(&sb,
		   "AGO   COMM            PID     LOCAL                 REMOTE                CAUSE                  "
		   "LASTED IN    OUT   RETR LIMIT\n"
		   "2.0s  app2            302     10.0.0.1:443          192.0.4.9:50002       reset-received         "
		   "12s    0     0     0    none\n");
}

static void test_listeners(void **state)
{
	struct listener_row row = {.now = {.socket = live_record(3, 13).end,
					   .limit = 128,
					   .backlog = 129,
					   .drops = 7,
					   .syn_cookie_age_ns = SYN_COOKIE_NEVER},
				   .highest_ever = 129,
				   .overflow = LISTENER_FULL};
	struct live_line line = live_line_of_listener(&row);
	struct strbuf sb = text_new(4096);

	(void)state;
	live_text_titles(&sb, LIVE_TABLE_LISTENERS, NULL);
	live_text(&sb, LIVE_TABLE_LISTENERS, &line);
	text_check(&sb,
		   "COMM            PID     LOCAL                 BACKLOG MAX  HIGHEST ACCEPT/S DROPS SYNRECV COOKIES "
		   "OVERFLOW\n"
		   "app3            303     10.0.0.1:443          129     128  129     -        7     0       off     "
		   "full\n");
}

/* The longest values fit. */
static void test_longest(void **state)
{
	static char name[2 * GROUP_VALUE_MAX];
	struct live_group group = {.name = name, .name_length = sizeof(name)};
	struct live_line line = {.group = &group, .figures = &group.figures};

	(void)state;
	memset(name, 0xff, sizeof(name));
	name[0] = name[1000] = '2';
	name[999] = name[sizeof(name) - 1] = '\0';
	memset(&group.figures, 0xff, sizeof(group.figures));
	group.figures.has_rate = true;
	for (unsigned int variant = 0; variant <= RECORDS_LONGEST; variant++) {
		struct strbuf sb = text_new(LIVE_TEXT_MAX);
		struct live_row row;

		memset(&row, 0xff, sizeof(row));
		if (variant == RECORDS_LONGEST) {
			live_text(&sb, LIVE_TABLE_GROUPS, &line);
		} else {
			row.now.end = records_longest(variant);
			row.now.life.role = ROLE_SERVER;
			row.now.life.is_old = 1;
			row.now.life.start_ns = 1;
			row.figures = live_figures_of(NULL, &row.now, 0);
			memset(row.figures.rate, 0xff, sizeof(row.figures.rate));
			append(&sb, &row);
		}
		assert_false(sb.overflow);
		free(sb.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connections), cmocka_unit_test(test_groups),  cmocka_unit_test(test_ends),
		cmocka_unit_test(test_listeners),   cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

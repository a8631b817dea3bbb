/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Transitions as text against tests/golden: headers, alignment, and the longest rows. */
#include "output/table.h"

#include "core/append.h"
#include "core/tcp_state.h"
#include "records.h"

#include <arpa/inet.h>

static struct column_list parse(const char *names)
{
	struct parse_error error;
	struct column_list list;

	assert_int_equal(column_list_parse(names, COLUMNS_OF_TRANSITIONS, &list, &error), 0);
	return list;
}

/* All columns of transitions and of stuck connections. */
static struct column_list all_of_rows(void)
{
	struct column_list list = {.count = COLUMN_START};

	for (size_t i = 0; i < list.count; i++)
		list.ids[i] = (uint8_t)i;
	return list;
}

static void check_golden(const char *name, struct column_list list, enum column_style style)
{
	struct strbuf sb = text_new(1 << 16);

	table_header(&sb, &list, style);
	for (size_t i = 0; i < COUNT(records); i++)
		table_row(&sb, &list, style, &records[i], NULL, &records_base);
	golden_check(name, &sb);
}

static void test_golden(void **state)
{
	(void)state;
	check_golden("transitions.text", column_list_default(COLUMN_STYLE_TEXT, false, false), COLUMN_STYLE_TEXT);
	check_golden("transitions.wide", column_list_default(COLUMN_STYLE_WIDE, false, false), COLUMN_STYLE_WIDE);
	check_golden("transitions.time", column_list_default(COLUMN_STYLE_TEXT, true, true), COLUMN_STYLE_TEXT);
	check_golden("transitions.columns", parse("newstate,timestamp,cookie,seq,owner,cgroup,netns,oldstate,comm"),
		     COLUMN_STYLE_TEXT);
}

static void check_header(struct column_list list, enum column_style style, const char *expected)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	table_header(&sb, &list, style);
	text_check(&sb, expected);
}

static void test_headers(void **state)
{
	(void)state;
	check_header(column_list_default(COLUMN_STYLE_TEXT, false, false), COLUMN_STYLE_TEXT,
		     "SKADDR           PID     COMM       LADDR           LPORT RADDR           RPORT OLDSTATE    -> "
		     "NEWSTATE    MS\n");
	check_header(
		column_list_default(COLUMN_STYLE_TEXT, true, true), COLUMN_STYLE_TEXT,
		"TIME     TIME(s)   SKADDR           PID     COMM       LADDR           LPORT RADDR           RPORT "
		"OLDSTATE    -> NEWSTATE    MS\n");
	check_header(column_list_default(COLUMN_STYLE_WIDE, false, false), COLUMN_STYLE_WIDE,
		     "SKADDR           PID     COMM             IP LADDR                                   LPORT "
		     "RADDR                                   RPORT OLDSTATE    -> NEWSTATE    MS\n");
}

static void random_name(uint64_t *seed, char comm[OWNER_COMM_LEN])
{
	size_t length = 2 + text_random(seed) % (OWNER_COMM_LEN - 2);

	memset(comm, 0, OWNER_COMM_LEN);
	for (size_t i = 0; i < length; i++) {
		comm[i] = (char)(0x20 + text_random(seed) % 0x5f);
		if (comm[i] == '\\' || (comm[i] == ' ' && !i)) /* of all printable characters these are escaped */
			comm[i] = '/';
	}
}

static struct transition random_event(uint64_t *seed)
{
	struct transition event = {
		.skaddr = text_random(seed) >> text_random(seed) % 64,
		.time_ns = 1000000000 + (text_random(seed) >> (20 + text_random(seed) % 40)),
		.duration_ns = text_random(seed) >> (14 + text_random(seed) % 50),
		.owner = {.pid = text_random(seed) % 4194305 >> text_random(seed) % 22, .source = OWNER_USE},
		.lport = text_random(seed) >> text_random(seed) % 16,
		.rport = text_random(seed) >> text_random(seed) % 16,
		.ip_version = text_random(seed) % 2 ? 4 : 6,
		.oldstate = 1 + text_random(seed) % 13,
		.newstate = 1 + text_random(seed) % 13,
	};

	random_name(seed, event.owner.comm);
	for (int i = 0; i < (event.ip_version == 4 ? 4 : 16); i++) {
		event.laddr[i] = text_random(seed);
		event.raddr[i] = text_random(seed) % 3 ? 0 : 7;
	}
	return event;
}

/* The formats of DESIGN.md, section 1, for which drop-in is promised; but that a name is cut is told. */
static void print_expected(char *text, size_t size, bool wide, const struct transition *event)
{
	char laddr[INET6_ADDRSTRLEN], raddr[INET6_ADDRSTRLEN];
	int family = event->ip_version == 4 ? AF_INET : AF_INET6;
	unsigned long long skaddr = event->skaddr;
	int pid = (int)event->owner.pid;
	char comm[OWNER_COMM_LEN];
	double ms = (double)((event->duration_ns + 500) / 1000) / 1000;

	inet_ntop(family, event->laddr, laddr, sizeof(laddr));
	inet_ntop(family, event->raddr, raddr, sizeof(raddr));
	memcpy(comm, event->owner.comm, sizeof(comm));
	if (!wide && strlen(comm) > 10)
		comm[9] = '+';
	if (wide)
		snprintf(text, size, "%-16llx %-7d %-16s %-2d %-39s %-5d %-39s %-5d %-11s -> %-11s %.3f\n", skaddr, pid,
			 comm, event->ip_version, laddr, event->lport, raddr, event->rport,
			 tcp_state_name(event->oldstate), tcp_state_name(event->newstate), ms);
	else
		snprintf(text, size, "%-16llx %-7d %-10.10s %-15s %-5d %-15s %-5d %-11s -> %-11s %.3f\n", skaddr, pid,
			 comm, laddr, event->lport, raddr, event->rport, tcp_state_name(event->oldstate),
			 tcp_state_name(event->newstate), ms);
}

static void check_row(enum column_style style, bool time, bool elapsed, const struct transition *event,
		      const char *expected)
{
	struct column_list list = column_list_default(style, time, elapsed);
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	table_row(&sb, &list, style, event, NULL, &records_base);
	text_check(&sb, expected);
}

static void test_against_printf(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct transition event = random_event(&seed);
		uint64_t since_first = event.time_ns - records_base.first_ns;
		/* 14:01:49 by the clock on the wall at the first event */
		uint64_t second = 14 * 3600 + 1 * 60 + 49 + since_first / 1000000000;
		char row[ROW_TEXT_MAX], clock[16], elapsed[32], expected[ROW_TEXT_MAX + 64];

		print_expected(row, sizeof(row), false, &event);
		check_row(COLUMN_STYLE_TEXT, false, false, &event, row);

		snprintf(clock, sizeof(clock), "%02u:%02u:%02u", (unsigned int)(second / 3600 % 24),
			 (unsigned int)(second / 60 % 60), (unsigned int)(second % 60));
		snprintf(elapsed, sizeof(elapsed), "%llu.%06llu", (unsigned long long)since_first / 1000000000,
			 (unsigned long long)since_first / 1000 % 1000000);
		snprintf(expected, sizeof(expected), "%-8s %s", clock, row);
		check_row(COLUMN_STYLE_TEXT, true, false, &event, expected);
		snprintf(expected, sizeof(expected), "%-8s %-9s %s", clock, elapsed, row);
		check_row(COLUMN_STYLE_TEXT, true, true, &event, expected);

		print_expected(row, sizeof(row), true, &event);
		check_row(COLUMN_STYLE_WIDE, false, false, &event, row);
		snprintf(expected, sizeof(expected), "%-9s %s", elapsed, row);
		check_row(COLUMN_STYLE_WIDE, false, true, &event, expected);
	}
}

static void check_columns(const char *names, const struct transition *event, const char *header, const char *row)
{
	struct column_list list = parse(names);
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	table_header(&sb, &list, COLUMN_STYLE_TEXT);
	text_check(&sb, header);
	sb = text_new(ROW_TEXT_MAX);
	table_row(&sb, &list, COLUMN_STYLE_TEXT, event, NULL, &records_base);
	text_check(&sb, row);
}

/* The arrow belongs to OLDSTATE directly followed by NEWSTATE. */
static void test_arrow(void **state)
{
	(void)state;
	check_columns("oldstate,newstate", &records[0], "OLDSTATE    -> NEWSTATE\n", "SYN_SENT    -> ESTABLISHED\n");
	check_columns("newstate,oldstate", &records[0], "NEWSTATE    OLDSTATE\n", "ESTABLISHED SYN_SENT\n");
	check_columns("oldstate,pid,newstate", &records[0], "OLDSTATE    PID     NEWSTATE\n",
		      "SYN_SENT    2607    ESTABLISHED\n");
	check_columns("oldstate", &records[0], "OLDSTATE\n", "SYN_SENT\n");
	check_columns("newstate,ms", &records[0], "NEWSTATE    MS\n", "ESTABLISHED 1.373\n");
}

/* Whatever comes last: an empty name, a name that ends in blanks, an unpadded value. */
static void test_no_trailing_blanks(void **state)
{
	const struct transition *nameless = &records[7], *blank = &records[8];
	struct strbuf sb;

	(void)state;
	check_columns("comm", nameless, "COMM\n", "\"\"\n");
	check_columns("pid,comm", nameless, "PID     COMM\n", "0       \"\"\n");
	check_columns("pid,comm", blank, "PID     COMM\n", "303     two word +\n");
	check_columns("comm,pid", blank, "COMM       PID\n", "two word + 303\n");
	for (enum column_id id = 0; id < COLUMN_START; id++) {
		struct column_list list = {.ids = {COLUMN_PID, id}, .count = 2};

		for (size_t i = 0; i < COUNT(records); i++) {
			for (enum column_style style = COLUMN_STYLE_TEXT; style <= COLUMN_STYLE_WIDE; style++) {
				sb = text_new(ROW_TEXT_MAX);
				table_row(&sb, &list, style, &records[i], NULL, &records_base);
				assert_int_equal(sb.data[sb.length - 1], '\n');
				assert_int_not_equal(sb.data[sb.length - 2], ' ');
				free(sb.data);
			}
		}
	}
	/* what stands in the buffer before the line is left alone */
	sb = text_new(strlen("before ") + ROW_TEXT_MAX);
	strbuf_append_literal(&sb, "before ");
	table_row(&sb, &(struct column_list){.ids = {COLUMN_COMM}, .count = 1}, COLUMN_STYLE_TEXT, nameless, NULL,
		  &records_base);
	text_check(&sb, "before \"\"\n");
}

/* As far as the names below need it. */
static int cells_of(uint32_t code)
{
	return code == 0x301 ? 0 : code >= 0x3041 && code < 0xa000 ? 2 : 1;
}

static void check_name(const char *comm, const char *expected)
{
	struct column_list list = parse("comm,pid");
	struct transition event = records[0];
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	memset(event.owner.comm, 0, OWNER_COMM_LEN);
	memcpy(event.owner.comm, comm, strlen(comm));
	list.width = cells_of;
	table_row(&sb, &list, COLUMN_STYLE_TEXT, &event, NULL, &records_base);
	text_check(&sb, expected);
}

/* Ten cells, be they characters of one byte or more, of one cell or none or two, or escapes. */
static void test_alignment(void **state)
{
	(void)state;
	check_name("abc", "abc        2607\n");
	check_name("abcdefghij", "abcdefghij 2607\n");
	check_name("abcdefghijk", "abcdefghi+ 2607\n");
	check_name("\xc3\xa4\xc3\xb6\xc3\xbc", "\xc3\xa4\xc3\xb6\xc3\xbc        2607\n");
	check_name("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
		   "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac      2607\n");
	check_name("\xf0\x9f\x98\x80z", "\xf0\x9f\x98\x80z         2607\n");
	check_name("abcdefghi\xc3\xa4z", "abcdefghi+ 2607\n");
	check_name("abcdefgh\xc3\xa4\xc3\xa4", "abcdefgh\xc3\xa4\xc3\xa4 2607\n");
	check_name("abcdef\x01", "abcdef\\x01 2607\n");
	check_name("abcdefg\x01", "abcdefg+   2607\n");
	check_name("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e     2607\n");
	check_name("xyz\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe8\xaa\x9e",
		   "xyz\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e+ 2607\n");
	check_name("wxyz\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9ez", "wxyz\xe6\x97\xa5\xe6\x9c\xac+  2607\n");
	check_name("e\xcc\x81t\xcc\x81", "e\xcc\x81t\xcc\x81         2607\n");
	check_name("abcdefghie\xcc\x81", "abcdefghie\xcc\x81 2607\n");
	check_name("abcdefgie\xcc\x81z", "abcdefgie\xcc\x81z 2607\n");
	check_name("abcdefghe\xcc\x81yz", "abcdefghe\xcc\x81+ 2607\n");
	check_name("", "\"\"         2607\n");
	check_name("-", "\\x2D       2607\n");
	check_name("\"\"", "\\x22\\x22   2607\n");
	check_name("--", "--         2607\n");
	check_name("-bash", "-bash      2607\n");
	check_name(" x", "\\x20x      2607\n");
	check_name("               ", "\\x20     + 2607\n");
	check_name("\xe2\x80\xaehidden", "\\xE2\\x80+  2607\n");
}

static void test_longest_row(void **state)
{
	struct column_list all = all_of_rows();
	struct column_list text = column_list_default(COLUMN_STYLE_TEXT, true, true);

	(void)state;
	for (unsigned int variant = 0; variant < RECORDS_LONGEST; variant++) {
		struct transition event = records_longest(variant);
		struct timebase base = {};
		struct strbuf sb = text_new(ROW_TEXT_MAX);

		table_row(&sb, &all, COLUMN_STYLE_WIDE, &event, NULL, &base);
		assert_false(sb.overflow);
		assert_true(sb.length + APPEND_SLACK <= ROW_TEXT_MAX);
		sb.length = 0;
		table_row(&sb, &text, COLUMN_STYLE_TEXT, &event, NULL, &base);
		assert_false(sb.overflow);
		sb.length = 0;
		table_header(&sb, &all, COLUMN_STYLE_WIDE);
		assert_false(sb.overflow);
		free(sb.data);
	}
}

/* A line that may not fit is dropped whole, and that is remembered. */
static void test_no_room(void **state)
{
	struct column_list list = column_list_default(COLUMN_STYLE_TEXT, false, false);
	struct strbuf sb = text_new(ROW_TEXT_MAX - 1);

	(void)state;
	table_row(&sb, &list, COLUMN_STYLE_TEXT, &records[0], NULL, &records_base);
	assert_true(sb.overflow);
	sb.overflow = false;
	table_header(&sb, &list, COLUMN_STYLE_TEXT);
	assert_true(sb.overflow);
	assert_int_equal(sb.length, 0);
	free(sb.data);
}

static void test_longest_names(void **state)
{
	struct column_list all = all_of_rows();
	struct transition event = records_longest(6);
	char room[4096];

	(void)state;
	for (unsigned int i = 0; i < RECORDS_LONGEST_NAMES; i++) {
		struct names names = records_longest_names(room, i);
		struct strbuf sb = text_new(ROW_TEXT_MAX + ROW_NAMES_MAX);

		table_row(&sb, &all, COLUMN_STYLE_WIDE, &event, &names, &records_base);
		assert_false(sb.overflow);
		for (size_t j = 0; j + 1 < sb.length; j++)
			assert_true((unsigned char)sb.data[j] >= 0x20 && sb.data[j] != 0x7f);
		free(sb.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_against_printf),
		cmocka_unit_test(test_arrow),
		cmocka_unit_test(test_no_trailing_blanks),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_longest_row),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_longest_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Columns of a transition: widths, values, unknown values, names and zones. */
#include "core/column.h"

#include "abi/tcp_state.h"
#include "core/append.h"

#include "text.h"

#define UNTOUCHED '\xa5'

static void test_widths(void **state)
{
	(void)state;
	assert_int_equal(column_table[COLUMN_TIME].width[COLUMN_STYLE_TEXT], 8);
	assert_int_equal(column_table[COLUMN_ELAPSED].width[COLUMN_STYLE_TEXT], 9);
	assert_int_equal(column_table[COLUMN_TIMESTAMP].width[COLUMN_STYLE_TEXT], 27);
	assert_int_equal(column_table[COLUMN_SKADDR].width[COLUMN_STYLE_WIDE], 16);
	assert_int_equal(column_table[COLUMN_COMM].width[COLUMN_STYLE_TEXT], 10);
	assert_int_equal(column_table[COLUMN_COMM].width[COLUMN_STYLE_WIDE], 16);
	assert_int_equal(column_table[COLUMN_LADDR].width[COLUMN_STYLE_TEXT], 15);
	assert_int_equal(column_table[COLUMN_LADDR].width[COLUMN_STYLE_WIDE], 39);
	assert_int_equal(column_table[COLUMN_RADDR].width[COLUMN_STYLE_WIDE], 39);
	assert_int_equal(column_table[COLUMN_MS].width[COLUMN_STYLE_WIDE], 10);
	/* no header is wider than its column */
	for (enum column_id id = 0; id < COLUMN_COUNT; id++)
		assert_true(strlen(column_table[id].name) <= column_table[id].width[COLUMN_STYLE_TEXT]);
}

static const struct transition known = {
	.skaddr = 0xffff888102a1e5c0,
	.cookie = 4711,
	.time_ns = 5123456789,
	.duration_ns = 1373499,
	.owner = {.cgroup_id = 4242, .pid = 2607, .source = OWNER_CONNECT, .comm = "a,very long\tname"},
	.laddr = {127, 0, 0, 1},
	.raddr = {10, 1, 2, 3},
	.netns = 4026531840,
	.conn_seq = 2,
	.lport = 55106,
	.rport = 80,
	.ip_version = 4,
	.oldstate = STATE_SYN_SENT,
	.newstate = STATE_ESTABLISHED,
	.uid = 1000,
	.syn_retrans = 0,
	.cause = CAUSE_RESET_RECEIVED,
};

static const struct timebase base = {
	.clocks.newest = {.realtime_offset_ns = 1795350709000000000, .utc_offset_s = -3600}, .first_ns = 5000000000};

static void check_named(enum column_id id, enum column_style style, const struct transition *event,
			const struct names *names, const char *expected)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX + (names ? ROW_NAMES_MAX : 0));
	struct row row = row_of(style, event, names, &base);
	char *at = row_begin(&sb, names), *end;

	assert_ptr_equal(at, sb.data);
	memset(at, UNTOUCHED, sb.capacity);
	end = column_table[id].append(at, &row);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(end[APPEND_SLACK + i], UNTOUCHED);
	strbuf_end(&sb, end);
	text_check(&sb, expected);
}

static void check_value(enum column_id id, enum column_style style, const struct transition *event,
			const char *expected)
{
	check_named(id, style, event, NULL, expected);
}

static void test_values(void **state)
{
	static const char *const values[COLUMN_COUNT] = {
		[COLUMN_TIME] = "11:31:54",
		[COLUMN_ELAPSED] = "0.123456",
		[COLUMN_TIMESTAMP] = "2026-11-22T12:31:54.123456Z",
		[COLUMN_SKADDR] = "ffff888102a1e5c0",
		[COLUMN_COOKIE] = "4711",
		[COLUMN_SEQ] = "2",
		[COLUMN_PID] = "2607",
		[COLUMN_COMM] = "a,very lo+",
		[COLUMN_OWNER] = "connect",
		[COLUMN_CGROUP] = "4242",
		[COLUMN_NETNS] = "4026531840",
		[COLUMN_IP] = "4",
		[COLUMN_LADDR] = "127.0.0.1",
		[COLUMN_LPORT] = "55106",
		[COLUMN_RADDR] = "10.1.2.3",
		[COLUMN_RPORT] = "80",
		[COLUMN_OLDSTATE] = "SYN_SENT",
		[COLUMN_NEWSTATE] = "ESTABLISHED",
		[COLUMN_MS] = "1.373",
		[COLUMN_UID] = "1000",
		[COLUMN_SYNRETRANS] = "0",
		[COLUMN_CAUSE] = "reset-received",
		[COLUMN_STATE] = "ESTABLISHED",
		[COLUMN_SINCE] = "2026-11-22T12:31:54.122083Z",
		[COLUMN_ATLEAST] = "1.373",
		/* without names */
		[COLUMN_CGPATH] = "4242",
		[COLUMN_NETNSNAME] = "4026531840",
	};

	(void)state;
	for (enum column_id id = 0; id < COLUMN_COUNT; id++) {
		if (!values[id])
			continue;
		check_value(id, COLUMN_STYLE_TEXT, &known, values[id]);
		if (id == COLUMN_COMM)
			continue;
		check_value(id, COLUMN_STYLE_WIDE, &known, values[id]);
		check_value(id, COLUMN_STYLE_CSV, &known, values[id]);
	}
	check_value(COLUMN_COMM, COLUMN_STYLE_WIDE, &known, "a,very long\\x09name");
	check_value(COLUMN_COMM, COLUMN_STYLE_CSV, &known, "\"a,very long\\x09name\"");
}

/* A state whose beginning was not seen has no since, and a lower bound. */
static void test_at_least(void **state)
{
	struct transition event = known;

	(void)state;
	event.flags = TRANSITION_AT_LEAST;
	check_value(COLUMN_MS, COLUMN_STYLE_TEXT, &event, "-");
	check_value(COLUMN_SINCE, COLUMN_STYLE_TEXT, &event, "-");
	check_value(COLUMN_SINCE, COLUMN_STYLE_CSV, &event, "");
	check_value(COLUMN_ATLEAST, COLUMN_STYLE_TEXT, &event, "1.373");
}

/* Known owners may have an empty name, cgroup 0 and pid 0; an unknown one has nothing whatever its fields hold. */
static void test_unknown(void **state)
{
	static const enum column_id unknown[] = {COLUMN_COOKIE, COLUMN_PID,       COLUMN_COMM,  COLUMN_CGROUP,
						 COLUMN_NETNS,  COLUMN_MS,        COLUMN_UID,   COLUMN_SYNRETRANS,
						 COLUMN_CAUSE,  COLUMN_CGPATH,    COLUMN_UNIT,  COLUMN_CONTAINER,
						 COLUMN_POD,    COLUMN_NETNSNAME, COLUMN_SINCE, COLUMN_ATLEAST};
	struct transition event = known;

	(void)state;
	event.cookie = 0;
	event.netns = 0;
	event.duration_ns = DURATION_UNKNOWN;
	event.owner.source = OWNER_UNKNOWN;
	event.uid = UID_UNKNOWN;
	event.syn_retrans = SYN_RETRANS_NONE;
	event.cause = CAUSE_NONE;
	for (size_t i = 0; i < COUNT(unknown); i++) {
		check_value(unknown[i], COLUMN_STYLE_TEXT, &event, "-");
		check_value(unknown[i], COLUMN_STYLE_WIDE, &event, "-");
		check_value(unknown[i], COLUMN_STYLE_CSV, &event, "");
	}
	/* A lower bound is no duration. */
	event.duration_ns = 1000000;
	event.flags = TRANSITION_AT_LEAST;
	check_value(COLUMN_MS, COLUMN_STYLE_TEXT, &event, "-");
	check_value(COLUMN_MS, COLUMN_STYLE_CSV, &event, "");
	check_value(COLUMN_OWNER, COLUMN_STYLE_TEXT, &event, "unknown");
	check_value(COLUMN_OWNER, COLUMN_STYLE_CSV, &event, "unknown");

	event.owner = (struct owner){.source = OWNER_KERNEL};
	check_value(COLUMN_PID, COLUMN_STYLE_TEXT, &event, "0");
	check_value(COLUMN_COMM, COLUMN_STYLE_TEXT, &event, "\"\"");
	check_value(COLUMN_COMM, COLUMN_STYLE_WIDE, &event, "\"\"");
	check_value(COLUMN_COMM, COLUMN_STYLE_CSV, &event, "\"\"");
	check_value(COLUMN_CGROUP, COLUMN_STYLE_TEXT, &event, "-");
	check_value(COLUMN_CGROUP, COLUMN_STYLE_CSV, &event, "");

	event.lport = event.rport = 0;
	check_value(COLUMN_LPORT, COLUMN_STYLE_TEXT, &event, "0");
	check_value(COLUMN_RPORT, COLUMN_STYLE_CSV, &event, "0");
	event.oldstate = 0;
	event.newstate = 200;
	check_value(COLUMN_OLDSTATE, COLUMN_STYLE_TEXT, &event, "0");
	check_value(COLUMN_NEWSTATE, COLUMN_STYLE_CSV, &event, "200");
}

#define NAME(text)                                                                                                     \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}
#define ID "4f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

static void test_named(void **state)
{
	static const struct names names = {
		.cgroup = NAME("/system.slice/a,\"b\"\x1b[31m.service"),
		.unit = NAME("a\xc3\xa4\xff.service"),
		.container = NAME(ID),
		.pod = NAME("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"),
		.netns = NAME("blue\n"),
		.rservice = NAME("http"),
	};

	(void)state;
	check_named(COLUMN_CGPATH, COLUMN_STYLE_TEXT, &known, &names, "/system.slice/a,\"b\"\\x1B[31m.service");
	check_named(COLUMN_CGPATH, COLUMN_STYLE_CSV, &known, &names, "\"/system.slice/a,\"\"b\"\"\\x1B[31m.service\"");
	check_named(COLUMN_UNIT, COLUMN_STYLE_WIDE, &known, &names, "a\xc3\xa4\\xFF.service");
	check_named(COLUMN_CONTAINER, COLUMN_STYLE_TEXT, &known, &names, "4f1e2d3c4b5a");
	check_named(COLUMN_CONTAINER, COLUMN_STYLE_WIDE, &known, &names, ID);
	check_named(COLUMN_CONTAINER, COLUMN_STYLE_CSV, &known, &names, ID);
	check_named(COLUMN_POD, COLUMN_STYLE_TEXT, &known, &names, "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
	check_named(COLUMN_NETNSNAME, COLUMN_STYLE_TEXT, &known, &names, "blue\\x0A");
	check_named(COLUMN_LPORT, COLUMN_STYLE_TEXT, &known, &names, "55106");
	check_named(COLUMN_RPORT, COLUMN_STYLE_TEXT, &known, &names, "http");
	check_named(COLUMN_RPORT, COLUMN_STYLE_CSV, &known, &names, "http");
	/* numbers stay numbers */
	check_named(COLUMN_CGROUP, COLUMN_STYLE_TEXT, &known, &names, "4242");
	check_named(COLUMN_NETNS, COLUMN_STYLE_TEXT, &known, &names, "4026531840");
}

/* A row has room for its names, however long they are, and none begins without. */
static void test_room(void **state)
{
	static const struct names names = {.cgroup = NAME("/a"), .pod = NAME("p"), .lservice = NAME("http")};
	const size_t needed = ROW_TEXT_MAX + ESCAPED_MAX * (2 + 1 + 4);
	struct strbuf sb = text_new(needed);

	(void)state;
	assert_ptr_equal(row_begin(&sb, &names), sb.data);
	sb.length = 1;
	assert_false(sb.overflow);
	assert_null(row_begin(&sb, &names));
	assert_true(sb.overflow);
	sb.capacity = 1 + ROW_TEXT_MAX;
	assert_ptr_equal(row_begin(&sb, NULL), sb.data + 1);
	sb.length = 2;
	assert_null(row_begin(&sb, NULL));
	free(sb.data);
}

/* A link-local address has its zone in all columns, an untrusted name; the number where there is no name. */
static void test_zone(void **state)
{
	struct transition event = known;
	const struct names named = {.zone = NAME("eth0")}, odd = {.zone = NAME("a,\x1b\"b")};

	(void)state;
	event.ip_version = 6;
	memcpy(event.laddr, (const uint8_t[16]){0xfe, 0x80, [15] = 1}, 16);
	memcpy(event.raddr, (const uint8_t[16]){0xfe, 0xc0, [15] = 2}, 16);
	event.ifindex = 3;
	check_named(COLUMN_LADDR, COLUMN_STYLE_TEXT, &event, &named, "fe80::1%eth0");
	check_named(COLUMN_LADDR, COLUMN_STYLE_WIDE, &event, &named, "fe80::1%eth0");
	check_named(COLUMN_LADDR, COLUMN_STYLE_CSV, &event, &named, "fe80::1%eth0");
	check_value(COLUMN_LADDR, COLUMN_STYLE_TEXT, &event, "fe80::1%3");
	check_value(COLUMN_LADDR, COLUMN_STYLE_CSV, &event, "fe80::1%3");
	check_named(COLUMN_LADDR, COLUMN_STYLE_TEXT, &event, &odd, "fe80::1%a,\\x1B\"b");
	check_named(COLUMN_LADDR, COLUMN_STYLE_CSV, &event, &odd, "\"fe80::1%a,\\x1B\"\"b\"");
	/* that is no link-local one */
	check_named(COLUMN_RADDR, COLUMN_STYLE_TEXT, &event, &named, "fec0::2");
	event.ifindex = 0;
	check_value(COLUMN_LADDR, COLUMN_STYLE_TEXT, &event, "fe80::1");
	event.ip_version = 4;
	event.ifindex = 3;
	check_named(COLUMN_LADDR, COLUMN_STYLE_TEXT, &event, &named, "254.128.0.0");
}

static int two_cells(uint32_t code)
{
	return code >= 0x80 ? 2 : 1;
}

/* Bytes that take no column are said to be there, of a name alone. */
static void test_unseen(void **state)
{
	static const struct names names = {.cgroup = NAME("/\xc3\xa4\xe2\x82\xac\xff")};
	char text[ROW_TEXT_MAX];
	struct transition event = known;
	struct row row = row_of(COLUMN_STYLE_TEXT, &event, &names, &base);

	(void)state;
	column_table[COLUMN_CGPATH].append(text, &row);
	assert_int_equal(row.bytes_beyond_cells, 1 + 2);
	memcpy(event.owner.comm, "na\xc3\xafve\0z", 8);
	column_table[COLUMN_COMM].append(text, &row);
	assert_int_equal(row.bytes_beyond_cells, 1);
	row.bytes_beyond_cells = 0;
	memcpy(event.owner.comm, "naive", 6);
	column_table[COLUMN_COMM].append(text, &row);
	column_table[COLUMN_LADDR].append(text, &row);
	assert_int_equal(row.bytes_beyond_cells, 0);
	row.width = two_cells;
	column_table[COLUMN_CGPATH].append(text, &row);
	assert_int_equal(row.bytes_beyond_cells, 1 + 1); /* a Latin letter is not asked for */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_widths),  cmocka_unit_test(test_values), cmocka_unit_test(test_at_least),
		cmocka_unit_test(test_unknown), cmocka_unit_test(test_named),  cmocka_unit_test(test_room),
		cmocka_unit_test(test_unseen),  cmocka_unit_test(test_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of tcpstates --retransmits in every format. */
#include "output/retransmission.h"

#include "core/append.h"
#include "output/csv.h"
#include "output/table.h"
#include "records.h"

static struct retransmission known(void)
{
	struct retransmission retransmission = {
		.socket = records[0],
		.seq = 3735928559,
		.bytes = 2896,
		.segments = 2,
		.total = 5,
		.kind = RETRANSMISSION_FAST,
	};

	retransmission.socket.oldstate = retransmission.socket.newstate = STATE_ESTABLISHED;
	retransmission.socket.duration_ns = DURATION_UNKNOWN;
	retransmission.socket.flags = TRANSITION_SCAN;
	retransmission.socket.syn_retrans = SYN_RETRANS_NONE;
	return retransmission;
}

/* Neither the owner nor the kind. */
static struct retransmission unknown(void)
{
	struct retransmission retransmission = known();

	retransmission.socket.owner.source = OWNER_UNKNOWN;
	retransmission.socket.oldstate = retransmission.socket.newstate = STATE_FIN_WAIT1;
	retransmission.seq = 0;
	retransmission.bytes = 0;
	retransmission.segments = 1;
	retransmission.total = 1;
	retransmission.kind = RETRANSMISSION_UNKNOWN;
	return retransmission;
}

static void test_text(void **state)
{
	struct column_list columns = column_list_retransmissions(COLUMN_STYLE_TEXT, false, false);
	struct retransmission retransmission = known();
	struct strbuf sb = text_new(3 * ROW_TEXT_MAX);

	(void)state;
	table_header(&sb, &columns, COLUMN_STYLE_TEXT);
	retransmission_text(&sb, &columns, COLUMN_STYLE_TEXT, &retransmission, NULL, &records_base);
	retransmission = unknown();
	retransmission_text(&sb, &columns, COLUMN_STYLE_TEXT, &retransmission, NULL, &records_base);
	text_check(&sb, "PID     COMM       LADDR           LPORT RADDR           RPORT STATE       KIND    SEQNO      "
			"BYTES  SEGS RETRANS\n"
			"2607    curl       127.0.0.1       55106 127.0.0.1       80    ESTABLISHED fast    3735928559 "
			"2896   2    5\n"
			"-       -          127.0.0.1       55106 127.0.0.1       80    FIN_WAIT1   -       0          "
			"0      1    1\n");
}

static void test_wide(void **state)
{
	struct column_list columns = column_list_retransmissions(COLUMN_STYLE_WIDE, true, true);
	struct retransmission retransmission = known();
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);

	(void)state;
	table_header(&sb, &columns, COLUMN_STYLE_WIDE);
	retransmission_text(&sb, &columns, COLUMN_STYLE_WIDE, &retransmission, NULL, &records_base);
	assert_true(text_has(&sb, "TIME     TIME(s)   PID     COMM             IP LADDR "));
	assert_true(text_has(&sb, "14:01:49 0.123456  2607    curl             4  127.0.0.1 "));
	free(sb.data);
}

static void test_csv(void **state)
{
	const struct names names = {.asked = NAMES_CGROUP | NAMES_NETNS, .cgroup = {"/a,b", 4}, .pod = {"p", 1}};
	struct column_list columns = column_list_retransmissions(COLUMN_STYLE_CSV, true, false);
	struct retransmission retransmission = known();
	struct strbuf sb = text_new(4 * ROW_TEXT_MAX);

	(void)state;
	csv_header(&sb, &columns);
	retransmission_csv(&sb, &columns, &retransmission, NULL, &records_base);
	retransmission = unknown();
	retransmission_csv(&sb, &columns, &retransmission, NULL, &records_base);
	column_list_append_names(&columns);
	csv_header(&sb, &columns);
	retransmission_csv(&sb, &columns, &retransmission, &names, &records_base);
	text_check(&sb,
		   "TIME,PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,STATE,KIND,SEQNO,BYTES,SEGS,RETRANS\n"
		   "14:01:49,2607,curl,4,127.0.0.1,55106,127.0.0.1,80,ESTABLISHED,fast,3735928559,2896,2,5\n"
		   "14:01:49,,,4,127.0.0.1,55106,127.0.0.1,80,FIN_WAIT1,,0,0,1,1\n"
		   "TIME,PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,STATE,KIND,SEQNO,BYTES,SEGS,RETRANS,CGPATH,UNIT,CONTAINER,"
		   "POD,NETNSNAME\n"
		   "14:01:49,,,4,127.0.0.1,55106,127.0.0.1,80,FIN_WAIT1,,0,0,1,1,\"/a,b\",,,p,4026531840\n");
}

#define HEAD(pid, comm, owner, cgroup)                                                                                 \
	"{\"v\":1,\"type\":\"retransmission\",\"time\":\"2026-11-22T12:31:49.123456Z\",\"cookie\":4711,"               \
	"\"conn_seq\":0,\"skaddr\":\"ffff888102a1e5c0\",\"pid\":" pid ",\"comm\":" comm ",\"owner\":\"" owner "\","    \
	"\"uid\":1000,\"netns\":4026531840,\"cgroup_id\":" cgroup ",\"family\":4,\"laddr\":\"127.0.0.1\","             \
	"\"lport\":55106,\"raddr\":\"127.0.0.1\",\"rport\":80,\"state\":"

#define KNOWN                                                                                                          \
	HEAD("2607", "\"curl\"", "connect", "1")                                                                       \
	"\"ESTABLISHED\",\"kind\":\"fast\",\"seq\":3735928559,\"bytes\":2896,\"segments\":2,\"retransmits\":5}\n"
#define UNKNOWN                                                                                                        \
	HEAD("null", "null", "unknown", "null")                                                                        \
	"\"FIN_WAIT1\",\"kind\":null,\"seq\":0,\"bytes\":0,\"segments\":1,\"retransmits\":1}\n"

static void test_json(void **state)
{
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);
	struct retransmission retransmission = known();

	(void)state;
	retransmission_json(&sb, &retransmission, &records_base);
	retransmission = unknown();
	retransmission_json(&sb, &retransmission, &records_base);
	text_check(&sb, KNOWN UNKNOWN);
}

/* Each kind has its word; a number outside the enum has none. */
static void test_kinds(void **state)
{
	static const char *const words[] = {
		[RETRANSMISSION_FAST] = "\"fast\"",       [RETRANSMISSION_TIMEOUT] = "\"RTO\"",
		[RETRANSMISSION_PROBE] = "\"TLP\"",       [RETRANSMISSION_SYN] = "\"SYN\"",
		[RETRANSMISSION_SYN_ACK] = "\"SYN-ACK\"", [RETRANSMISSION_UNKNOWN] = "null",
		[RETRANSMISSION_KINDS] = "null",
	};
	struct retransmission retransmission = known();
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	char member[32];

	(void)state;
	for (size_t kind = 0; kind < COUNT(words); kind++) {
		sb.length = 0;
		retransmission.kind = (uint8_t)kind;
		retransmission_json(&sb, &retransmission, &records_base);
		snprintf(member, sizeof(member), "\"kind\":%s,", words[kind]);
		assert_true(text_has(&sb, member));
	}
	free(sb.data);
}

static void check_room(const struct strbuf *sb, size_t names)
{
	assert_false(sb->overflow);
	assert_true(sb->length && sb->length + APPEND_SLACK <= ROW_TEXT_MAX + ESCAPED_MAX * names);
	assert_int_equal(sb->data[sb->length - 1], '\n');
}

/* With the longest of everything, there is room for it; without room, there is no part of a row. */
static void test_longest(void **state)
{
	char room[4096];

	(void)state;
	for (unsigned int variant = 0; variant < RECORDS_LONGEST; variant++) {
		struct names names = records_longest_names(room, variant % RECORDS_LONGEST_NAMES);
		struct column_list columns = column_list_retransmissions(COLUMN_STYLE_WIDE, true, true);
		struct strbuf sb = text_new(ROW_TEXT_MAX + ROW_NAMES_MAX * 2);
		struct retransmission retransmission;

		memset(&retransmission, 0xff, sizeof(retransmission));
		retransmission.socket = records_longest(variant);
		retransmission.kind = RETRANSMISSION_SYN_ACK;
		retransmission_text(&sb, &columns, COLUMN_STYLE_WIDE, &retransmission, &names, &records_base);
		check_room(&sb, names_length(&names));
		sb.length = 0;
		columns = column_list_retransmissions(COLUMN_STYLE_CSV, true, true);
		column_list_append_names(&columns);
		retransmission_csv(&sb, &columns, &retransmission, &names, &records_base);
		check_room(&sb, names_length(&names));
		sb.length = 0;
		retransmission_json(&sb, &retransmission, &records_base);
		check_room(&sb, 0);
		free(sb.data);
	}
}

static void test_no_room(void **state)
{
	struct column_list columns = column_list_retransmissions(COLUMN_STYLE_TEXT, false, false);
	struct retransmission retransmission = known();
	struct strbuf sb = text_new(64);

	(void)state;
	table_header(&sb, &columns, COLUMN_STYLE_TEXT);
	retransmission_text(&sb, &columns, COLUMN_STYLE_TEXT, &retransmission, NULL, &records_base);
	retransmission_csv(&sb, &columns, &retransmission, NULL, &records_base);
	retransmission_json(&sb, &retransmission, &records_base);
	assert_int_equal(sb.length, 0);
	free(sb.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),    cmocka_unit_test(test_wide),  cmocka_unit_test(test_csv),
		cmocka_unit_test(test_json),    cmocka_unit_test(test_kinds), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

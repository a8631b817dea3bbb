/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of tcpstates -c in every format. */
#include "output/connection.h"

#include "core/append.h"
#include "records.h"

/* The columns that options.c asks for. */
static struct connection_layout layout_of(enum column_style style, bool time, bool elapsed)
{
	static struct column_list columns;

	columns = column_list_connections(style, time, elapsed);
	return (struct connection_layout){.style = style, .columns = &columns};
}

/* A client's connection of 1.5 s that this side closed first. */
static struct connection known(void)
{
	struct connection connection = {
		.end = records[0],
		.life = {.start_ns = 1000000000,
			 .in_state_ns = {[STATE_SYN_SENT] = 1373499, [STATE_ESTABLISHED] = 1400000000},
			 .rtt_sum_us = 1000,
			 .rtt_samples = 3,
			 .role = ROLE_CLIENT,
			 .syn_retrans = 2},
		.bytes_sent = 5000,
		.bytes_acked = 5002,
		.bytes_received = 100001,
		.segs_out = 12,
		.segs_in = 15,
		.retransmits = 3,
		.srtt_us = 812,
		.min_rtt_us = 300,
	};

	connection.end.time_ns = 2500000000;
	connection.end.oldstate = STATE_FIN_WAIT2;
	connection.end.newstate = STATE_CLOSE;
	connection.end.cause = CAUSE_TIME_WAIT;
	return connection;
}

/* Nothing is known of its beginning, and there was no measurement. */
static struct connection old(void)
{
	struct connection connection = known();

	connection.life = (struct life){.start_ns = 2000000000, .is_old = 1};
	connection.end.owner.source = OWNER_UNKNOWN;
	connection.end.cause = CAUSE_RESET_RECEIVED;
	connection.end.oldstate = STATE_ESTABLISHED;
	connection.srtt_us = 0;
	connection.min_rtt_us = ~0U;
	return connection;
}

static void check_text(const struct connection *connection, const char *expected)
{
	struct connection_layout layout = layout_of(COLUMN_STYLE_TEXT, false, false);
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	connection_text(&sb, &layout, connection, NULL, &records_base);
	text_check(&sb, expected);
}

static void test_text(void **state)
{
	struct connection_layout layout = layout_of(COLUMN_STYLE_TEXT, false, false);
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct connection connection = known();

	(void)state;
	connection_text_header(&sb, &layout);
	text_check(&sb,
		   "PID     COMM       LADDR           LPORT RADDR           RPORT TX_KB   RX_KB   MS         CAUSE\n");
	check_text(&connection,
		   "2607    curl       127.0.0.1       55106 127.0.0.1       80    4       97      1500.000   "
		   "fin-local\n");
	connection = old();
	check_text(&connection,
		   "-       -          127.0.0.1       55106 127.0.0.1       80    4       97      -          "
		   "reset-received\n");
}

static void test_csv(void **state)
{
	struct connection_layout layout = layout_of(COLUMN_STYLE_CSV, true, true);
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);
	struct connection connection = known();

	(void)state;
	connection_csv_header(&sb, &layout);
	connection_csv(&sb, &layout, &connection, NULL, &records_base);
	connection = old();
	connection_csv(&sb, &layout, &connection, NULL, &records_base);
	text_check(&sb, "TIME,TIME(s),PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,ROLE,TX,RX,MS,RETRANS,SRTT_US,CAUSE\n"
			"14:01:50,1.500000,2607,curl,4,127.0.0.1,55106,127.0.0.1,80,client,5002,100001,1500.000,3,812,"
			"fin-local\n"
			"14:01:50,1.500000,,,4,127.0.0.1,55106,127.0.0.1,80,,5002,100001,,3,,reset-received\n");
}

static void test_csv_names(void **state)
{
	struct connection_layout layout = layout_of(COLUMN_STYLE_CSV, false, false);
	const struct names names = {.asked = NAMES_CGROUP | NAMES_NETNS, .cgroup = {"/a,b", 4}, .pod = {"p", 1}};
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);
	struct connection connection = known();

	(void)state;
	layout.names = true;
	connection_csv_header(&sb, &layout);
	connection_csv(&sb, &layout, &connection, &names, &records_base);
	connection = old();
	connection_csv(&sb, &layout, &connection, &names, &records_base);
	text_check(&sb, "PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,ROLE,TX,RX,MS,RETRANS,SRTT_US,CAUSE,CGPATH,UNIT,CONTAINER,"
			"POD,NETNSNAME\n"
			"2607,curl,4,127.0.0.1,55106,127.0.0.1,80,client,5002,100001,1500.000,3,812,fin-local,"
			"\"/a,b\",,,p,4026531840\n"
			",,4,127.0.0.1,55106,127.0.0.1,80,,5002,100001,,3,,reset-received,\"/a,b\",,,p,4026531840\n");
}

#define HEAD(pid, comm, owner)                                                                                         \
	"{\"v\":1,\"type\":\"connection\",\"time\":\"2026-11-22T12:31:50.500000Z\",\"cookie\":4711,\"conn_seq\":0,"    \
	"\"skaddr\":\"ffff888102a1e5c0\",\"pid\":" pid ",\"comm\":" comm ",\"owner\":\"" owner "\",\"uid\":1000,"      \
	"\"netns\":4026531840,\"cgroup_id\":"
#define TUPLE ",\"family\":4,\"laddr\":\"127.0.0.1\",\"lport\":55106,\"raddr\":\"127.0.0.1\",\"rport\":80"
#define COUNTERS                                                                                                       \
	"\"bytes_sent\":5000,\"bytes_acked\":5002,\"bytes_received\":100001,\"segs_out\":12,\"segs_in\":15,"           \
	"\"retransmits\":3"

static void test_json(void **state)
{
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);
	struct connection connection = known();

	(void)state;
	connection_json(&sb, &connection, &records_base);
	connection = old();
	connection_json(&sb, &connection, &records_base);
	text_check(&sb,
		   HEAD("2607", "\"curl\"",
			"connect") "1" TUPLE ",\"role\":\"client\",\"start\":\"2026-11-22T12:31:49.000000Z\",\"total_"
				   "us\":1500000.000,"
				   "\"states_us\":{\"ESTABLISHED\":1400000.000,\"SYN_SENT\":1373.499}," COUNTERS
				   ",\"syn_retrans\":2,\"srtt_us\":812,\"min_rtt_us\":300,\"rtt_mean_us\":333.333,"
				   "\"rtt_samples\":3,"
				   "\"oldstate\":\"FIN_WAIT2\",\"cause\":\"fin-local\"}\n" HEAD(
					   "null", "null",
					   "unknown") "null" TUPLE
						      ",\"role\":null,\"start\":null,\"total_us\":null,\"at_least_us\":"
						      "500000.000,\"states_us\":{}," COUNTERS
						      ",\"syn_retrans\":null,\"srtt_us\":null,\"min_rtt_us\":null,"
						      "\"rtt_mean_us\":null,\"rtt_samples\":0,"
						      "\"oldstate\":\"ESTABLISHED\",\"cause\":\"reset-received\"}\n");
}

/* Restored in repair mode. */
static void test_json_without_handshake(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct connection connection = known();

	(void)state;
	connection.life.syn_retrans = SYN_RETRANS_NONE;
	connection.life.in_state_ns[STATE_SYN_SENT] = 0;
	connection_json(&sb, &connection, &records_base);
	strbuf_append_char(&sb, '\0');
	assert_non_null(strstr(sb.data, ",\"syn_retrans\":null,"));
	assert_non_null(strstr(sb.data, "\"states_us\":{\"ESTABLISHED\":1400000.000},"));
	free(sb.data);
}

/* `start` is what the row that told it said, before the machine was suspended. */
static void test_suspended(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct connection connection = known();

	(void)state;
	connection_json(&sb, &connection, &records_suspended);
	assert_true(text_has(&sb, "\"time\":\"2026-11-22T13:31:50.500000Z\""));
	assert_true(text_has(&sb, "\"start\":\"2026-11-22T12:31:49.000000Z\",\"total_us\":1500000.000,"
				  "\"suspended_us\":3600000000.000,\"states_us\":"));
	sb.length = 0;
	connection.life.start_ns = 1100000000;
	connection_json(&sb, &connection, &records_suspended);
	assert_false(text_has(&sb, "suspended_us"));
	sb.length = 0;
	connection = old();
	connection.life.start_ns = 1050000000;
	connection_json(&sb, &connection, &records_suspended);
	assert_true(text_has(&sb, ",\"at_least_us\":1450000.000,\"suspended_us\":3600000000.000,"));
	free(sb.data);
}

static struct connection longest(unsigned int variant)
{
	struct connection connection;

	memset(&connection, 0xff, sizeof(connection));
	connection.end = records_longest(variant);
	connection.life.role = ROLE_SERVER;
	connection.life.is_old = 0;
	connection.life.rtt_samples = 1;
	connection.life.rtt_sum_us = UINT64_MAX / 1000;
	connection.life.start_ns = 1;
	connection.min_rtt_us--;
	return connection;
}

/* The longest line there can be fits into the room that a row is given, with what is written beyond it. */
static void check_fits(struct strbuf *sb)
{
	assert_false(sb->overflow);
	assert_true(sb->length + APPEND_SLACK <= ROW_TEXT_MAX);
	assert_int_equal(sb->data[sb->length - 1], '\n');
	sb->length = 0;
}

static void test_longest(void **state)
{
	struct connection_layout wide = layout_of(COLUMN_STYLE_WIDE, true, true), csv = wide;
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	(void)state;
	csv.names = true;
	for (unsigned int variant = 0; variant < RECORDS_LONGEST; variant++) {
		struct connection connection = longest(variant);
		struct timebase base = {};

		connection_json(&sb, &connection, &base);
		check_fits(&sb);
		connection.life.is_old = 1;
		connection_json(&sb, &connection, &base);
		check_fits(&sb);
		connection_json(&sb, &connection, &records_longest_suspended);
		assert_true(text_has(&sb, "\"suspended_us\":9223372036854775.807"));
		check_fits(&sb);
		connection_text(&sb, &wide, &connection, NULL, &base);
		check_fits(&sb);
		connection_csv(&sb, &csv, &connection, NULL, &base);
		check_fits(&sb);
	}
	free(sb.data);
}

/* A row that may not fit is dropped whole, and that is remembered. */
static void test_no_room(void **state)
{
	struct connection_layout layout = layout_of(COLUMN_STYLE_TEXT, false, false);
	struct connection connection = known();

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct strbuf sb = text_new(ROW_TEXT_MAX - 1);

		if (i == 0)
			connection_text(&sb, &layout, &connection, NULL, &records_base);
		if (i == 1)
			connection_csv(&sb, &layout, &connection, NULL, &records_base);
		if (i == 2)
			connection_json(&sb, &connection, &records_base);
		assert_true(sb.overflow);
		assert_int_equal(sb.length, 0);
		free(sb.data);
	}
}

static void test_causes(void **state)
{
	struct connection connection = known();

	(void)state;
	connection.end.oldstate = STATE_CLOSING;
	check_text(&connection,
		   "2607    curl       127.0.0.1       55106 127.0.0.1       80    4       97      1500.000   "
		   "fin-both\n");
	connection.end.cause = CAUSE_NONE;
	check_text(&connection,
		   "2607    curl       127.0.0.1       55106 127.0.0.1       80    4       97      1500.000   "
		   "unknown\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_names),
		cmocka_unit_test(test_suspended),
		cmocka_unit_test(test_json_without_handshake),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

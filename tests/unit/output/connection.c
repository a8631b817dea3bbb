/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of tcpstates -c in every format. */
#include "output/connection.h"

#include "core/append.h"
#include "output/csv.h"
#include "output/table.h"
#include "records.h"

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
		.bytes_retrans = 1500,
		.chrono_ns = {[CHRONO_BUSY] = 900000000, [CHRONO_RWND] = 8000000, [CHRONO_SEND_BUFFER] = 4000000},
		.rcv_rtt_us = 4100,
		.lost = 4,
		.dsack_dups = 1,
		.reord_seen = 2,
		.delivered = 11,
		.delivered_ce = 5,
		.rto_count = 1,
		.rto_recoveries = 1,
		.rto_ms = 204,
		.rate_delivered = 2,
		.rate_interval_us = 1000,
		.cwnd = 10,
		.ssthresh = 7,
		.mss = 1448,
		.options = CONNECTION_SACK | CONNECTION_WINDOW_SCALING | CONNECTION_RATE_APP_LIMITED,
		.congestion = "cubic",
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
	connection.min_rtt_us = MIN_RTT_UNKNOWN;
	connection.rcv_rtt_us = 0;
	connection.rto_count = connection.rto_recoveries = connection.rto_ms = RTO_UNKNOWN;
	connection.rate_delivered = 0;
	connection.ssthresh = SSTHRESH_INFINITE;
	connection.options = CONNECTION_TIMESTAMPS | CONNECTION_ECN;
	connection.congestion[0] = '\0';
	return connection;
}

static struct connection_line line_of(const struct connection *connection)
{
	return (struct connection_line){.connection = connection, .base = &records_base};
}

static void check_text(const struct connection *connection, const char *expected)
{
	struct column_list columns = column_list_connections(COLUMN_STYLE_TEXT, false, false);
	struct connection_line line = line_of(connection);
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	connection_text(&sb, &columns, COLUMN_STYLE_TEXT, &line);
	text_check(&sb, expected);
}

static void test_text(void **state)
{
	struct column_list columns = column_list_connections(COLUMN_STYLE_TEXT, false, false);
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct connection connection = known();

	(void)state;
	table_header(&sb, &columns, COLUMN_STYLE_TEXT);
	text_check(&sb, "PID     COMM       LADDR           LPORT RADDR           RPORT TX_KB   RX_KB   MS         "
			"CAUSE                  LIMIT\n");
	check_text(&connection,
		   "2607    curl       127.0.0.1       55106 127.0.0.1       80    4       97      1500.000   "
		   "fin-local              loss\n");
	connection = old();
	check_text(&connection,
		   "-       -          127.0.0.1       55106 127.0.0.1       80    4       97      -          "
		   "reset-received         -\n");
}

/* Open: a state instead of a cause. */
static void test_open(void **state)
{
	struct connection connection = known();
	struct connection_line line = line_of(&connection);
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	(void)state;
	connection.end.oldstate = connection.end.newstate = STATE_ESTABLISHED;
	connection.end.flags = TRANSITION_SCAN;
	connection.end.cause = CAUSE_NONE;
	check_text(&connection,
		   "2607    curl       127.0.0.1       55106 127.0.0.1       80    4       97      1500.000   "
		   "ESTABLISHED            loss\n");
	connection_json(&sb, &line);
	assert_true(text_has(&sb, ",\"oldstate\":\"ESTABLISHED\",\"cause\":null,\"final\":false}\n"));
	sb.length = 0;
	line.from_ns = 2000000000;
	connection_json(&sb, &line);
	assert_true(text_has(&sb, ",\"cause\":null,\"since\":\"2026-11-22T12:31:50.000000Z\",\"final\":false}\n"));
	free(sb.data);
}

/* The last part of a connection that has ended: the cause is the whole connection's. */
static void test_last_part(void **state)
{
	static const char names[] = "FINAL,CAUSE,OLDSTATE";
	struct connection connection = known();
	struct connection_line line = line_of(&connection);
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);
	struct column_list columns;
	struct parse_error error;

	(void)state;
	assert_int_equal(column_list_parse(names, COLUMNS_OF_CONNECTIONS, &columns, &error), 0);
	line.from_ns = 2000000000;
	connection_json(&sb, &line);
	assert_true(text_has(&sb, ",\"oldstate\":\"FIN_WAIT2\",\"cause\":null,\"since\":"));
	assert_true(text_has(&sb, ",\"final\":false}\n"));
	sb.length = 0;
	connection_csv(&sb, &columns, &line);
	line.from_ns = 0;
	connection_csv(&sb, &columns, &line);
	connection.end.flags = TRANSITION_SCAN;
	connection_csv(&sb, &columns, &line);
	text_check(&sb, "false,FIN_WAIT2,FIN_WAIT2\ntrue,fin-local,FIN_WAIT2\nfalse,FIN_WAIT2,FIN_WAIT2\n");
}

static void test_csv(void **state)
{
	struct column_list columns = column_list_connections(COLUMN_STYLE_CSV, true, true);
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);
	struct connection connection = known();
	struct connection_line line = line_of(&connection);

	(void)state;
	csv_header(&sb, &columns);
	connection_csv(&sb, &columns, &line);
	connection = old();
	connection_csv(&sb, &columns, &line);
	text_check(&sb, "TIME,TIME(s),PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,ROLE,TX,RX,MS,RETRANS,SRTT_US,CAUSE,LIMIT\n"
			"14:01:50,1.500000,2607,curl,4,127.0.0.1,55106,127.0.0.1,80,client,5002,100001,1500.000,3,812,"
			"fin-local,loss\n"
			"14:01:50,1.500000,,,4,127.0.0.1,55106,127.0.0.1,80,,5002,100001,,3,,reset-received,\n");
}

static void test_csv_names(void **state)
{
	struct column_list columns = column_list_connections(COLUMN_STYLE_CSV, false, false);
	const struct names names = {.asked = NAMES_CGROUP | NAMES_NETNS, .cgroup = {"/a,b", 4}, .pod = {"p", 1}};
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);
	struct connection connection = known();
	struct connection_line line = line_of(&connection);

	(void)state;
	line.names = &names;
	column_list_append_names(&columns);
	csv_header(&sb, &columns);
	connection_csv(&sb, &columns, &line);
	connection = old();
	connection_csv(&sb, &columns, &line);
	text_check(&sb, "PID,COMM,IP,LADDR,LPORT,RADDR,RPORT,ROLE,TX,RX,MS,RETRANS,SRTT_US,CAUSE,LIMIT,CGPATH,UNIT,"
			"CONTAINER,POD,NETNSNAME\n"
			"2607,curl,4,127.0.0.1,55106,127.0.0.1,80,client,5002,100001,1500.000,3,812,fin-local,loss,"
			"\"/a,b\",,,p,4026531840\n"
			",,4,127.0.0.1,55106,127.0.0.1,80,,5002,100001,,3,,reset-received,,\"/a,b\",,,p,4026531840\n");
}

/* The columns that are not among the usual ones. */
static void check_columns(const struct connection *connection, enum column_style style, const char *names,
			  const char *expected)
{
	struct connection_line line = line_of(connection);
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct column_list columns;
	struct parse_error error;

	assert_int_equal(column_list_parse(names, COLUMNS_OF_CONNECTIONS, &columns, &error), 0);
	if (style == COLUMN_STYLE_CSV)
		connection_csv(&sb, &columns, &line);
	else
		connection_text(&sb, &columns, style, &line);
	text_check(&sb, expected);
}

static void test_columns(void **state)
{
	static const char losses[] = "SYNRETRANS,RETRANS_BYTES,LOST,DSACK,REORDER,RTO,RTO_MS,CE,ZEROWIN";
	static const char times[] = "START,BUSY_MS,RWND_MS,SNDBUF_MS,IDLE_MS,MINRTT_US,RCVRTT_US";
	static const char path[] = "RATE,CONGESTION,CWND,SSTHRESH,MSS,OPTIONS,SEGS_OUT,SEGS_IN,OLDSTATE";
	struct connection connection = known();

	(void)state;
	connection.life.zero_windows = 6;
	check_columns(&connection, COLUMN_STYLE_CSV, losses, "2,1500,4,1,2,1,204.000,5,6\n");
	check_columns(&connection, COLUMN_STYLE_CSV, times,
		      "2026-11-22T12:31:49.000000Z,912.000,8.000,4.000,488.000,300,4100\n");
	check_columns(&connection, COLUMN_STYLE_CSV, path, "2896000,cubic,10,7,1448,sack+wscale,12,15,FIN_WAIT2\n");
	connection = old();
	check_columns(&connection, COLUMN_STYLE_CSV, losses, ",1500,4,1,2,,,5,0\n");
	check_columns(&connection, COLUMN_STYLE_CSV, times, ",912.000,8.000,4.000,,,\n");
	check_columns(&connection, COLUMN_STYLE_TEXT, "RTO,RTO_MS,IDLE_MS,RATE,ROLE,LIMIT",
		      "-    -          -          -           -      -\n");
	check_columns(&connection, COLUMN_STYLE_CSV, path, ",,10,,1448,ts+ecn,12,15,ESTABLISHED\n");
	connection.options = 0;
	memcpy(connection.congestion, "a,\x1b\"b", sizeof("a,\x1b\"b"));
	check_columns(&connection, COLUMN_STYLE_TEXT, "OPTIONS,CONGESTION", "none              a,\\x1B\"b\n");
	check_columns(&connection, COLUMN_STYLE_CSV, "OPTIONS,CONGESTION", "none,\"a,\\x1B\"\"b\"\n");
	connection.end.oldstate = STATE_SYN_SENT;
	check_columns(&connection, COLUMN_STYLE_TEXT, "OPTIONS", "-\n");
}

#define HEAD(pid, comm, owner)                                                                                         \
	"{\"v\":1,\"type\":\"connection\",\"time\":\"2026-11-22T12:31:50.500000Z\",\"cookie\":4711,\"conn_seq\":0,"    \
	"\"skaddr\":\"ffff888102a1e5c0\",\"pid\":" pid ",\"comm\":" comm ",\"owner\":\"" owner "\",\"uid\":1000,"      \
	"\"netns\":4026531840,\"cgroup_id\":"
#define TUPLE ",\"family\":4,\"laddr\":\"127.0.0.1\",\"lport\":55106,\"raddr\":\"127.0.0.1\",\"rport\":80"
#define COUNTERS(syns)                                                                                                 \
	"\"bytes_sent\":5000,\"bytes_acked\":5002,\"bytes_received\":100001,\"segs_out\":12,\"segs_in\":15,"           \
	"\"retransmits\":3,\"syn_retrans\":" syns
#define LIMITS(limit, idle)                                                                                            \
	",\"limited_by\":" limit                                                                                       \
	",\"busy_us\":912000.000,\"rwnd_limited_us\":8000.000,\"sndbuf_limited_us\":4000.000,"                         \
	"\"idle_us\":" idle                                                                                            \
	",\"zero_windows\":0,\"bytes_retrans\":1500,\"segs_lost\":4,\"dsack_dups\":1,\"reord_seen\":2,"
#define DELIVERED ",\"delivered\":11,\"delivered_ce\":5,"

static void test_json(void **state)
{
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);
	struct connection connection = known();
	struct connection_line line = line_of(&connection);

	(void)state;
	connection_json(&sb, &line);
	text_check(&sb,
		   HEAD("2607", "\"curl\"",
			"connect") "1" TUPLE ",\"role\":\"client\",\"start\":\"2026-11-22T12:31:49."
				   "000000Z\",\"total_us\":1500000.000,"
				   "\"states_us\":{\"ESTABLISHED\":1400000.000,\"SYN_SENT\":1373.499}"
				   "," COUNTERS("2") ",\"srtt_us\":812,\"min_rtt_us\":300,\"rtt_mean_us\":"
						     "333.333,\"rtt_samples\":3,\"rcv_rtt_us\":4100" LIMITS(
							     "\"loss\"", "488000.000") "\"rto\":1,\"rto_recoveries\":1,"
										       "\"rto_us\":204000.000" DELIVERED
										       "\"delivery_rate\":2896000,"
										       "\"delivery_app_limited\":true,"
										       "\"congestion\":\"cubic\","
										       "\"cwnd\":10,"
										       "\"ssthresh\":7,\"mss\":1448,"
										       "\"sack\":true,\"timestamps\":"
										       "false,\"window_scaling\":true,"
										       "\"ecn\":false,"
										       "\"oldstate\":\"FIN_WAIT2\","
										       "\"cause\":\"fin-local\","
										       "\"final\":true}\n");
	sb = text_new(2 * ROW_TEXT_MAX);
	connection = old();
	connection_json(&sb, &line);
	text_check(&sb,
		   HEAD("null", "null",
			"unknown") "null" TUPLE
				   ",\"role\":null,\"start\":null,\"total_us\":null,\"at_least_us\":500000.000,"
				   "\"states_us\":{}," COUNTERS(
					   "null") ",\"srtt_us\":null,\"min_rtt_us\":null,\"rtt_mean_us\":null,\"rtt_"
						   "samples\":0,"
						   "\"rcv_rtt_us\":null" LIMITS(
							   "null",
							   "null") "\"rto\":null,\"rto_recoveries\":null,\"rto_us\":"
								   "null" DELIVERED
								   "\"delivery_rate\":null,\"delivery_app_limited\":"
								   "null,\"congestion\":null,\"cwnd\":10,"
								   "\"ssthresh\":null,\"mss\":1448,\"sack\":false,"
								   "\"timestamps\":true,\"window_scaling\":false,"
								   "\"ecn\":true,"
								   "\"oldstate\":\"ESTABLISHED\",\"cause\":\"reset-"
								   "received\",\"final\":true}\n");
}

/* A connect that failed: nothing was agreed. */
static void test_json_without_answer(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct connection connection = known();
	struct connection_line line = line_of(&connection);

	(void)state;
	connection.end.oldstate = STATE_SYN_SENT;
	connection_json(&sb, &line);
	assert_true(text_has(&sb, "\"sack\":null,\"timestamps\":null,\"window_scaling\":null,\"ecn\":null,"));
	free(sb.data);
}

/* Restored in repair mode. */
static void test_json_without_handshake(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct connection connection = known();
	struct connection_line line = line_of(&connection);

	(void)state;
	connection.life.syn_retrans = SYN_RETRANS_NONE;
	connection.life.in_state_ns[STATE_SYN_SENT] = 0;
	connection_json(&sb, &line);
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
	struct connection_line line = {.connection = &connection, .base = &records_suspended};

	(void)state;
	connection_json(&sb, &line);
	assert_true(text_has(&sb, "\"time\":\"2026-11-22T13:31:50.500000Z\""));
	assert_true(text_has(&sb, "\"start\":\"2026-11-22T12:31:49.000000Z\",\"total_us\":1500000.000,"
				  "\"suspended_us\":3600000000.000,\"states_us\":"));
	sb.length = 0;
	connection.life.start_ns = 1100000000;
	connection_json(&sb, &line);
	assert_false(text_has(&sb, "suspended_us"));
	sb.length = 0;
	connection = old();
	connection.life.start_ns = 1050000000;
	connection_json(&sb, &line);
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
	struct column_list all = {}, csv = column_list_connections(COLUMN_STYLE_CSV, true, true);
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct parse_error error;

	(void)state;
	column_list_append_names(&csv);
	assert_int_equal(column_list_parse(column_names(COLUMNS_OF_CONNECTIONS), COLUMNS_OF_CONNECTIONS, &all, &error),
			 0);
	for (unsigned int variant = 0; variant < RECORDS_LONGEST; variant++) {
		struct connection connection = longest(variant);
		struct timebase base = {};
		struct connection_line line = {.connection = &connection, .from_ns = ~0ULL, .base = &base};

		connection_json(&sb, &line);
		check_fits(&sb);
		connection.life.is_old = 1;
		connection_json(&sb, &line);
		check_fits(&sb);
		line.base = &records_longest_suspended;
		connection_json(&sb, &line);
		assert_true(text_has(&sb, "\"suspended_us\":9223372036854775.807"));
		check_fits(&sb);
		line.base = &base;
		connection_text(&sb, &all, COLUMN_STYLE_WIDE, &line);
		check_fits(&sb);
		connection_csv(&sb, &csv, &line);
		check_fits(&sb);
		connection_csv(&sb, &all, &line);
		check_fits(&sb);
	}
	free(sb.data);
}

/* A row that may not fit is dropped whole, and that is remembered. */
static void test_no_room(void **state)
{
	struct column_list columns = column_list_connections(COLUMN_STYLE_TEXT, false, false);
	struct connection connection = known();
	struct connection_line line = line_of(&connection);

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct strbuf sb = text_new(ROW_TEXT_MAX - 1);

		if (i == 0)
			connection_text(&sb, &columns, COLUMN_STYLE_TEXT, &line);
		if (i == 1)
			connection_csv(&sb, &columns, &line);
		if (i == 2)
			connection_json(&sb, &line);
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
		   "fin-both               loss\n");
	connection.end.cause = CAUSE_NONE;
	check_text(&connection,
		   "2607    curl       127.0.0.1       55106 127.0.0.1       80    4       97      1500.000   "
		   "unknown                loss\n");
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
		cmocka_unit_test(test_json_without_answer),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_last_part),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

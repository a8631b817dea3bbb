/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines that are no rows, or that somebody has made up: a clear fault or a row that can be printed, never a crash. */
#include <errno.h>

#include "rows.h"

#define MUTATIONS 30000

#define SOCKET                                                                                                         \
	"\"cookie\":4711,\"conn_seq\":0,\"skaddr\":\"ffff888102a1e5c0\",\"pid\":2607,\"comm\":\"curl\",\"owner\":"     \
	"\"connect\",\"uid\":1000,\"netns\":4026531840,\"cgroup_id\":1,\"family\":4,\"laddr\":\"127.0.0.1\","          \
	"\"lport\":"                                                                                                   \
	"55106,\"raddr\":\"127.0.0.1\",\"rport\":80,"
#define TIME "\"time\":\"2026-11-22T12:31:49.123456Z\","

static const char transition[] =
	"{\"v\":1,\"type\":\"transition\"," TIME SOCKET "\"oldstate\":\"SYN_SENT\",\"newstate\":\"ESTABLISHED\","
	"\"duration_us\":1373.000,\"syn_retrans\":0,\"cause\":null}";
static const char connection[] =
	"{\"v\":1,\"type\":\"connection\"," TIME SOCKET "\"role\":\"client\",\"start\":\"2026-11-22T12:31:48.623456Z\","
	"\"total_us\":500000.000,\"states_us\":{\"ESTABLISHED\":400000.000,\"SYN_SENT\":1373.000},\"bytes_sent\":5000,"
	"\"bytes_acked\":5002,\"bytes_received\":100001,\"segs_out\":12,\"segs_in\":15,\"retransmits\":0,"
	"\"syn_retrans\":0,\"srtt_us\":412,\"min_rtt_us\":300,\"rtt_mean_us\":333.333,\"rtt_samples\":12,"
	"\"rcv_rtt_us\":610,\"limited_by\":\"application\",\"busy_us\":44000.000,\"rwnd_limited_us\":4000.000,"
	"\"sndbuf_limited_us\":0.000,\"idle_us\":356000.000,\"zero_windows\":0,\"bytes_retrans\":0,\"segs_lost\":0,"
	"\"dsack_dups\":0,\"reord_seen\":0,\"rto\":0,\"rto_recoveries\":0,\"rto_us\":0.000,\"delivered\":6,"
	"\"delivered_ce\":0,\"delivery_rate\":2896000,\"delivery_app_limited\":true,\"congestion\":\"cubic\",\"cwnd\":"
	"10,"
	"\"ssthresh\":null,\"mss\":1448,\"sack\":true,\"timestamps\":true,\"window_scaling\":true,\"ecn\":false,"
	"\"oldstate\":\"FIN_WAIT2\",\"cause\":\"fin-local\",\"final\":true}";
static const char retransmission[] = "{\"v\":1,\"type\":\"retransmission\"," TIME SOCKET
				     "\"state\":\"ESTABLISHED\",\"kind\":\"fast\",\"seq\":1,\"bytes\":1448,"
				     "\"segments\":1,\"retransmits\":1}";
static const char *const lines[] = {transition, connection, retransmission};

/* `line` with the first `from` replaced by `to`; free() it. */
static char *replaced(const char *line, const char *from, const char *to)
{
	const char *at = strstr(line, from);
	char *text = malloc(strlen(line) + strlen(to) + 1);

	assert_non_null(text);
	if (!at)
		fail_msg("no %s in %s", from, line);
	memcpy(text, line, (size_t)(at - line));
	strcpy(text + (at - line), to);
	strcat(text, at + strlen(from));
	return text;
}

static void check_fault(struct members *members, const char *line, size_t length, enum fault fault, const char *why)
{
	struct rows_subject subject;
	struct record record;
	/* On the heap, of exactly that size. */
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, line, length);
	if (rows_read(members, copy, length, 0, &record, &subject) != -EINVAL)
		fail_msg("no fault in %.*s", (int)length, line);
	free(copy);
	assert_string_equal(members->error.why.text, why);
	assert_int_equal(members->error.fault, fault);
}

static const struct {
	const char *line, *from, *to, *why;
} values[] = {
	{transition, "\"v\":1", "\"v\":2", "v \"2\": this version of the tool reads only 1"},
	{transition, "\"v\":1", "\"v\":\"1\"", "v \"1\": this version of the tool reads only 1"},
	{transition, "\"transition\"", "1", "type \"1\": not a string"},
	{transition, "12:31:49.123456Z", "24:31:49.123456Z",
	 "time \"2026-11-22T24:31:49.123456Z\": not a time such as 2026-11-22T12:31:49.123456Z"},
	{transition, "\"2026-11-22T12:31:49.123456Z\"", "1795350709", "time \"1795350709\": not a string"},
	{transition, "\"2026-11-22T12:31:49.123456Z\"", "null", "time \"null\": it must be known"},
	{transition, "4711", "-1", "cookie \"-1\": not a number from 0 to 18446744073709551615"},
	{transition, "4711", "18446744073709551616",
	 "cookie \"18446744073709551616\": not a number from 0 to 18446744073709551615"},
	{transition, "4711", "\"4711\"", "cookie \"4711\": not a number"},
	{transition, "4711", "{\"a\":[1,{}]}", "cookie \"{\": not a number"},
	{transition, "4711", "1e3", "cookie \"1e3\": not a number from 0 to 18446744073709551615"},
	{transition, "\"conn_seq\":0", "\"conn_seq\":4294967296",
	 "conn_seq \"4294967296\": not a number from 0 to 4294967295"},
	{transition, "ffff888102a1e5c0", "ffff888102a1e5cg",
	 "skaddr \"ffff888102a1e5cg\": not 16 hexadecimal digits in lower case"},
	{transition, "\"uid\":1000", "\"uid\":1000,\"mptcp_token\":\"1\"",
	 "mptcp_token \"1\": not 8 hexadecimal digits in lower case"},
	{transition, "\"pid\":2607", "\"pid\":2147483648", "pid \"2147483648\": not a number from 0 to 2147483647"},
	{transition, "\"curl\"", "\"a\\u0000b\"", "comm \"a\\x00b\": it has a NUL"},
	{transition, "\"curl\"", "\"\\u001b[31m\\u0007 and more of it\"",
	 "comm \"\\x1B[31m\\x07 and more of it\": the name is too long"},
	{transition, "\"curl\"", "null", "comm \"null\": it must be known"},
	{transition, "\"connect\"", "\"magic\"", "owner \"magic\": this version does not know the word"},
	{transition, "\"family\":4", "\"family\":5", "family \"5\": not 4 or 6"},
	{transition, "127.0.0.1", "127.0.0.256", "laddr \"127.0.0.256\": not an IPv4 address"},
	{transition, "127.0.0.1", "::1", "laddr \"::1\": not an IPv4 address"},
	{transition, "127.0.0.1", "1.2.3.4\\u0000", "laddr \"1.2.3.4\\x00\": not an IPv4 address"},
	{transition, "\"family\":4", "\"family\":6", "laddr \"127.0.0.1\": not an IPv6 address"},
	{transition, "55106", "65536", "lport \"65536\": not a number from 0 to 65535"},
	{transition, "SYN_SENT", "SYN", "oldstate \"SYN\": not a TCP state"},
	{transition, "SYN_SENT", "256", "oldstate \"256\": not a TCP state"},
	{transition, "1373.000", "1373.0001",
	 "duration_us \"1373.0001\": not a number of microseconds with up to three decimals"},
	{transition, "1373.000", "-1", "duration_us \"-1\": not a number of microseconds with up to three decimals"},
	{transition, "1373.000", "18446744073709551.615",
	 "duration_us \"18446744073709551.615\": not a number of microseconds with up to three decimals"},
	{transition, "1373.000", "true",
	 "duration_us \"true\": not a number of microseconds with up to three decimals"},
	{transition, "\"syn_retrans\":0", "\"syn_retrans\":255", "syn_retrans \"255\": not a number from 0 to 254"},
	{transition, "\"cause\":null", "\"cause\":\"boredom\"",
	 "cause \"boredom\": this version does not know the word"},
	{transition, "\"cause\":null", "\"cause\":null,\"zone\":\"abcdefghijklmnop\"",
	 "zone \"abcdefghijklmnop\": the name is too long"},
	{connection, "\"client\"", "\"unknown\"", "role \"unknown\": this version does not know the word"},
	{connection, "500000.000", "null", "total_us \"null\": it must be known"},
	{connection, "500000.000", "9999999999999999.0",
	 "total_us \"9999999999999999.0\": the connection began before 1970"},
	{connection, "{\"ESTABLISHED\":400000.000,\"SYN_SENT\":1373.000}", "[1]", "states_us \"[\": not an object"},
	{connection, "\"SYN_SENT\":1373.000", "\"SLEEP\":1", "states_us \"{\": it has the name of no state"},
	{connection, "\"SYN_SENT\":1373.000", "\"SYN_SENT\":[1]",
	 "states_us \"{\": not a number of microseconds with up to three decimals"},
	{connection, "44000.000", "3000.000", "busy_us \"3000.000\": less than rwnd_limited_us and sndbuf_limited_us"},
	{connection, "333.333", "18446744073709551.0",
	 "rtt_mean_us \"18446744073709551.0\": too long for so many samples"},
	{connection, "\"rto_us\":0.000", "\"rto_us\":4294967295000.000",
	 "rto_us \"4294967295000.000\": more than 49 days"},
	{connection, "2896000", "9223372036854775807",
	 "delivery_rate \"9223372036854775807\": no such rate with mss and delivered"},
	{connection, "\"mss\":1448", "\"mss\":0", "delivery_rate \"2896000\": no such rate with mss and delivered"},
	{connection, "\"sack\":true", "\"sack\":1", "sack \"1\": not true or false"},
	{connection, "\"final\":true", "\"final\":null", "final \"null\": it must be known"},
	{connection, "\"fin-local\"", "null", "cause \"null\": it must be known"},
	{retransmission, "\"fast\"", "\"slow\"", "kind \"slow\": this version does not know the word"},
	{retransmission, "\"bytes\":1448", "\"bytes\":1448.5", "bytes \"1448.5\": not a number from 0 to 4294967295"},
};

static void test_values(void **state)
{
	struct members members;

	(void)state;
	assert_int_equal(members_open(&members), 0);
	for (size_t i = 0; i < COUNT(values); i++) {
		char *line = replaced(values[i].line, values[i].from, values[i].to);

		check_fault(&members, line, strlen(line), FAULT_VALUE, values[i].why);
		free(line);
	}
	members_close(&members);
}

static const struct {
	const char *line;
	enum fault fault;
	const char *why;
} others[] = {
	{"", FAULT_NOT_JSON, "not JSON behind byte 0: premature EOF"},
	{"abc", FAULT_NOT_JSON, "not JSON behind byte 1: invalid char in json text."},
	{"1", FAULT_NOT_JSON, "not a JSON object"},
	{"\"transition\"", FAULT_NOT_JSON, "not a JSON object"},
	{"[{\"v\":1,\"type\":\"transition\"}]", FAULT_NOT_JSON, "not a JSON object"},
	{"{\"v\":1}{\"v\":1}", FAULT_NOT_JSON, "not JSON behind byte 8: trailing garbage"},
	{"{\"v\":1,}", FAULT_NOT_JSON, "not JSON behind byte 8: invalid object key (must be a string)"},
	{"{\"a\":\"\xff\"}", FAULT_NOT_JSON, "not JSON behind byte 7: invalid bytes in UTF8 string."},
	{"{\"a\":\"\x1b\"}", FAULT_NOT_JSON, "not JSON behind byte 6: invalid character inside string."},
	{"{\"v\":1,\"v\":1}", FAULT_TWICE, "member \"v\": it is there twice"},
	{"{\"states_us\":{\"LISTEN\":1.0,\"LISTEN\":1.0}}", FAULT_TWICE, "member \"LISTEN\": it is there twice"},
	{"{}", FAULT_MISSING, "member \"type\": it is missing"},
	{"{\"type\":\"transition\"}", FAULT_MISSING, "member \"v\": it is missing"},
	{"{\"v\":1,\"type\":\"transition\"}", FAULT_MISSING, "member \"time\": it is missing"},
	{"{\"v\":1,\"type\":null}", FAULT_VALUE, "type \"null\": it must be known"},
};

static void test_others(void **state)
{
	struct members members;

	(void)state;
	assert_int_equal(members_open(&members), 0);
	for (size_t i = 0; i < COUNT(others); i++)
		check_fault(&members, others[i].line, strlen(others[i].line), others[i].fault, others[i].why);
	members_close(&members);
}

/* Reads the line, from memory of exactly that size, and prints what it is. */
static bool try_line(struct members *members, const char *line, size_t length)
{
	char *copy = malloc(length ? length : 1);
	struct rows_subject subject;
	struct record record;
	struct strbuf out;
	int error;

	assert_non_null(copy);
	memcpy(copy, line, length);
	error = rows_read(members, copy, length, 3600, &record, &subject);
	free(copy);
	if (error) {
		assert_int_equal(error, -EINVAL);
		return false;
	}
	out = text_new(ROW_TEXT_MAX + ESCAPED_MAX * RECORD_NAMES_MAX);
	for (enum column_style style = COLUMN_STYLE_TEXT; style <= COLUMN_STYLE_CSV; style++) {
		out.length = 0;
		rows_text(&out, &subject, style);
		assert_false(out.overflow);
		assert_int_equal(out.data[out.length - 1], '\n');
		assert_null(memchr(out.data, '\x1b', out.length));
	}
	free(out.data);
	return true;
}

static void test_cut_off(void **state)
{
	struct members members;

	(void)state;
	assert_int_equal(members_open(&members), 0);
	for (size_t i = 0; i < COUNT(lines); i++) {
		size_t whole = strlen(lines[i]);

		for (size_t length = 0; length < whole; length++)
			assert_false(try_line(&members, lines[i], length));
		assert_true(try_line(&members, lines[i], whole));
	}
	members_close(&members);
}

/* Bytes are changed, taken out and copied within a line. */
static void test_mutations(void **state)
{
	static const char pieces[] = "{}[]\",:0123456789-.eE\\untruefalsnl\xff\x00\x1b ";
	struct members members;
	uint64_t random = 3;
	unsigned int rows = 0;

	(void)state;
	assert_int_equal(members_open(&members), 0);
	for (unsigned int i = 0; i < MUTATIONS; i++) {
		const char *line = lines[i % COUNT(lines)];
		size_t length = strlen(line), changes = 1 + text_random(&random) % 3;
		char text[2048];

		memcpy(text, line, length);
		for (; changes; changes--) {
			size_t at = text_random(&random) % length, from = text_random(&random) % length;

			switch (text_random(&random) % 3) {
			case 0:
				text[at] = pieces[text_random(&random) % (sizeof(pieces) - 1)];
				break;
			case 1:
				memmove(text + at, text + at + 1, --length - at);
				break;
			default:
				memmove(text + at, text + from, (length - (at > from ? at : from)) % 8);
			}
		}
		rows += try_line(&members, text, length);
	}
	/* A changed digit makes another row. */
	assert_true(rows > MUTATIONS / 100);
	members_close(&members);
}

/* The longest line there may be, of names, of one member, and deeply nested. */
static void test_long(void **state)
{
	char *text = malloc(MEMBERS_LINE_MAX), *long_name = malloc(RECORD_NAMES_MAX + 64), *line;
	struct members members;
	size_t head;

	(void)state;
	assert_non_null(text);
	assert_non_null(long_name);
	assert_int_equal(members_open(&members), 0);
	memset(text, '[', MEMBERS_LINE_MAX);
	assert_false(try_line(&members, text, MEMBERS_LINE_MAX));
	head = (size_t)snprintf(text, MEMBERS_LINE_MAX, "{\"v\":1,\"type\":\"transition\",\"comm\":\"");
	memset(text + head, 'a', MEMBERS_LINE_MAX - head - 2);
	memcpy(text + MEMBERS_LINE_MAX - 2, "\"}", 2);
	assert_false(try_line(&members, text, MEMBERS_LINE_MAX));
	for (size_t length = RECORD_NAMES_MAX; length <= RECORD_NAMES_MAX + 1; length++) {
		head = (size_t)sprintf(long_name, ",\"cgroup\":\"");
		memset(long_name + head, '\x7f', length);
		strcpy(long_name + head + length, "\"}");
		line = replaced(transition, "}", long_name);
		assert_int_equal(try_line(&members, line, strlen(line)), length == RECORD_NAMES_MAX);
		free(line);
	}
	/* Two names that are too long only together. */
	head = (size_t)sprintf(long_name, ",\"cgroup\":\"");
	memset(long_name + head, 'c', RECORD_NAMES_MAX - 4);
	strcpy(long_name + head + RECORD_NAMES_MAX - 4, "\",\"unit\":\"c.slice\"}");
	line = replaced(transition, "}", long_name);
	assert_false(try_line(&members, line, strlen(line)));
	assert_non_null(strstr(members.error.why.text, "...\": the names are too long"));
	free(line);
	free(text);
	free(long_name);
	members_close(&members);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),    cmocka_unit_test(test_others), cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_mutations), cmocka_unit_test(test_long),
	};

	return members_are_built() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}

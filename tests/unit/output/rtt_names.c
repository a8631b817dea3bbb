/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of groups in reports of output/rtt. */
#include "output/rtt.h"

#include <stdio.h>
#include <string.h>

#include "../core/text.h"

#define IDENTITY "1970-01-01T00:00:00.000000Z,1.000,cgroup,77,srtt,tp_btf,us,0,,,,,,,,,0,0"

static struct rtt_report report_of(const struct names *names, const struct histogram *histogram)
{
	return (struct rtt_report){.interval_s = 1,
				   .by = "cgroup",
				   .key = "77",
				   .sample = "srtt",
				   .hook = "tp_btf",
				   .histogram = histogram,
				   .names = names};
}

static void check_csv(const struct rtt_report *report, const char *expected)
{
	struct strbuf sb = text_new(RTT_TEXT_MAX);

	rtt_csv(&sb, report);
	text_check(&sb, expected);
}

static void check_header(const char *by, unsigned int asked, const char *end)
{
	struct strbuf sb = text_new(RTT_TEXT_MAX);
	size_t length = strlen(end);

	rtt_csv_header(&sb, by, asked);
	assert_true(sb.length > length);
	assert_memory_equal(sb.data + sb.length - length, end, length);
	free(sb.data);
}

/* The names that were asked for, and the number where there is no name. */
static void test_csv(void **state)
{
	struct histogram histogram = {};
	struct names names = {.asked = NAMES_CGROUP, .cgroup = {"/a,b", 4}, .unit = {"b", 1}};
	struct rtt_report report = report_of(&names, &histogram);

	(void)state;
	report.ids.cgroup_id = 77;
	check_csv(&report, IDENTITY ",\"/a,b\",b,,\n");
	names.cgroup = names.unit = (struct name){};
	check_csv(&report, IDENTITY ",77,,,\n");
	report.ids.cgroup_id = 0;
	check_csv(&report, IDENTITY ",,,,\n");
	names.asked = NAMES_NETNS;
	report.ids.netns = 5;
	check_csv(&report, IDENTITY ",5\n");
	check_header("cgroup", 0, ",UNKNOWN\n");
	check_header("cgroup", NAMES_CGROUP, ",UNKNOWN,CGPATH,SYSTEMD_UNIT,CONTAINER,POD\n");
	check_header("cgroup", NAMES_CGROUP | NAMES_NETNS, ",POD,NETNSNAME\n");
}

/* A connection is its socket's: what joins it with the rows of tcpstates. */
static void test_csv_of_connections(void **state)
{
	struct histogram histogram = {};
	struct rtt_report report = report_of(NULL, &histogram);
	const char *const begin = "1970-01-01T00:00:00.000000Z,1.000,conn,77,srtt,tp_btf,us,0,,,,,,,,,0,0";
	char expected[128];

	(void)state;
	report.by = "conn";
	report.ids = (struct grouping_ids){.is_conn = true, .cookie = 4711, .conn_seq = 2};
	snprintf(expected, sizeof(expected), "%s,4711,2\n", begin);
	check_csv(&report, expected);
	report.ids = (struct grouping_ids){.is_conn = true, .conn_seq = CONN_SEQ_UNKNOWN};
	snprintf(expected, sizeof(expected), "%s,,\n", begin);
	check_csv(&report, expected);
	report.ids = (struct grouping_ids){}; /* "other" */
	check_csv(&report, expected);
	check_header("conn", 0, ",UNKNOWN,COOKIE,SEQ\n");
}

static void check_json(const struct rtt_report *report, const char *names)
{
	struct strbuf sb = text_new(RTT_TEXT_MAX);
	char members[256];

	snprintf(members, sizeof(members), "\"unit\":\"us\",%s,\"count\":0", names);
	rtt_json(&sb, report);
	assert_non_null(memmem(sb.data, sb.length, members, strlen(members)));
	free(sb.data);
}

/* The systemd unit is not the unit of the numbers. */
static void test_json(void **state)
{
	struct histogram histogram = {};
	struct names names = {.asked = NAMES_CGROUP, .cgroup = {"/a\"b", 4}, .unit = {"b", 1}};
	struct rtt_report report = report_of(&names, &histogram);

	(void)state;
	report.ids.cgroup_id = 77;
	check_json(&report, "\"cgroup_id\":77,\"cgroup\":\"/a\\\"b\",\"systemd_unit\":\"b\",\"container\":null,"
			    "\"pod\":null");
	names = (struct names){.asked = NAMES_NETNS};
	check_json(&report, "\"netns\":null,\"netns_name\":null");
	report.ids.netns = 5;
	names.netns = (struct name){"red", 3};
	check_json(&report, "\"netns\":5,\"netns_name\":\"red\"");
}

static void test_json_of_sockets(void **state)
{
	struct histogram histogram = {};
	struct names names = {.zone = {"a\"b", 3}};
	struct rtt_report report = report_of(NULL, &histogram);

	(void)state;
	report.ids = (struct grouping_ids){.is_conn = true, .cookie = 4711};
	check_json(&report, "\"cookie\":4711,\"conn_seq\":0");
	report.ids = (struct grouping_ids){.is_conn = true, .conn_seq = CONN_SEQ_UNKNOWN, .ifindex = 3};
	check_json(&report, "\"cookie\":null,\"conn_seq\":null,\"ifindex\":3");
	report.ids = (struct grouping_ids){.has_zone = true};
	check_json(&report, "\"ifindex\":null,\"zone\":null");
	report.ids.ifindex = 3;
	report.names = &names;
	check_json(&report, "\"ifindex\":3,\"zone\":\"a\\\"b\"");
}

/* The longest that there are, which come with a short key. */
static void test_longest(void **state)
{
	static struct histogram histogram;
	char bytes[4096], key[GROUPING_NAME_MAX];
	const struct name longest = {bytes, 255};
	const struct names names = {.asked = NAMES_CGROUP | NAMES_NETNS,
				    .cgroup = {bytes, sizeof(bytes)},
				    .unit = longest,
				    .container = longest,
				    .pod = longest,
				    .netns = longest,
				    .zone = {bytes, 15}};
	struct rtt_report report = report_of(&names, &histogram);
	void (*const formats[])(struct strbuf * out, const struct rtt_report *report) = {rtt_json, rtt_csv};
	struct strbuf sb = text_new(RTT_TEXT_MAX);

	(void)state;
	memset(&histogram, 0xff, sizeof(histogram));
	histogram.slots[0] = UINT64_MAX - SLOT_COUNT;
	memset(bytes, 0x01, sizeof(bytes));
	memset(key, 0x01, sizeof(key));
	key[sizeof(key) - 1] = '\0';
	report.key = key;
	report.tick = TICK_MS1024;
	report.ids = (struct grouping_ids){.cgroup_id = UINT64_MAX,
					   .netns = UINT32_MAX,
					   .ifindex = UINT32_MAX,
					   .has_zone = true,
					   .is_conn = true,
					   .cookie = UINT64_MAX,
					   .conn_seq = UINT32_MAX - 1};
	for (size_t i = 0; i < COUNT(formats); i++) {
		sb.length = 0;
		formats[i](&sb, &report);
		assert_false(sb.overflow);
		assert_int_equal(sb.data[sb.length - 1], '\n');
	}
	free(sb.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),     cmocka_unit_test(test_csv_of_connections),
		cmocka_unit_test(test_json),    cmocka_unit_test(test_json_of_sockets),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests_name("output/rtt, names", tests, NULL, NULL);
}

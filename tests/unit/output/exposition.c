/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The three formats of one set of metrics, label values with every special character, histograms. */
#include "output/exposition.h"

#include "../core/text.h"

#include <stdio.h>

#define OUT_MAX 16384

static const struct metric opened = {
	.name = "tcpvitals_connections_opened",
	.type = METRIC_COUNTER,
	.unit = "",
	.help = "Connections that were \"opened\" \\ here.",
};
static const struct metric handshake = {
	.name = "tcpvitals_handshake_seconds",
	.type = METRIC_HISTOGRAM,
	.unit = "seconds",
	.help = "Handshakes.",
};
static const struct metric scrape = {
	.name = "tcpvitals_scrape_seconds",
	.type = METRIC_GAUGE,
	.unit = "seconds",
	.help = "Time.",
};
static const struct metric build = {
	.name = "tcpvitals_build",
	.type = METRIC_INFO,
	.unit = "",
	.help = "Version.",
};

static const struct metric_label labels[] = {{"role", "client", 6}, {"port", "4\"4\\3\n", 6}};

static void write_numbers(struct strbuf *out, enum exposition_format format)
{
	struct exposition exposition = {.format = format, .out = out};

	exposition_begin(&exposition, &opened);
	exposition_add(&exposition, labels, 2, UINT64_MAX);
	exposition_add(&exposition, NULL, 0, 0);
	exposition_end(&exposition);
	exposition_begin(&exposition, &scrape);
	exposition_add(&exposition, NULL, 0, 1000000000);
	exposition_add(&exposition, labels, 1, 12000061035);
	exposition_end(&exposition);
	exposition_begin(&exposition, &build);
	exposition_add(&exposition, labels, 1, 1);
	exposition_end(&exposition);
	exposition_finish(&exposition);
}

static void test_text(void **state)
{
	struct strbuf sb = text_new(OUT_MAX);

	(void)state;
	write_numbers(&sb, EXPOSITION_TEXT);
	text_check(&sb, "# HELP tcpvitals_connections_opened_total Connections that were \"opened\" \\\\ here.\n"
			"# TYPE tcpvitals_connections_opened_total counter\n"
			"tcpvitals_connections_opened_total{role=\"client\",port=\"4\\\"4\\\\3\\n\"} "
			"18446744073709551615\n"
			"tcpvitals_connections_opened_total 0\n"
			"# HELP tcpvitals_scrape_seconds Time.\n"
			"# TYPE tcpvitals_scrape_seconds gauge\n"
			"tcpvitals_scrape_seconds 1\n"
			"tcpvitals_scrape_seconds{role=\"client\"} 12.000061035\n"
			"# HELP tcpvitals_build_info Version.\n"
			"# TYPE tcpvitals_build_info gauge\n"
			"tcpvitals_build_info{role=\"client\"} 1\n");
}

static void test_openmetrics(void **state)
{
	struct strbuf sb = text_new(OUT_MAX);

	(void)state;
	write_numbers(&sb, EXPOSITION_OPENMETRICS);
	text_check(&sb, "# HELP tcpvitals_connections_opened Connections that were \\\"opened\\\" \\\\ here.\n"
			"# TYPE tcpvitals_connections_opened counter\n"
			"tcpvitals_connections_opened_total{role=\"client\",port=\"4\\\"4\\\\3\\n\"} "
			"18446744073709551615\n"
			"tcpvitals_connections_opened_total 0\n"
			"# HELP tcpvitals_scrape_seconds Time.\n"
			"# TYPE tcpvitals_scrape_seconds gauge\n"
			"# UNIT tcpvitals_scrape_seconds seconds\n"
			"tcpvitals_scrape_seconds 1\n"
			"tcpvitals_scrape_seconds{role=\"client\"} 12.000061035\n"
			"# HELP tcpvitals_build Version.\n"
			"# TYPE tcpvitals_build info\n"
			"tcpvitals_build_info{role=\"client\"} 1\n"
			"# EOF\n");
}

static void test_protobuf(void **state)
{
	static const char expected[] = "\x4d"
				       "\x0a\x18tcpvitals_scrape_seconds"
				       "\x12\x05Time."
				       "\x18\x01"
				       "\x22\x0b\x12\x09\x09\x00\x00\x00\x00\x00\x00\xf8\x3f"
				       "\x22\x1b\x0a\x0e\x0a\x04role\x12\x06"
				       "client\x12\x09\x09\x00\x00\x00\x00\x00\x00\x00\x00";
	struct strbuf sb = text_new(OUT_MAX);
	struct exposition exposition = {.format = EXPOSITION_PROTOBUF, .out = &sb};

	(void)state;
	exposition_begin(&exposition, &scrape);
	exposition_add(&exposition, NULL, 0, 1500000000);
	exposition_add(&exposition, labels, 1, 0);
	exposition_end(&exposition);
	exposition_finish(&exposition);
	text_check_bytes(&sb, expected, sizeof(expected) - 1);
}

/* Of a text with one histogram: the number behind that bucket's name. */
static uint64_t bucket(const char *text, const char *le)
{
	char name[100];
	const char *found;

	snprintf(name, sizeof(name), "tcpvitals_handshake_seconds_bucket{role=\"client\",le=\"%s\"} ", le);
	found = strstr(text, name);
	assert_non_null(found);
	return strtoull(found + strlen(name), NULL, 10);
}

static void test_histogram_text(void **state)
{
	struct time_histogram histogram = {.sum_ns = 64000061036};
	struct strbuf sb = text_new(OUT_MAX);
	struct exposition exposition = {.format = EXPOSITION_TEXT, .out = &sb};

	(void)state;
	histogram.slots[time_slot(0)]++;
	histogram.slots[time_slot(61035)]++; /* 2^-14 s are 61035.2 ns */
	histogram.slots[time_slot(61036)]++;
	histogram.slots[time_slot(64000000000)]++;
	histogram.slots[time_slot(64000000001)]++;
	exposition_begin(&exposition, &handshake);
	exposition_add_histogram(&exposition, labels, 1, &histogram);
	exposition_end(&exposition);
	strbuf_append_char(&sb, '\0');
	assert_int_equal(bucket(sb.data, "6.103515625e-05"), 2);
	assert_int_equal(bucket(sb.data, "0.0001220703125"), 3);
	assert_int_equal(bucket(sb.data, "1.0"), 3);
	assert_int_equal(bucket(sb.data, "64.0"), 4);
	assert_int_equal(bucket(sb.data, "+Inf"), 5);
	assert_true(text_has(&sb, "\ntcpvitals_handshake_seconds_sum{role=\"client\"} 64.000061036\n"
				  "tcpvitals_handshake_seconds_count{role=\"client\"} 5\n"));
	free(sb.data);
}

/* Two runs: bucket 0 with 3 times, and from bucket 8 on 1, 0 and 2. */
static void test_histogram_protobuf(void **state)
{
	static const char value[] = "\x08\x08"                             /* count */
				    "\x11\x00\x00\x00\x00\x00\x00\xe0\x3f" /* sum: 0.5 */
				    "\x28\x06"                             /* schema 3 */
				    "\x31\x00\x00\x00\x00\x00\x00\xb0\x3e" /* threshold: 2^-20 */
				    "\x38\x02"                             /* zeros */
				    "\x62\x04\x08\x00\x10\x01"             /* span: 0, 1 */
				    "\x62\x04\x08\x0e\x10\x03"             /* span: 7, 3 */
				    "\x68\x06\x68\x03\x68\x01\x68\x04";    /* deltas: 3, -2, -1, 2 */
	struct time_histogram histogram = {.sum_ns = 500000000, .slots = {[0] = 2}};
	struct strbuf sb = text_new(OUT_MAX);
	struct exposition exposition = {.format = EXPOSITION_PROTOBUF, .out = &sb};

	(void)state;
	histogram.slots[-TIME_FIRST] = 3;
	histogram.slots[-TIME_FIRST + 8] = 1;
	histogram.slots[-TIME_FIRST + 10] = 2;
	exposition_begin(&exposition, &handshake);
	exposition_add_histogram(&exposition, NULL, 0, &histogram);
	exposition_end(&exposition);
	assert_non_null(memmem(sb.data, sb.length, value, sizeof(value) - 1));
	free(sb.data);
}

/* Without room nothing is written past the end, in any format. */
static void test_no_room(void **state)
{
	(void)state;
	for (enum exposition_format format = 0; format < EXPOSITION_FORMATS; format++) {
		for (size_t capacity = 0; capacity < 300; capacity++) {
			struct strbuf sb = text_new(capacity);

			write_numbers(&sb, format);
			assert_true(sb.overflow || capacity > 200);
			free(sb.data);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_openmetrics),
		cmocka_unit_test(test_protobuf),
		cmocka_unit_test(test_histogram_text),
		cmocka_unit_test(test_histogram_protobuf),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of tcpstates --summary --by and -c --sum in every format. */
#include "output/sum.h"

#include "records.h"

#include "core/escape.h"

static const struct sum some = {.opened = 3,
				.closed = 2,
				.unmeasured = 1,
				.time_ns = 61250000001,
				.bytes_sent = 5000,
				.bytes_acked = 4096,
				.bytes_received = 2047,
				.bytes_retrans = 904,
				.segs_out = 12,
				.segs_in = 11,
				.retransmits = 1};

static const struct sum all = {.opened = 30, .closed = 20, .bytes_acked = 40960, .bytes_received = 1 << 20};

static struct labels parse(const char *words)
{
	struct labels labels;
	struct parse_error error;

	assert_int_equal(labels_parse_groups(words, &labels, &error), 0);
	return labels;
}

static struct sum_interval interval_of(const struct labels *labels)
{
	return (struct sum_interval){
		.labels = labels, .end_ns = 2500000000, .length_ns = 1500000000, .walks = true, .has_totals = true};
}

/* `name`: as labels_join() writes it */
static struct sum_row sum_row_of(const char *name, size_t length)
{
	return (struct sum_row){.name = name, .name_length = length, .open = 7, .interval = some, .total = all};
}

#define ROW(name) sum_row_of(name, sizeof(name))

static void test_text(void **state)
{
	struct labels labels = parse("comm,unit");
	struct sum_interval interval = interval_of(&labels);
	struct sum_row curl = ROW("2curl\0"
				  "2x.service"),
		       other = {.is_other = true},
		       odd = ROW("2other\0"
				 "1"),
		       unknown = ROW("0\0"
				     "0"),
		       evil = ROW("2\x1b[2J\0"
				  "2");
	struct strbuf sb = text_new(8192);

	(void)state;
	sum_text_header(&sb, &interval);
	sum_text(&sb, &interval, &curl, &records_base);
	sum_text(&sb, &interval, &odd, &records_base);
	sum_text(&sb, &interval, &unknown, &records_base);
	sum_text(&sb, &interval, &evil, &records_base);
	sum_text(&sb, &interval, &other, &records_base);
	interval.walks = interval.has_totals = false;
	interval.time = true;
	sum_text_header(&sb, &interval);
	sum_text(&sb, &interval, &curl, &records_base);
	text_check(&sb, "OPEN   OPENED CLOSED TX_KB    RX_KB    RETRANS OPEN_S   TX_SUM   RX_SUM   COMM,UNIT\n"
			"7      3      2      4        1        1       61.3     40       1024     curl,x.service\n"
			"7      3      2      4        1        1       61.3     40       1024     \\x6Fther,none\n"
			"7      3      2      4        1        1       61.3     40       1024     -,-\n"
			"7      3      2      4        1        1       61.3     40       1024     \\x1B[2J,\"\"\n"
			"0      0      0      0        0        0       0.0      0        0        other\n"
			"TIME     CLOSED TX_KB    RX_KB    RETRANS OPEN_S   COMM,UNIT\n"
			"14:01:50 2      4        1        1       61.3     curl,x.service\n");
}

static void test_csv(void **state)
{
	struct labels labels = parse("comm,pid");
	struct sum_interval interval = interval_of(&labels);
	struct sum_row curl = ROW("2a,b\0"
				  "27"),
		       other = {.is_other = true},
		       unknown = ROW("0\0"
				     "0");
	struct strbuf sb = text_new(8192);

	(void)state;
	sum_csv_header(&sb);
	sum_csv(&sb, &interval, &curl, &records_base);
	sum_csv(&sb, &interval, &unknown, &records_base);
	interval.walks = false;
	sum_csv(&sb, &interval, &other, &records_base);
	text_check(&sb,
		   "TIMESTAMP,INTERVAL_S,BY,KEY,OTHER,UNKNOWN,OPEN,OPENED,CLOSED,UNMEASURED,OPEN_MS,SENT,TX,RX,"
		   "BYTES_RETRANS,SEGS_OUT,SEGS_IN,RETRANS,TOTAL_OPENED,TOTAL_CLOSED,TOTAL_UNMEASURED,TOTAL_OPEN_MS,"
		   "TOTAL_SENT,TOTAL_TX,TOTAL_RX,TOTAL_BYTES_RETRANS,TOTAL_SEGS_OUT,TOTAL_SEGS_IN,TOTAL_RETRANS\n"
		   "2026-11-22T12:31:50.500000Z,1.500000,\"comm,pid\",\"a,b,7\",0,0,7,3,2,1,61250.000,5000,4096,2047,"
		   "904,12,11,1,30,20,0,0.000,0,40960,1048576,0,0,0,0\n"
		   "2026-11-22T12:31:50.500000Z,1.500000,\"comm,pid\",\"-,-\",0,1,7,3,2,1,61250.000,5000,4096,2047,"
		   "904,12,11,1,30,20,0,0.000,0,40960,1048576,0,0,0,0\n"
		   "2026-11-22T12:31:50.500000Z,1.500000,\"comm,pid\",other,1,0,,,0,,0.000,0,0,0,0,0,0,0,"
		   ",0,,0.000,0,0,0,0,0,0,0\n");
}

static void test_json(void **state)
{
	struct labels labels = parse("comm,pid"), unit = parse("unit");
	struct sum_interval interval = interval_of(&labels), by_unit = interval_of(&unit);
	struct sum_row curl = ROW("2a\"b\0"
				  "27"),
		       other = {.is_other = true}, unknown = ROW("0");
	struct strbuf sb = text_new(8192);

	(void)state;
	curl.key.netns = 4026531840;
	sum_json(&sb, &interval, &curl, &records_base);
	sum_json(&sb, &by_unit, &unknown, &records_base);
	by_unit.walks = false;
	sum_json(&sb, &by_unit, &other, &records_base);
	text_check(&sb,
		   "{\"v\":1,\"type\":\"sum\",\"time\":\"2026-11-22T12:31:50.500000Z\",\"interval_s\":1.500000,"
		   "\"by\":\"comm,pid\",\"key\":\"a\\\"b,7\",\"group\":{\"comm\":\"a\\\"b\",\"pid\":7},\"other\":false,"
		   "\"unknown\":false,\"netns\":4026531840,\"open\":7,\"opened\":3,\"closed\":2,\"unmeasured\":1,"
		   "\"open_us\":61250000.001,\"bytes_sent\":5000,\"bytes_acked\":4096,\"bytes_received\":2047,"
		   "\"bytes_retrans\":904,\"segs_out\":12,\"segs_in\":11,\"retransmits\":1,\"total\":{\"opened\":30,"
		   "\"closed\":20,\"unmeasured\":0,\"open_us\":0.000,\"bytes_sent\":0,\"bytes_acked\":40960,"
		   "\"bytes_received\":1048576,\"bytes_retrans\":0,\"segs_out\":0,\"segs_in\":0,\"retransmits\":0}}\n"
		   "{\"v\":1,\"type\":\"sum\",\"time\":\"2026-11-22T12:31:50.500000Z\",\"interval_s\":1.500000,"
		   "\"by\":\"unit\",\"key\":null,\"group\":{\"unit\":null},\"other\":false,"
		   "\"unknown\":true,\"open\":7,\"opened\":3,\"closed\":2,\"unmeasured\":1,"
		   "\"open_us\":61250000.001,\"bytes_sent\":5000,\"bytes_acked\":4096,\"bytes_received\":2047,"
		   "\"bytes_retrans\":904,\"segs_out\":12,\"segs_in\":11,\"retransmits\":1,\"total\":{\"opened\":30,"
		   "\"closed\":20,\"unmeasured\":0,\"open_us\":0.000,\"bytes_sent\":0,\"bytes_acked\":40960,"
		   "\"bytes_received\":1048576,\"bytes_retrans\":0,\"segs_out\":0,\"segs_in\":0,\"retransmits\":0}}\n"
		   "{\"v\":1,\"type\":\"sum\",\"time\":\"2026-11-22T12:31:50.500000Z\",\"interval_s\":1.500000,"
		   "\"by\":\"unit\",\"key\":\"other\",\"group\":null,\"other\":true,"
		   "\"unknown\":false,\"open\":null,\"opened\":null,\"closed\":0,\"unmeasured\":null,"
		   "\"open_us\":0.000,\"bytes_sent\":0,\"bytes_acked\":0,\"bytes_received\":0,"
		   "\"bytes_retrans\":0,\"segs_out\":0,\"segs_in\":0,\"retransmits\":0,\"total\":{\"opened\":null,"
		   "\"closed\":0,\"unmeasured\":null,\"open_us\":0.000,\"bytes_sent\":0,\"bytes_acked\":0,"
		   "\"bytes_received\":0,\"bytes_retrans\":0,\"segs_out\":0,\"segs_in\":0,\"retransmits\":0}}\n");
}

/* The longest row in every format fits, and the end of a long value stays. */
static void test_longest(void **state)
{
	static char name[2 * 5000];
	struct labels labels = parse("container,unit");
	struct sum_interval interval = interval_of(&labels);
	struct sum_row row = sum_row_of(name, sizeof(name));
	void (*const writers[])(struct strbuf *, const struct sum_interval *, const struct sum_row *,
				const struct timebase *) = {sum_text, sum_csv, sum_json};

	(void)state;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 5000 == 0 ? '2' : i % 5000 == 4999 ? '\0' : i % 5000 == 4998 ? 'Z' : '\x01';
	memset(&row.interval, 0xff, sizeof(row.interval));
	memset(&row.total, 0xff, sizeof(row.total));
	row.open = UINT64_MAX;
	interval.time = true;
	for (size_t i = 0; i < COUNT(writers); i++) {
		struct strbuf sb = text_new(SUM_TEXT_MAX);

		writers[i](&sb, &interval, &row, &records_base);
		assert_false(sb.overflow);
		assert_true(text_has(&sb, "..."));
		assert_true(text_has(&sb, "Z"));
		free(sb.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

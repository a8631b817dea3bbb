/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connections of a look as JSON and as text: rates, unknown values, and no value that is cut. */
#include "output/live_json.h"

#include "../core/live_records.h"
#include "records.h"

static struct live_row row_of_record(unsigned int number, uint64_t rate)
{
	struct live_row row = {.now = live_record(number, 13)};

	row.now.bytes_received = 4096;
	row.now.bytes_acked = row.now.bytes_sent = 2000;
	row.now.srtt_us = 812;
	row.figures = live_figures_of(NULL, &row.now, 0);
	row.figures.rate[LIVE_IN] = rate;
	row.figures.rate[LIVE_RETRANS] = 2;
	return row;
}

static void test_json(void **state)
{
	struct live_row row = row_of_record(1, 1536);
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);

	(void)state;
	row.now.recv_queue = 7;
	live_json(&sb, &row, &records_base);
	assert_false(sb.overflow);
	assert_true(text_has(&sb, "{\"v\":1,\"type\":\"live\",\"time\":\"2026-11-22T12:32:01.000000Z\","));
	assert_true(text_has(&sb, ",\"pid\":301,\"comm\":\"app1\",\"owner\":\"accept\","));
	assert_true(text_has(&sb, ",\"state\":\"ESTABLISHED\",\"since\":\"2026-11-22T12:31:49.000000Z\","
				  "\"duration_us\":12000000.000,\"received_per_s\":1536,\"acked_per_s\":167,"
				  "\"retransmits_per_s\":2,\"recv_queue\":7,\"send_queue\":0,\"limited_by_now\":"));
	assert_true(text_has(&sb, ",\"role\":\"server\","));
	assert_true(text_has(&sb, ",\"bytes_received\":4096,"));
	assert_true(text_has(&sb, ",\"limited_by\":\"application\","));
	assert_memory_equal(sb.data + sb.length - 2, "}\n", 2);
	free(sb.data);
}

static void test_json_unknown(void **state)
{
	struct live_row row = row_of_record(1, 0);
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);

	(void)state;
	row.now.end.flags |= TRANSITION_AT_LEAST;
	row.figures.has_rate = false;
	row.figures.limits_now[live_figures_limit(&row.figures, false)] = 0;
	live_json(&sb, &row, &records_base);
	assert_true(text_has(&sb, ",\"since\":null,\"duration_us\":null,\"state_at_least_us\":12000000.000,"));
	assert_true(text_has(&sb, "\"received_per_s\":null,\"acked_per_s\":null,\"retransmits_per_s\":null,"));
	assert_true(text_has(&sb, "\"limited_by_now\":null,"));
	sb.length = 0;
	row.now.end.duration_ns = DURATION_UNKNOWN;
	live_json(&sb, &row, &records_base);
	assert_true(text_has(&sb, ",\"since\":null,\"duration_us\":null,\"received_per_s\":null,"));
	free(sb.data);
}

/* The longest values fit. */
static void test_json_longest(void **state)
{
	(void)state;
	for (unsigned int variant = 0; variant < RECORDS_LONGEST; variant++) {
		struct strbuf sb = text_new(2 * ROW_TEXT_MAX);
		struct live_row row;

		memset(&row, 0xff, sizeof(row));
		row.now.end = records_longest(variant);
		row.now.life.role = ROLE_SERVER;
		row.now.life.is_old = 1;
		row.now.life.start_ns = 1;
		row.figures = live_figures_of(NULL, &row.now, 0);
		row.figures.has_rate = true;
		memset(row.figures.rate, 0xff, sizeof(row.figures.rate));
		live_json(&sb, &row, &records_base);
		assert_false(sb.overflow);
		assert_true(sb.length > 0);
		live_text(&sb, &row, NULL);
		assert_false(sb.overflow);
		free(sb.data);
	}
}

static void test_text(void **state)
{
	struct live_row row = row_of_record(1, 1536);
	struct strbuf sb = text_new(4096);

	(void)state;
	live_text_header(&sb);
	live_text(&sb, &row, NULL);
	row.now.end.ip_version = 6;
	memset(row.now.end.raddr, 0x12, 16);
	row.now.end.owner.source = OWNER_UNKNOWN;
	row.figures.has_rate = false;
	row.now.end.flags |= TRANSITION_AT_LEAST;
	live_text(&sb, &row, NULL);
	text_check(&sb,
		   "COMM            PID     LOCAL                 REMOTE                STATE       AGE    IN/s  OUT/s "
		   "RTT   RETR RECVQ SENDQ LIMIT\n"
		   "app1            301     10.0.0.1:443          192.0.3.9:50001       ESTABLISHED 12s    1.5K  167   "
		   "812us 2    0     0     application\n"
		   "-               -       [a00:1::]:443         [1212:1212:1212:1212:1212:1212:1212:1212]:50001 "
		   "ESTABLISHED >12s   -     -     812us -    0     0     application\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_unknown),
		cmocka_unit_test(test_json_longest),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

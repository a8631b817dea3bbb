/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connections of a look as JSON: rates, unknown values, groups, the header. */
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
	row.figures.recv_queue = 7;
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
		free(sb.data);
	}
}

static void test_group(void **state)
{
	struct live_groups groups = {};
	struct live_row row = row_of_record(1, 1536), other = row_of_record(2, 1);
	struct strbuf sb = text_new(LIVE_GROUP_JSON_MAX);
	struct labels labels;
	struct parse_error error;

	(void)state;
	assert_int_equal(labels_parse_groups("lport,raddr", &labels, &error), 0);
	assert_int_equal(live_groups_begin(&groups, &labels, NULL), 0);
	memset(other.now.end.raddr, 0, sizeof(other.now.end.raddr));
	memcpy(other.now.end.raddr, row.now.end.raddr, 4);
	other.now.srtt_us = 0;
	other.figures.rtt_count = 0;
	other.figures.rtt_sum_us = 0;
	assert_int_equal(live_groups_add(&groups, NULL, &row), 0);
	assert_int_equal(live_groups_add(&groups, NULL, &other), 0);
	live_json_group(&sb, &groups, &groups.groups[1], 13 * SECOND, &records_base);
	text_check(&sb,
		   "{\"v\":1,\"type\":\"live-group\",\"time\":\"2026-11-22T12:32:01.000000Z\","
		   "\"by\":\"lport,raddr\",\"key\":\"443,192.0.3.9\",\"group\":{\"lport\":443,\"raddr\":\"192.0.3.9\"},"
		   "\"other\":false,\"unknown\":false,\"connections\":2,\"received_per_s\":1537,\"acked_per_s\":334,"
		   "\"retransmits_per_s\":4,\"recv_queue\":0,\"send_queue\":0,\"limited_by_now\":\"application\","
		   "\"srtt_us\":812,\"bytes_received\":8192,\"bytes_acked\":4000,\"retransmits\":0,"
		   "\"limited_by\":\"application\"}\n");
	live_groups_close(&groups);
}

/* All others, without a rate and a round-trip time. */
static void test_other_group(void **state)
{
	struct live_groups groups = {};
	struct strbuf sb = text_new(LIVE_GROUP_JSON_MAX);
	struct labels labels;
	struct parse_error error;

	(void)state;
	assert_int_equal(labels_parse_groups("pid", &labels, &error), 0);
	assert_int_equal(live_groups_begin(&groups, &labels, NULL), 0);
	live_json_group(&sb, &groups, &groups.groups[0], 13 * SECOND, &records_base);
	assert_true(text_has(&sb, "\"by\":\"pid\",\"key\":\"other\",\"group\":null,\"other\":true,\"unknown\":false,"
				  "\"connections\":0,\"received_per_s\":null,"));
	assert_true(text_has(&sb, "\"limited_by_now\":null,\"srtt_us\":null,"));
	free(sb.data);
	live_groups_close(&groups);
}

static void test_look(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct live live = {.pass_ns = 13 * SECOND};

	(void)state;
	live_json_look(&sb, &live, 0, &records_base);
	text_check(&sb, "{\"v\":1,\"type\":\"look\",\"time\":\"2026-11-22T12:32:01.000000Z\",\"interval_s\":null,"
			"\"connections\":0,\"states\":{},\"opened\":0,\"closed\":0,\"received_per_s\":null,"
			"\"acked_per_s\":null,\"retransmits_per_s\":null,\"lost\":0}\n");
	sb = text_new(ROW_TEXT_MAX);
	live.totals = (struct live_totals){.states = {[STATE_ESTABLISHED] = 3, [STATE_CLOSE_WAIT] = 1},
					   .figures = {.connections = 4, .has_rate = true, .rate = {7, 8, 9}},
					   .opened = 5,
					   .closed = 6,
					   .length_ns = SECOND / 2};
	live_json_look(&sb, &live, 12, &records_base);
	assert_true(text_has(&sb, "\"interval_s\":0.500000,\"connections\":4,\"states\":{\"ESTABLISHED\":3,"
				  "\"CLOSE_WAIT\":1},\"opened\":5,\"closed\":6,\"received_per_s\":7,\"acked_per_s\":8,"
				  "\"retransmits_per_s\":9,\"lost\":12}\n"));
	sb.length = 0;
	memset(&live.totals, 0xff, sizeof(live.totals));
	live.totals.figures.has_rate = true;
	live_json_look(&sb, &live, UINT64_MAX, &records_base);
	assert_false(sb.overflow);
	assert_true(sb.length > 0);
	free(sb.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),  cmocka_unit_test(test_json_unknown), cmocka_unit_test(test_json_longest),
		cmocka_unit_test(test_group), cmocka_unit_test(test_other_group),  cmocka_unit_test(test_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
